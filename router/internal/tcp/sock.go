package tcp

import (
	"crypto/tls"
	"net"

	"github.com/skupper-plugins/suite/router/internal/chunk"
)

// sock is the local end of a flow.
type sock interface {
	// read waits for octets and returns them in a chunk, laid out in slots; the caller owns it. At the end of input it returns io.EOF.
	read(pool *chunk.Pool, head, slot int) (k *chunk.Chunk, n int, err error)
	// tryWrite writes what can be written without waiting.
	tryWrite(bufs [][]byte) (int, error)
	// write writes all of p.
	write(p []byte) error
	closeWrite() error
	// waits reports that tryWrite writes nothing and closeWrite may wait.
	waits() bool
	// acked is how many octets the other end's kernel has taken so far, as far as ours can tell: it goes on while somebody reads there. all: these are all
	// that ours was given.
	acked() (octets uint64, all bool)
	LocalAddr() net.Addr
	// close closes the socket; reset makes the other end see an error instead of an end.
	close(reset bool)
}

// closeConn closes c, with RST when reset is set.
func closeConn(c net.Conn, reset bool) {
	if t, ok := c.(*net.TCPConn); ok && reset {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// tlsSock is a socket with TLS.
type tlsSock struct {
	*tls.Conn
	raw net.Conn
}

func (s *tlsSock) read(pool *chunk.Pool, head, slot int) (*chunk.Chunk, int, error) {
	return readSlots(s.Conn, pool, head, slot)
}

// readSlots reads at most one slot: what one read of TLS gives.
func readSlots(c net.Conn, pool *chunk.Pool, head, slot int) (*chunk.Chunk, int, error) {
	k := pool.Get()
	n, err := c.Read(k.B[head:slot])
	if n == 0 {
		pool.Put(k)
		return nil, 0, err
	}
	return k, n, nil
}

// tryWrite writes nothing: TLS cannot write without waiting.
func (s *tlsSock) tryWrite([][]byte) (int, error) { return 0, nil }

func (s *tlsSock) write(p []byte) error {
	_, err := s.Write(p)
	return err
}

func (s *tlsSock) closeWrite() error     { return s.CloseWrite() }
func (s *tlsSock) waits() bool           { return true }
func (s *tlsSock) acked() (uint64, bool) { return acked(s.raw) }

func (s *tlsSock) close(reset bool) {
	if reset {
		closeConn(s.raw, true)
		return
	}
	_ = s.Conn.Close()
}
