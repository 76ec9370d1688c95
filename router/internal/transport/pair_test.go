package transport

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ear is a receiver that accepts every link and keeps what it hears.
type ear struct {
	p      *Peer
	credit uint32

	mu     sync.Mutex
	cond   sync.Cond
	kinds  map[conn.Kind]int
	octets []byte
	ended  int // deliveries
	closed *conn.Event
	link   *conn.Link // the last that was attached
}

func newEar(credit uint32) *ear {
	e := &ear{credit: credit, kinds: map[conn.Kind]int{}}
	e.cond.L = &e.mu
	return e
}

func (e *ear) Events(evs []conn.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range evs {
		e.kinds[ev.Kind]++
		switch ev.Kind {
		case conn.LinkAttached:
			e.link = ev.Link
			if e.credit > 0 {
				e.p.Do(func(c *conn.Conn) { _ = c.Accept(ev.Link, &frame.Source{}, &frame.Target{}, e.credit) })
			}
		case conn.Octets:
			e.octets = append(e.octets, ev.Payload...)
			if !ev.More {
				e.ended++
			}
		case conn.Closed:
			e.closed = &ev
		}
	}
	e.cond.Broadcast()
}

// wait waits until ok, looked at with the lock, is true.
func (e *ear) wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.AfterFunc(10*time.Second, e.cond.Broadcast)
	defer late.Stop()
	begin := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for !ok() {
		if time.Since(begin) > 9*time.Second {
			t.Fatalf("no %s: heard %v", what, e.kinds)
		}
		e.cond.Wait()
	}
}

func (e *ear) heard(k conn.Kind) func() bool { return func() bool { return e.kinds[k] > 0 } }

// running is a peer under test with its end.
type running struct {
	*Peer
	ear    *ear
	cancel context.CancelFunc
	err    error
	over   chan struct{}
}

func run(t *testing.T, s *Socket, cfg conn.Config, credit uint32) *running {
	t.Helper()
	if cfg.ContainerID == "" {
		cfg.ContainerID = t.Name()
	}
	r := &running{Peer: NewPeer(s, cfg), ear: newEar(credit), over: make(chan struct{})}
	r.ear.p = r.Peer
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer close(r.over)
		r.err = r.Run(ctx, r.ear)
	}()
	t.Cleanup(func() {
		cancel()
		_ = r.end(t, 5*time.Second)
	})
	return r
}

// end waits for the end of Run.
func (r *running) end(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case <-r.over:
		return r.err
	case <-time.After(within):
		t.Fatalf("the connection is not over after %v", within)
		return nil
	}
}

// sockets are the two ends of a TCP connection over loopback.
func sockets(t *testing.T) (dialled, accepted net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	dialled, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dialled.Close() })
	if accepted, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accepted.Close() })
	return dialled, accepted
}

// shake does both handshakes.
func shake(t *testing.T, client, server *tls.Config) (dialled, accepted *Socket, clientErr, serverErr error) {
	t.Helper()
	d, a := sockets(t)
	dialled, accepted = NewSocket(d, client, true), NewSocket(a, server, false)
	deadline := time.Now().Add(5 * time.Second)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if serverErr = accepted.Handshake(t.Context(), deadline); serverErr != nil {
			_ = accepted.Close()
		}
	}()
	if clientErr = dialled.Handshake(t.Context(), deadline); clientErr != nil {
		_ = dialled.Close()
	}
	<-done
	return dialled, accepted, clientErr, serverErr
}
