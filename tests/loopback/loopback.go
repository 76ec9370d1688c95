// Package loopback gives a test what talks on the loopback interface: ports that nobody has, a server that gives back what
// it gets, and the question of a client that tells whether what lies between them carries.
package loopback

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
	"time"
)

// FreePort is a port of 127.0.0.1 that nobody has now.
func FreePort(tb testing.TB) int {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = ln.Close() }() // nothing was accepted
	return ln.Addr().(*net.TCPAddr).Port
}

// FreePorts are that many ports that nobody has now, below those that connections go out from.
func FreePorts(tb testing.TB, many int) (ports []int) {
	tb.Helper()
	for port := 20000 + rand.IntN(8000); len(ports) < many; port++ {
		if port > 65535 {
			tb.Fatalf("there are %d free ports only", len(ports))
		}
		ln, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		_ = ln.Close()
		ports = append(ports, port)
	}
	return ports
}

// Echo serves on a port of 127.0.0.1 until the test ends: each connection gets back what it sends.
func Echo(tb testing.TB) (port int) {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }() // the other side sees it
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

// Ask sends some octets to a port of 127.0.0.1; an error says why they did not come back within 5 s.
func Ask(port int) error {
	c, err := net.DialTimeout("tcp", address(port), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // what came back counts
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	sent := bytes.Repeat([]byte("through the network "), 50)
	if _, err := c.Write(sent); err != nil {
		return err
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, sent) {
		return errors.New("something else came back")
	}
	return nil
}

// Carries asks a port again and again; an error says why it did not answer within that time.
func Carries(port int, within time.Duration) (err error) {
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		if err = Ask(port); err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("nothing comes back through port %d within %v: %w", port, within, err)
		}
	}
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
