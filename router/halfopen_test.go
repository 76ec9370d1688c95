package router

import (
	"net"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// from is a connection from an address.
type from struct {
	net.Conn
	addr string
}

func (f *from) RemoteAddr() net.Addr { a, _ := net.ResolveTCPAddr("tcp", f.addr); return a }

// TestHalfOpen: of too many that have not opened those of the busiest host give way, the oldest first, and who has opened does not count.
func TestHalfOpen(t *testing.T) {
	var h halfOpen
	other, _ := h.enter(&from{addr: "10.0.0.2:1"})
	var crowd []*from
	var leave []func()
	for range limits.MaxHalfOpen - 1 {
		f := &from{addr: "10.0.0.1:1"}
		l, gone := h.enter(f)
		if gone != nil {
			t.Fatal("one has to give way although there is room")
		}
		crowd, leave = append(crowd, f), append(leave, l)
	}
	for i, addr := range []string{"10.0.0.3:1", "10.0.0.1:2", "[::1]:1"} {
		if _, gone := h.enter(&from{addr: addr}); gone != net.Conn(crowd[i]) {
			t.Errorf("for %s another gives way than the oldest of the crowd", addr)
		}
	}
	leave[0]() // it had to go
	leave[5]()
	leave[5]()
	if _, gone := h.enter(&from{addr: "10.0.0.4:1"}); gone != nil {
		t.Error("one has to give way although another has opened")
	}
	other()
	if n := len(h.all); n != limits.MaxHalfOpen-1 {
		t.Errorf("%d are there", n)
	}
}
