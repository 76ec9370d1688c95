package tcp

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/skupper-plugins/suite/router/internal/chunk"
)

// plainSock is a TCP socket without TLS. Reading waits without owning a buffer, and fills the slots of a chunk with one system call.
type plainSock struct {
	*net.TCPConn
	rc syscall.RawConn
	// shut: our side has ended its output, which a socket that was reset does not let it do.
	shutMu sync.Mutex
	shut   bool

	// of the one reading goroutine
	pool       *chunk.Pool
	head, slot int
	k          *chunk.Chunk
	n          int
	err        error
	onRead     func(fd uintptr) bool
	// of the one writing goroutine
	bufs    [][]byte
	wrote   int
	werr    error
	onWrite func(fd uintptr) bool
}

func newPlainSock(c *net.TCPConn) (sock, error) {
	rc, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &plainSock{TCPConn: c, rc: rc}
	s.onRead, s.onWrite = s.readReady, s.writeNow
	return s, nil
}

func (s *plainSock) read(pool *chunk.Pool, head, slot int) (*chunk.Chunk, int, error) {
	s.pool, s.head, s.slot = pool, head, slot
	s.k, s.n, s.err = nil, 0, nil
	if err := s.rc.Read(s.onRead); err != nil {
		return nil, 0, err
	}
	k := s.k
	s.k = nil
	return k, s.n, s.err
}

// readReady reads once; it reports false when there is nothing to read, so that the runtime waits.
func (s *plainSock) readReady(fd uintptr) bool {
	k := s.pool.Get()
	var iov [chunk.Size >> 12][]byte
	slots := 0
	for at := 0; at+s.slot <= chunk.Size && slots < len(iov); at += s.slot {
		iov[slots] = k.B[at+s.head : at+s.slot]
		slots++
	}
	var n int
	var err error
	for {
		n, err = unix.Readv(int(fd), iov[:slots])
		if err != unix.EINTR {
			break
		}
	}
	if n > 0 {
		s.k, s.n = k, n
		return true
	}
	s.pool.Put(k)
	switch {
	case err == unix.EAGAIN:
		return false
	case err != nil:
		s.err = os.NewSyscallError("readv", err)
	case s.wasReset(fd):
		s.err = os.NewSyscallError("readv", unix.ECONNRESET)
	default:
		s.err = io.EOF
	}
	return true
}

// wasReset tells a reset from an end. The kernel reports a reset once, to whoever calls first: when that is the writer, reading gives
// nothing, as at an end. But a socket whose output was not shut down is not closed after a mere end of its input.
func (s *plainSock) wasReset(fd uintptr) bool {
	s.shutMu.Lock() // else our own end could close the socket between the two looks
	defer s.shutMu.Unlock()
	if s.shut {
		return false
	}
	info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State == unix.BPF_TCP_CLOSE
}

func acked(c net.Conn) (n uint64, all bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return 0, false
	}
	_ = rc.Control(func(fd uintptr) { // an error means that it is closed
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n, all = info.Bytes_acked, info.Unacked == 0 && info.Notsent_bytes == 0
		}
	})
	return n, all
}

func (s *plainSock) tryWrite(bufs [][]byte) (int, error) {
	s.bufs, s.wrote, s.werr = bufs, 0, nil
	if err := s.rc.Write(s.onWrite); err != nil {
		return 0, err
	}
	s.bufs = nil
	return s.wrote, s.werr
}

// writeNow writes until the socket is full and never asks the runtime to wait.
func (s *plainSock) writeNow(fd uintptr) bool {
	bufs := s.bufs
	for len(bufs) > 0 {
		n, err := unix.Writev(int(fd), bufs)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			if err != unix.EAGAIN {
				s.werr = os.NewSyscallError("writev", err)
			}
			return true
		}
		s.wrote += n
		for n > 0 {
			if n < len(bufs[0]) {
				bufs[0] = bufs[0][n:]
				break
			}
			n -= len(bufs[0])
			bufs = bufs[1:]
		}
	}
	return true
}

func (s *plainSock) write(p []byte) error {
	_, err := s.Write(p)
	return err
}

func (s *plainSock) closeWrite() error {
	s.shutMu.Lock()
	defer s.shutMu.Unlock()
	err := s.CloseWrite()
	s.shut = s.shut || err == nil
	return err
}

func (s *plainSock) waits() bool           { return false }
func (s *plainSock) acked() (uint64, bool) { return acked(s.TCPConn) }
func (s *plainSock) close(reset bool)      { closeConn(s.TCPConn, reset) }
