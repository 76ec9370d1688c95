package routertest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Service is a TCP server of the test.
type Service struct {
	Port   string
	Opened atomic.Int64 // connections so far

	ln    net.Listener
	ended sync.WaitGroup
	mu    sync.Mutex
	conns map[*net.TCPConn]struct{}
	over  bool
}

// Serve answers each connection with handle, on a goroutine of its own. The connection is closed when handle returns.
func Serve(tb testing.TB, handle func(c *net.TCPConn)) *Service {
	tb.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	s := &Service{Port: port, ln: ln, conns: map[*net.TCPConn]struct{}{}}
	s.ended.Go(func() { s.accept(handle) })
	tb.Cleanup(s.Close)
	return s
}

// Echo gives back what it gets.
func Echo(tb testing.TB) *Service {
	tb.Helper()
	return Serve(tb, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
}

func (s *Service) accept(handle func(c *net.TCPConn)) {
	for {
		n, err := s.ln.Accept()
		if err != nil {
			return
		}
		c := n.(*net.TCPConn) // a TCP listener accepts nothing else
		s.mu.Lock()
		if s.over {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.Opened.Add(1)
		s.ended.Go(func() {
			handle(c)
			_ = c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// Open is how many connections are open.
func (s *Service) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close ends the server and its connections.
func (s *Service) Close() {
	_ = s.ln.Close()
	s.mu.Lock()
	s.over = true
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.ended.Wait()
}
