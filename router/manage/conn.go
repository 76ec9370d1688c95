package manage

import (
	"context"
	"math"
	"net"
	"time"

	"github.com/Azure/go-amqp"
)

// Conn is a connection for other uses than management. What comes over it is checked as it is for a [Client], except
// that there may be any amount of it.
type Conn struct {
	*amqp.Conn
	guard *guard
}

// connIdle is after how much silence of the router a Conn is given up. Routers are never silent for that long.
const connIdle = 16 * time.Second

// Connect makes a Conn. Close ends it; its Done tells when it is over.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	c := &Client{timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	dialing, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.dial(dialing, o, newStreamGuard, connIdle); err != nil {
		return nil, c.failed(ctx, dialing, o, err)
	}
	return &Conn{Conn: c.conn, guard: c.guard}, nil
}

// newStreamGuard is a guard that lets any amount through, and messages of many links at once.
func newStreamGuard(c net.Conn) *guard {
	g := newGuard(c)
	g.allow(math.MaxInt64)
	g.partial = maxStreams
	return g
}

// Close ends the connection. It waits for the router's close only briefly.
func (c *Conn) Close() error {
	stop := time.AfterFunc(closeTimeout, func() { _ = c.guard.Close() })
	defer stop.Stop()
	return ignoreClosed(c.Conn.Close())
}
