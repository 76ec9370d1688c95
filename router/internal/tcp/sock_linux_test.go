package tcp

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/chunk"
)

// socks is both ends of a TCP connection.
func socks(t *testing.T, ln net.Listener) (one sock, other *net.TCPConn) {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	one, err = newPlainSock(c.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	return one, s.(*net.TCPConn)
}

// TestBothEndAtOnce: when our end of the output comes while the other's is being looked at, that is an end all the same, and no reset.
func TestBothEndAtOnce(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	pool := &chunk.Pool{}
	for i := range 2000 {
		s, other := socks(t, ln)
		if err := other.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(io.Discard, other); _ = other.Close() })
		both.Go(func() {
			if err := s.closeWrite(); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		})
		if _, _, err := s.read(pool, 0, chunk.Size); !errors.Is(err, io.EOF) {
			t.Errorf("connection %d ends with %v", i, err)
		}
		both.Wait()
		s.close(false)
	}
}

// TestResetIsNoEnd: a reset that the writer has heard of is none for the reader either.
func TestResetIsNoEnd(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for range 20 {
		s, other := socks(t, ln)
		_ = other.SetLinger(0)
		_ = other.Close()
		for err == nil { // the kernel tells the first who asks
			err = s.write([]byte("x"))
		}
		if err = s.closeWrite(); err == nil {
			t.Error("a connection that was reset can be shut down")
		}
		if _, _, err = s.read(&chunk.Pool{}, 0, chunk.Size); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("a reset is taken for %v", err)
		}
		s.close(true)
		err = nil
	}
}
