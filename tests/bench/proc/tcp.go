package proc

import (
	"fmt"
	"net"
)

// TCP wants a TCP connection of what dialling or accepting has given.
func TCP(c net.Conn, err error) (*net.TCPConn, error) {
	if err != nil {
		return nil, err
	}
	t, ok := c.(*net.TCPConn)
	if !ok {
		_ = c.Close()
		return nil, fmt.Errorf("%T is not a TCP connection", c)
	}
	return t, nil
}
