// Package accept is the far end of a measurement: a server that knows which of its connections are open, and ends with all of
// them.
package accept

import (
	"context"
	"net"
	"sync"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// Server is one that Start has started.
type Server struct {
	Addr string // host:port

	serve func(*net.TCPConn)
	ln    net.Listener
	ended sync.WaitGroup
	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil when closed
}

// Start listens at an address (host:port) and has serve called for each connection, in a goroutine of its own; what serve
// leaves open is closed when it returns.
func Start(ctx context.Context, addr string, serve func(*net.TCPConn)) (*Server, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: ln.Addr().String(), serve: serve, ln: ln, conns: map[net.Conn]struct{}{}}
	s.ended.Go(s.accept)
	return s, nil
}

// Close ends the server and its connections, and returns when all of them are served.
func (s *Server) Close() {
	_ = s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.ended.Wait()
}

// Open is how many connections are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *Server) accept() {
	for {
		c, err := proc.TCP(s.ln.Accept())
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.ended.Go(func() {
			s.serve(c)
			_ = c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}
