//go:build unix

package supervise

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Allowed tells whether this user may listen on a TCP port of a host at all, whoever has it now. A name is taken for
// good: it is not looked up.
func Allowed(host string, port int) error {
	var addr unix.Sockaddr
	family := unix.AF_INET
	switch ip := net.ParseIP(host); {
	case host == "":
		addr = &unix.SockaddrInet4{Port: port}
	case ip == nil:
		return nil
	case ip.To4() != nil:
		addr = &unix.SockaddrInet4{Port: port, Addr: [4]byte(ip.To4())}
	default:
		family, addr = unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: [16]byte(ip)}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil //nolint:nilerr // nothing can be said
	}
	defer func() { _ = unix.Close(fd) }()
	unix.CloseOnExec(fd)
	// A socket that is bound and does not listen is in nobody's way who has this option too.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil //nolint:nilerr // nothing can be said
	}
	switch err := unix.Bind(fd, addr); {
	case errors.Is(err, unix.EACCES):
		return lowPort(port)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine", host)
	}
	return nil
}
