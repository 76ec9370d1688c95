package routertest

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
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
	pairs  map[*pair]struct{}
	loss   float64 // of what is under way: 0 to 1
	rand   *rand.Rand
	closed bool
}

// pair is one connection of the link: its two ends.
type pair struct {
	in, out net.Conn
	orphan  atomic.Bool // out is gone, and in is not told
}

func newCable(port, to string) (*Cable, error) {
	ln, err := net.Listen("tcp", net.JoinHostPort(loopback, port))
	if err != nil {
		return nil, err
	}
	c := &Cable{ln: ln, to: to, conns: map[net.Conn]struct{}{}, pairs: map[*pair]struct{}{}}
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

// Orphan ends the connections for the router that was dialled and leaves the dialler with its half of them, where nobody hears it any more. New
// connections go through.
func (c *Cable) Orphan() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.pairs {
		p.orphan.Store(true)
		_ = p.out.Close()
	}
}

// Lose has the cable lose a part of its packets, 0 to 1. What goes over it is TCP, so that nothing is missing in the end: what was lost comes late, and what
// is behind it waits. seed decides which.
func (c *Cable) Lose(part float64, seed uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loss, c.rand = part, rand.New(rand.NewPCG(seed, 0))
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
	p := &pair{in: in, out: out}
	c.join(p, true)
	defer c.join(p, false)
	var both sync.WaitGroup
	pipe := func(dst, src net.Conn) {
		_, err := io.Copy(dst, &gate{c: c, r: src})
		switch {
		case p.orphan.Load():
			if src == in {
				_, _ = io.Copy(io.Discard, in) // until its router has lost patience
			}
			return
		case err == nil && dst.(*net.TCPConn).CloseWrite() == nil:
			return // the other direction goes on
		}
		_ = dst.Close()
		_ = src.Close()
	}
	both.Go(func() { pipe(in, out) })
	both.Go(func() { pipe(out, in) })
	both.Wait()
}

func (c *Cable) join(p *pair, in bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in {
		c.pairs[p] = struct{}{}
	} else {
		delete(c.pairs, p)
	}
}

// gate holds octets back while the cable is frozen, and for a while what was lost on the way.
type gate struct {
	c *Cable
	r io.Reader
}

// What TCP makes of a packet that is lost: the receiver asks for it once more a round trip later; when that is lost too, the sender finds out by itself, each
// time after twice as long.
const (
	segment   = 1448 // octets of one packet
	roundTrip = 20 * time.Millisecond
	resend    = 200 * time.Millisecond
)

func (g *gate) Read(p []byte) (int, error) {
	if g.c.lossy() {
		p = p[:min(len(p), segment)]
	}
	n, err := g.r.Read(p)
	if late := g.c.late(); late > 0 {
		time.Sleep(late)
	}
	g.c.mu.Lock()
	thaw := g.c.thaw
	g.c.mu.Unlock()
	if thaw != nil {
		<-thaw
	}
	return n, err
}

func (c *Cable) lossy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loss > 0
}

// late is by how much the next packet comes too late.
func (c *Cable) late() (d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for wait := roundTrip; c.loss > 0 && d < 3*time.Second && c.rand.Float64() < c.loss; {
		d += wait
		wait = max(2*wait, resend)
	}
	return d
}
