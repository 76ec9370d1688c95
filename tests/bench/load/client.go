package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// patience is how long one step of a client may take: to connect, or to get an octet back.
const patience = 10 * time.Second

// Client makes connections to the listener of a tunnel with a [Server] behind.
type Client struct {
	Addr   string
	Server string // host:port of the server itself
	PIDs   []int  // the processes of the tunnel, whose CPU is measured
	Ends   []int  // the process of the server
	seq    atomic.Uint32
}

// dial takes turns with 200 source addresses, so that ports which wait for stray segments of closed connections never run out.
func (c *Client) dial(ctx context.Context) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+c.seq.Add(1)%200))}}
	return proc.TCP(d.DialContext(ctx, "tcp", c.Addr))
}

// Window begins to measure.
func (c *Client) Window() (proc.Window, error) { return proc.Open(c.PIDs, c.Ends...) }

// open makes a connection and says what it is for. It ends with ctx: done must be called when it is not used any more.
func (c *Client) open(ctx context.Context, want byte) (n *net.TCPConn, done func(), err error) {
	if n, err = c.dial(ctx); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = n.SetDeadline(time.Unix(1, 0)) })
	done = func() { stop(); _ = n.Close() }
	if _, err = n.Write([]byte{want}); err == nil && want == wantEcho {
		err = pong(n, make([]byte, 1))
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return n, done, nil
}

// pong reads an answer of the length of b.
func pong(n net.Conn, b []byte) error {
	if err := n.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := io.ReadFull(n, b)
	return err
}

// Probe succeeds if a connection goes through to the server and back.
func Probe(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	c := &Client{Addr: addr}
	_, done, err := c.open(ctx, wantEcho)
	if err != nil {
		return fmt.Errorf("no way through: %w", err)
	}
	done()
	return nil
}
