package core

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Address is one entry of the address table.
type Address struct {
	Key       string
	Treatment Treatment
	Priority  int // of messages, -1: their own

	subs      []*subscription // in this process, whole messages
	consumers []*consumer     // in this process, streams
	locals    []*link         // receivers on connections
	remotes   []*node         // routers that have consumers
	producers []*link         // senders on connections, for their credit
	watches   []*watch
	ingoing   int // producers in this process (TCP listeners)

	// Of an edge router: the links on the uplink by which its interior router knows of destinations and of senders here, and whether that
	// router has destinations for what is sent.
	in, out *link
	above   bool
	doubt   bool // it was so on another uplink

	reachable  bool
	advertised bool
	mesh       string // that it is advertised with: the only edge mesh with destinations here, "" if there is none
	next       int    // rotates choices of equal value
	// outstanding counts unsettled deliveries by the connection they left on.
	outstanding map[*Connection]*atomic.Int32

	ingress, egress, transit, toContainer, fromContainer uint64
}

// subscription is a function that takes whole messages on the core's goroutine.
type subscription struct {
	f         func(Incoming)
	advertise bool
}

// Incoming is a whole message for a subscription.
type Incoming struct {
	Body []byte // sections after the router annotations; the receiver owns it
	Link int    // control link that it came in on, 0 otherwise
	From string // ip:port of the peer that it came from; "" when it was made here
}

// consumer is a taker of streams in this process.
type consumer struct {
	StreamConsumer
	capacity int
	open     atomic.Int32
}

// StreamConsumer takes streams. Offer is called on the core's goroutine and must not block.
type StreamConsumer interface {
	Offer(o Offer)
}

type watch struct{ f func(reachable bool) }

// address returns the entry for key and makes it when there is none.
func (c *Core) address(key string) *Address {
	a := c.addrs[key]
	if a == nil {
		a = &Address{Key: key, Treatment: c.treatment(key), Priority: -1}
		if d, ok := c.configured(key); ok {
			a.Priority = d.Priority
		}
		c.addrs[key] = a
		c.addrsPeak = max(c.addrsPeak, len(c.addrs))
	}
	return a
}

// largeTable is how many addresses there must have been for their table to be made anew once most have gone: it does not shrink by itself.
const largeTable = 4096

func (c *Core) forgetAddress(key string) {
	delete(c.addrs, key)
	if c.addrsPeak > largeTable && len(c.addrs) < c.addrsPeak/8 {
		c.addrsPeak = len(c.addrs)
		addrs := make(map[string]*Address, len(c.addrs))
		maps.Copy(addrs, c.addrs)
		c.addrs = addrs
	}
}

func (c *Core) treatment(key string) Treatment {
	if key == "" {
		return c.cfg.Default
	}
	switch key[0] {
	case 'M':
		if d, ok := c.configured(key); ok {
			return d.Treatment
		}
		return c.cfg.Default
	case 'T':
		return Multicast
	case 'R':
		return Closest
	case 'L':
		return Balanced
	}
	return c.cfg.Default
}

// configured is what the configuration says of a key.
func (c *Core) configured(key string) (Distribution, bool) {
	if c.cfg.Distribution == nil || key == "" || key[0] != 'M' {
		return Distribution{}, false
	}
	return c.cfg.Distribution(key[1:])
}

// localDestinations is how many destinations this router itself has, that others may be told of.
func (a *Address) localDestinations() int {
	n := len(a.locals) + len(a.consumers)
	for _, s := range a.subs {
		if s.advertise {
			n++
		}
	}
	return n
}

// changed draws the consequences of a change of the address' destinations.
func (c *Core) changed(a *Address) {
	if c.cfg.Edge {
		c.proxy(a)
	} else if k := a.Key[0]; k == 'M' || k == 'N' || k == 'H' {
		local := a.localDestinations() > 0
		if local != a.advertised {
			a.advertised = local
			if local {
				c.cfg.Control.LocalAdded(a.Key, a.Treatment)
			} else {
				c.cfg.Control.LocalRemoved(a.Key)
				a.mesh = ""
			}
		}
		if mesh := a.soleMesh(); local && mesh != a.mesh {
			a.mesh = mesh
			c.cfg.Control.LocalMesh(a.Key, mesh)
		}
	}
	reachable := a.above || len(a.subs)+len(a.consumers)+len(a.locals)+len(a.remotes) > 0
	if reachable != a.reachable {
		a.reachable = reachable
		for _, w := range slices.Clone(a.watches) {
			w.f(reachable)
		}
		for _, l := range a.producers {
			if !l.cn.downward() {
				l.producerCredit(reachable)
			}
		}
	}
	for _, l := range a.producers {
		if l.cn.downward() {
			l.cn.retell(l)
		}
	}
	if !reachable && len(a.watches)+len(a.producers)+a.ingoing == 0 {
		c.forgetAddress(a.Key)
	}
}

// Subscribe has f called, on the core's goroutine, with each whole message for key. advertise tells other routers of it.
// The function returned ends it; call it on any goroutine.
func (c *Core) Subscribe(key string, advertise bool, f func(Incoming)) (cancel func()) {
	s := &subscription{f: f, advertise: advertise}
	c.Do(func() {
		a := c.address(key)
		a.subs = append(a.subs, s)
		c.changed(a)
	})
	return func() {
		c.Do(func() {
			a := c.address(key)
			a.subs = remove(a.subs, s)
			c.changed(a)
		})
	}
}

// Watch has f called on the core's goroutine with the reachability of key: at once, and whenever it changes.
func (c *Core) Watch(key string, f func(reachable bool)) (cancel func()) {
	w := &watch{f: f}
	c.Do(func() {
		a := c.address(key)
		a.watches = append(a.watches, w)
		a.ingoing++
		if c.cfg.Edge {
			c.proxy(a)
		}
		f(a.reachable)
	})
	return func() {
		c.Do(func() {
			a := c.address(key)
			if n := len(a.watches); n > 0 {
				a.watches = remove(a.watches, w)
				if len(a.watches) < n {
					a.ingoing--
				}
			}
			c.changed(a)
		})
	}
}

// Consume offers the streams for key to s; capacity is how many of them it takes before others are preferred. The function returned ends it.
func (c *Core) Consume(key string, capacity int, s StreamConsumer) (cancel func()) {
	k := &consumer{StreamConsumer: s, capacity: capacity}
	c.Do(func() {
		a := c.address(key)
		a.consumers = append(a.consumers, k)
		c.changed(a)
	})
	return func() {
		c.Do(func() {
			a := c.address(key)
			a.consumers = remove(a.consumers, k)
			c.changed(a)
		})
	}
}

func remove[T comparable](s []T, v T) []T {
	if i := slices.Index(s, v); i >= 0 {
		return slices.Delete(s, i, i+1)
	}
	return s
}

// count is the counter of unsettled deliveries that left for a on cn.
func (a *Address) count(cn *Connection) *atomic.Int32 {
	if a.outstanding == nil {
		a.outstanding = map[*Connection]*atomic.Int32{}
	}
	n := a.outstanding[cn]
	if n == nil {
		n = new(atomic.Int32)
		a.outstanding[cn] = n
	}
	return n
}
