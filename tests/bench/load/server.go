// Package load makes the traffic of measurements: a server for the far end of a tunnel, and clients for the near one.
package load

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"

	"github.com/skupper-plugins/suite/tests/bench/accept"
)

// The first octet that a client sends says what it wants of the server.
const (
	wantEcho   = 'e' // everything back, this octet too
	wantSink   = 's' // to be rid of octets
	wantSource = 'g' // octets without end
	wantCount  = 'c' // for each further octet eight that say how many all sinks have swallowed so far, big end first
)

// chunk is how much is written and read at once when octets are to flow, in octets.
const chunk = 128 << 10

// Server does what clients want.
type Server struct {
	*accept.Server

	sunk atomic.Int64 // octets of wantSink so far
}

// ServeArg is the first argument with which a program is asked to run a server; the second one is host:port. It is a process
// of its own because a client and a server in one wake each other faster than any in the world.
const ServeArg = "serve"

// Serve starts a server.
func Serve(ctx context.Context, addr string) (s *Server, err error) {
	s = &Server{}
	s.Server, err = accept.Start(ctx, addr, s.serve)
	return s, err
}

func (s *Server) serve(c *net.TCPConn) {
	var want [1]byte
	if _, err := io.ReadFull(c, want[:]); err != nil {
		return
	}
	switch want[0] {
	case wantEcho:
		echo(c, want[:])
	case wantSink:
		s.sink(c)
	case wantSource:
		source(c)
	case wantCount:
		s.count(c)
	}
}

func echo(c net.Conn, first []byte) {
	_, err := c.Write(first)
	var b [2 << 10]byte
	for n := 0; err == nil; {
		if n, err = c.Read(b[:]); n > 0 {
			_, err = c.Write(b[:n])
		}
	}
}

func (s *Server) sink(c net.Conn) {
	b := make([]byte, chunk)
	for {
		n, err := c.Read(b)
		s.sunk.Add(int64(n))
		if err != nil {
			return
		}
	}
}

func (s *Server) count(c net.Conn) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(c, b[:1]); err != nil {
			return
		}
		binary.BigEndian.PutUint64(b[:], uint64(s.sunk.Load()))
		if _, err := c.Write(b[:]); err != nil {
			return
		}
	}
}

func source(c net.Conn) {
	b := make([]byte, chunk)
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}
