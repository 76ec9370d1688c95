package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Proxy is an HTTP proxy that makes connections to others (RFC 9110 9.3.6).
type Proxy struct {
	Host, Port         string
	Username, Password string // both empty: none
}

// connect asks the proxy at the other end of c for a connection to target.
func (p *Proxy) connect(c net.Conn, target string, deadline time.Time) error {
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target)
	if p.Username != "" || p.Password != "" {
		fmt.Fprintf(&b, "Proxy-Authorization: Basic %s\r\n", base64.StdEncoding.EncodeToString([]byte(p.Username+":"+p.Password)))
	}
	b.WriteString("\r\n")
	if _, err := c.Write([]byte(b.String())); err != nil {
		return err
	}
	head, err := answer(c)
	if err != nil {
		return err
	}
	status, _, _ := strings.Cut(head, "\r\n")
	f := strings.SplitN(status, " ", 3)
	switch {
	case len(f) < 2 || !strings.HasPrefix(f[0], "HTTP/1."):
		return errors.New("the answer is not that of an HTTP proxy")
	case f[1] == "407" && p.Username == "" && p.Password == "":
		return errors.New("it wants a user name and password: add them to the proxyProfile")
	case f[1] == "407":
		return errors.New("it does not accept the user name and password: check the proxyProfile")
	case len(f[1]) != 3 || f[1][0] != '2':
		return fmt.Errorf("it refuses the connection: %q", status)
	}
	return c.SetDeadline(time.Time{})
}

// answer reads the head of a response and not an octet more: what follows belongs to the connection.
func answer(c net.Conn) (string, error) {
	head := make([]byte, 0, 256)
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		if len(head) >= limits.MaxProxyHead {
			return "", fmt.Errorf("the head of its answer is longer than %d octets", limits.MaxProxyHead)
		}
		var one [1]byte
		if _, err := c.Read(one[:]); err != nil {
			return "", fmt.Errorf("read its answer: %w", err)
		}
		head = append(head, one[0])
	}
	return string(head), nil
}
