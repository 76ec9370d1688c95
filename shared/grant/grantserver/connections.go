package grantserver

import (
	"net"
	"sync"
)

// bounded is a listener that has at most so many connections open at once. While it has, it accepts no other: they
// wait in the kernel. A connection of an address that has too many is closed.
type bounded struct {
	net.Listener
	slots   chan struct{} // one for each connection
	perAddr int           // 0: no limit

	mu     sync.Mutex
	counts map[string]int // by origin

	once   sync.Once
	closed chan struct{}
}

func bound(ln net.Listener, total, perAddr int) *bounded {
	return &bounded{Listener: ln, slots: make(chan struct{}, total), perAddr: perAddr,
		counts: map[string]int{}, closed: make(chan struct{})}
}

// Accept waits for a connection that the limits allow.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		select {
		case b.slots <- struct{}{}:
		case <-b.closed:
			return nil, net.ErrClosed
		}
		conn, err := b.Listener.Accept()
		if err != nil {
			<-b.slots
			return nil, err
		}
		addr := origin(conn.RemoteAddr().String())
		if b.enter(addr) {
			return &counted{Conn: conn, owner: b, addr: addr}, nil
		}
		<-b.slots
		_ = conn.Close() // nothing was said on it
	}
}

// Close ends the listener, and an Accept that waits for a free place.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

func (b *bounded) enter(addr string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perAddr > 0 && b.counts[addr] >= b.perAddr {
		return false
	}
	b.counts[addr]++
	return true
}

func (b *bounded) leave(addr string) {
	b.mu.Lock()
	if b.counts[addr]--; b.counts[addr] == 0 {
		delete(b.counts, addr)
	}
	b.mu.Unlock()
	<-b.slots
}

// counted gives its place back when it is closed.
type counted struct {
	net.Conn
	owner *bounded
	addr  string
	once  sync.Once
}

// Close closes the connection.
func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.owner.leave(c.addr) })
	return err
}
