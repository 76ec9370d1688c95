package routertest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Cable carries the connections of one link and can be cut.
type Cable struct {
	ln    net.Listener
	to    string
	ended sync.WaitGroup

	cut    atomic.Bool
	mu     sync.Mutex
	thaw   chan struct{} // not nil while frozen
	conns  map[net.Conn]struct{}
	closed bool
}

func newCable(port, to string) (*Cable, error) {
	ln, err := net.Listen("tcp", net.JoinHostPort(loopback, port))
	if err != nil {
		return nil, err
	}
	c := &Cable{ln: ln, to: to, conns: map[net.Conn]struct{}{}}
	c.ended.Go(c.accept)
	return c, nil
}

// Cut ends the link's connections and refuses new ones.
func (c *Cable) Cut() {
	c.cut.Store(true)
	c.drop()
}

// Mend lets new connections through again.
func (c *Cable) Mend() { c.cut.Store(false) }

// Freeze makes the cable swallow everything without any end being told, as a host does that has hung.
func (c *Cable) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.thaw == nil {
		c.thaw = make(chan struct{})
	}
}

// Thaw lets what was frozen go on.
func (c *Cable) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.thaw != nil {
		close(c.thaw)
		c.thaw = nil
	}
}

func (c *Cable) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := range c.conns {
		_ = n.Close()
	}
}

func (c *Cable) close() {
	_ = c.ln.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.Thaw()
	c.drop()
	c.ended.Wait()
}

func (c *Cable) accept() {
	for {
		n, err := c.ln.Accept()
		if err != nil {
			return
		}
		c.ended.Go(func() { c.carry(n) })
	}
}

// keep notes a connection so that Cut finds it.
func (c *Cable) keep(n net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.cut.Load() {
		_ = n.Close()
		return false
	}
	c.conns[n] = struct{}{}
	return true
}

func (c *Cable) forget(n net.Conn) {
	_ = n.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, n)
}

func (c *Cable) carry(in net.Conn) {
	if !c.keep(in) {
		return
	}
	defer c.forget(in)
	out, err := net.Dial("tcp", c.to)
	if err != nil || !c.keep(out) {
		return
	}
	defer c.forget(out)
	var both sync.WaitGroup
	pipe := func(dst, src net.Conn) {
		if _, err := io.Copy(dst, &gate{c: c, r: src}); err == nil && dst.(*net.TCPConn).CloseWrite() == nil {
			return // the other direction goes on
		}
		_ = dst.Close()
		_ = src.Close()
	}
	both.Go(func() { pipe(in, out) })
	both.Go(func() { pipe(out, in) })
	both.Wait()
}

// gate holds octets back while the cable is frozen.
type gate struct {
	c *Cable
	r io.Reader
}

func (g *gate) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.c.mu.Lock()
	thaw := g.c.thaw
	g.c.mu.Unlock()
	if thaw != nil {
		<-thaw
	}
	return n, err
}
