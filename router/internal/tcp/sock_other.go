//go:build !linux

package tcp

import (
	"net"

	"github.com/skupper-plugins/suite/router/internal/chunk"
)

// plainSock is a TCP socket without TLS, by the portable calls: reads own a buffer while they wait, and writes always wait.
type plainSock struct{ *net.TCPConn }

func newPlainSock(c *net.TCPConn) (sock, error) { return &plainSock{c}, nil }

func (s *plainSock) read(pool *chunk.Pool, head, slot int) (*chunk.Chunk, int, error) {
	return readSlots(s.TCPConn, pool, head, slot)
}

// acked is not to be had here.
func acked(net.Conn) (uint64, bool) { return 0, false }

func (s *plainSock) tryWrite([][]byte) (int, error) { return 0, nil }

func (s *plainSock) write(p []byte) error {
	_, err := s.Write(p)
	return err
}

func (s *plainSock) closeWrite() error     { return s.CloseWrite() }
func (s *plainSock) waits() bool           { return false }
func (s *plainSock) acked() (uint64, bool) { return acked(s.TCPConn) }
func (s *plainSock) close(reset bool)      { closeConn(s.TCPConn, reset) }
