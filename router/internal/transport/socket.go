package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// bufferSize is how many octets one read or write of a socket moves at most.
const bufferSize = 128 << 10

// shakingSize is the same while TLS does its handshake: those who never get beyond that cost little.
const shakingSize = 4 << 10

// Socket is a stream with or without TLS that reads in batches and writes when it is told to.
type Socket struct {
	raw  *bufferedConn
	conn net.Conn // raw, or TLS over it
	tls  *tls.Conn
}

// errNothing says that reading would have to wait. It counts as temporary, so that TLS keeps its state and may be asked again.
type errNothing struct{}

func (errNothing) Error() string   { return "nothing to read now" }
func (errNothing) Timeout() bool   { return true }
func (errNothing) Temporary() bool { return true }

// bufferedConn gathers what is written until flush and what the kernel has at one read.
type bufferedConn struct {
	net.Conn
	rbuf     []byte
	r, w     int
	noWait   bool
	shaking  bool       // in the TLS handshake
	mu       sync.Mutex // TLS writes alerts and key updates from the reader
	wbuf     []byte
	writeErr error
	patience time.Duration // a write without any progress for this long fails; 0 waits for ever
}

func (b *bufferedConn) Read(p []byte) (int, error) {
	if b.r == b.w {
		if b.noWait {
			return 0, errNothing{}
		}
		if !b.shaking {
			if len(b.rbuf) < bufferSize {
				b.rbuf = make([]byte, bufferSize)
			}
			if len(p) >= len(b.rbuf) {
				return b.Conn.Read(p)
			}
		}
		n, err := b.Conn.Read(b.rbuf)
		b.r, b.w = 0, n
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, b.rbuf[b.r:b.w])
	b.r += n
	return n, nil
}

func (b *bufferedConn) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.writeErr != nil {
		return 0, b.writeErr
	}
	if len(b.wbuf)+len(p) > bufferSize {
		if err := b.flushLocked(); err != nil {
			return 0, err
		}
	}
	if len(p) >= bufferSize {
		if b.writeErr = b.writeAll(p); b.writeErr != nil {
			return 0, b.writeErr
		}
		return len(p), nil
	}
	b.wbuf = append(b.wbuf, p...)
	return len(p), nil
}

func (b *bufferedConn) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flushLocked()
}

func (b *bufferedConn) flushLocked() error {
	if b.writeErr != nil || len(b.wbuf) == 0 {
		return b.writeErr
	}
	b.writeErr = b.writeAll(b.wbuf)
	b.wbuf = b.wbuf[:0]
	return b.writeErr
}

// writeAll writes p as long as the other end takes some of it.
func (b *bufferedConn) writeAll(p []byte) error {
	for {
		if b.patience > 0 {
			_ = b.SetWriteDeadline(time.Now().Add(b.patience))
		}
		n, err := b.Conn.Write(p)
		if p = p[n:]; n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// NewSocket wraps an open connection. With a TLS configuration the caller does the handshake next.
func NewSocket(c net.Conn, cfg *tls.Config, client bool) *Socket {
	s := &Socket{raw: &bufferedConn{Conn: c, rbuf: make([]byte, shakingSize)}}
	s.conn = s.raw
	if cfg == nil {
		s.raw.patience = limits.WriteTimeout
		return s
	}
	s.raw.shaking = true
	if client {
		s.tls = tls.Client(handshakeConn{s.raw}, cfg)
	} else {
		s.tls = tls.Server(handshakeConn{s.raw}, cfg)
	}
	s.conn = s.tls
	return s
}

// handshakeConn flushes before each read of a handshake, which waits for the answer to what it just wrote. After that it must not: the lock may be
// with a writer that waits for the peer.
type handshakeConn struct{ *bufferedConn }

func (h handshakeConn) Read(p []byte) (int, error) {
	if h.shaking && h.r == h.w {
		if err := h.flush(); err != nil {
			return 0, err
		}
	}
	return h.bufferedConn.Read(p)
}

// Handshake does the TLS handshake, if there is TLS, before the deadline and the end of ctx.
func (s *Socket) Handshake(ctx context.Context, deadline time.Time) error {
	if s.tls == nil {
		return nil
	}
	if err := s.raw.SetDeadline(deadline); err != nil {
		return err
	}
	err := s.tls.HandshakeContext(ctx)
	err = errors.Join(err, s.raw.flush(), s.raw.SetDeadline(time.Time{}))
	s.raw.shaking, s.raw.patience = false, limits.WriteTimeout
	return err
}

// TLS is the state of the TLS connection, nil without TLS.
func (s *Socket) TLS() *tls.ConnectionState {
	if s.tls == nil {
		return nil
	}
	st := s.tls.ConnectionState()
	return &st
}

// RemoteAddr and LocalAddr are the socket's.
func (s *Socket) RemoteAddr() net.Addr { return s.raw.RemoteAddr() }

// LocalAddr is our side.
func (s *Socket) LocalAddr() net.Addr { return s.raw.LocalAddr() }

// Close closes the socket at once.
func (s *Socket) Close() error { return s.raw.Conn.Close() }

// readBatch waits for octets and takes all that can be had without waiting again, as far as p goes.
func (s *Socket) readBatch(p []byte) (int, error) {
	n, err := s.conn.Read(p)
	if err != nil || n == 0 {
		return n, err
	}
	s.raw.noWait = true
	defer func() { s.raw.noWait = false }()
	for len(p)-n >= 1<<14 {
		m, err := s.conn.Read(p[n:])
		n += m
		if err != nil || m == 0 {
			if errors.As(err, &errNothing{}) {
				err = nil
			}
			if errors.Is(err, io.EOF) {
				err = nil // the next call meets it again
			}
			return n, err
		}
	}
	return n, nil
}

// closeGrace is how long the last words to a peer may take, and how long it may take to hear them.
const closeGrace = 250 * time.Millisecond

// closeNotify tells the peer that nothing follows.
func (s *Socket) closeNotify() {
	s.raw.mu.Lock()
	s.raw.patience = closeGrace
	s.raw.mu.Unlock()
	if s.tls != nil {
		_ = s.tls.CloseWrite()
	}
	_ = s.raw.flush()
	if c, ok := s.raw.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}

// linger reads what the peer still sends, for a moment: a socket that is closed with octets unread makes the kernel throw away what was
// written, and so the peer would never learn why.
func (s *Socket) linger() {
	_ = s.raw.SetReadDeadline(time.Now().Add(closeGrace))
	for n := 0; n < 1<<20; {
		m, err := s.raw.Conn.Read(s.raw.rbuf)
		if err != nil {
			return
		}
		n += m
	}
}
