package transport

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// RTT is how long the kernel has found octets to take to the other end of the socket and back; 0 when it does not know.
func (s *Socket) RTT() (rtt time.Duration) {
	c, ok := s.raw.Conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // an error means that it is closed
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			rtt = time.Duration(info.Rtt) * time.Microsecond
		}
	})
	return rtt
}
