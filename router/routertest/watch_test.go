package routertest

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// judged is a test that is expected to fail.
type judged struct {
	testing.TB
	mu  sync.Mutex
	all []string
}

func (j *judged) Error(args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, fmt.Sprint(args...))
}

func (j *judged) Errorf(format string, args ...any) { j.Error(fmt.Sprintf(format, args...)) }

func (j *judged) Fatal(args ...any) {
	j.Error(args...)
	runtime.Goexit()
}

func (j *judged) said() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.all, "\n")
}

// TestRouterEndsByItself: whoever starts a router that cannot stay learns of it at once, and why.
func TestRouterEndsByItself(t *testing.T) {
	for _, of := range []func(*Mesh) Runner{
		func(*Mesh) Runner { return Engine{} },
		func(m *Mesh) Runner { return Self(m.Dir()) },
	} {
		j := &judged{TB: t}
		m := New(t)
		m.tb = j
		run := of(m)
		t.Run(fmt.Sprintf("%T", run), func(t *testing.T) {
			n := m.Add("A", run)
			held, err := net.Listen("tcp", net.JoinHostPort(loopback, n.inter))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			done, start := make(chan bool), time.Now()
			go func() { defer close(done); n.Start(); done <- true }()
			if <-done {
				t.Error("a router without its port is taken to run")
			}
			if d := time.Since(start); d > startTimeout/2 {
				t.Errorf("the test learns of it after %v", d)
			}
			if !strings.Contains(j.said(), errEnded.Error()) {
				t.Errorf("the test is told: %s", j.said())
			}
			if err := n.Manage(t.Context(), nil); !errors.Is(err, errEnded) {
				t.Errorf("a question is answered with %v", err)
			}
			_ = n.halt(false)
			if all := j.said() + n.log.String(); !strings.Contains(all, "address already in use") {
				t.Errorf("nobody says why:\n%s", all)
			}
		})
	}
}
