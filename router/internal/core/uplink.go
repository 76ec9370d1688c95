package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// uplinks are the connections of an edge router to interior ones. One is active: it has the links, the others wait.
type uplinks struct {
	open   []*Connection // in the order in which they opened
	active *Connection   // nil while there is none
	out    *link         // of the active one: for whole messages to anywhere
	mesh   string        // id of the edge mesh that this router is alone in
	doubt  time.Time     // when addresses that the active one has not confirmed are given up; zero when there are none
}

// addUplink takes a connection that has opened into use. One of the same connector with newer certificates takes the place of the active one.
func (c *Core) addUplink(cn *Connection) {
	c.up.open = append(c.up.open, cn)
	switch old := c.up.active; {
	case old == nil:
		c.activate(cn)
	case old.opts.Name == cn.opts.Name && old.ordinal < cn.ordinal:
		c.activate(cn)
		old.unlink = time.Now().Add(limits.SupersedeAfter)
	}
	for _, o := range c.up.open { // also those that only waited
		o.retiring = o.retiring || o.opts.Name == cn.opts.Name && o.ordinal < cn.ordinal
	}
}

// dropUplink is the end of a connection to an interior router: the cheapest of the others takes its place.
func (c *Core) dropUplink(cn *Connection) {
	c.up.open = remove(c.up.open, cn)
	if c.up.active != cn {
		return
	}
	c.up.active, c.up.out = nil, nil
	if next := c.up.next(); next != nil {
		c.activate(next)
		return
	}
	for _, k := range sortedKeys(c.addrs) {
		if a := c.addrs[k]; a != nil && (a.in != nil || a.out != nil || a.above) {
			a.in, a.out, a.above, a.doubt = nil, nil, false, false
			c.changed(a)
		}
	}
}

// next is the connection to use when the active one is gone: one that does not end soon, then the cheapest, then the oldest.
func (u *uplinks) next() (best *Connection) {
	for _, cn := range u.open {
		if best == nil || best.retiring && !cn.retiring || best.retiring == cn.retiring && cn.cost < best.cost {
			best = cn
		}
	}
	return best
}

// activate makes the links of an edge router on cn. What could be reached before counts as reachable until the new interior router has had the time
// to say so itself: it does not say what cannot be reached.
func (c *Core) activate(cn *Connection) {
	c.up.active = cn
	for _, a := range c.addrs {
		a.in, a.out, a.doubt = nil, nil, a.above
	}
	c.up.doubt = time.Now().Add(limits.UplinkDoubt)
	mesh := cn.openEdge(conn.ClassControl, meshLink, frame.RoleSender, &frame.Source{}, &frame.Target{Address: meshDiscovery, HasAddress: true}, 0)
	c.up.out = cn.openEdge(conn.ClassEndpoint, edgeLink, frame.RoleSender, &frame.Source{}, &frame.Target{}, 0)
	down := []wire.Symbol{edgeDownlink}
	cn.openEdge(conn.ClassEndpoint, edgeLink, frame.RoleReceiver,
		&frame.Source{Address: c.cfg.ID, HasAddress: true, Capabilities: down}, &frame.Target{Capabilities: down}, limits.LinkCapacity)
	cn.openEdge(conn.ClassControl, trackingLink, frame.RoleReceiver, &frame.Source{Address: edgeTracking, HasAddress: true}, &frame.Target{}, limits.TrackingCapacity)
	if mesh == nil || c.up.out == nil {
		return // the connection is over already
	}
	m := message.Message{AppProps: wire.Map{{Key: wire.Symbol(meshProperty), Value: c.up.mesh}}}
	if b, err := m.Append(nil); err == nil {
		mesh.send(append(c.annotate(message.Annotations{}), b...), &outbound{})
	}
	c.log.Info().Uint64("conn", cn.ID).Str("container", cn.remote.ContainerID).Msg("uplink active")
	for _, k := range sortedKeys(c.addrs) {
		c.proxy(c.addrs[k])
	}
	if c.cfg.Uplink != nil {
		c.cfg.Uplink()
	}
}

// endDoubt gives up what the interior router has not confirmed in time.
func (c *Core) endDoubt(now time.Time) {
	if c.up.doubt.IsZero() || now.Before(c.up.doubt) {
		return
	}
	c.up.doubt = time.Time{}
	for _, k := range sortedKeys(c.addrs) {
		if a := c.addrs[k]; a != nil && a.doubt {
			a.above, a.doubt = false, false
			c.changed(a)
		}
	}
}

// unlinkEdge detaches the links of an edge router from a connection that was active: not before the interior router knows of those on the next one, or
// else it would have no way to this router for a moment.
func (cn *Connection) unlinkEdge() {
	for _, l := range cn.links {
		if l.kind == edgeLink || l.kind == meshLink || l.kind == trackingLink {
			cn.detach(l)
		}
	}
}

// openEdge makes one link of an edge router; it returns nil when that cannot be.
func (cn *Connection) openEdge(class conn.Class, kind linkKind, role frame.Role, s *frame.Source, t *frame.Target, capacity uint32) *link {
	l := &link{cn: cn, kind: kind}
	s.ExpiryPolicy, t.ExpiryPolicy = "link-detach", "link-detach"
	if !cn.make(l, class, role, s, t, capacity) {
		return nil
	}
	return l
}

// proxy makes the interior router know that an address has destinations or senders here, or not any more.
func (c *Core) proxy(a *Address) {
	cn := c.up.active
	if cn == nil || a.Key[0] != 'M' || a.Key == "M$management" {
		return
	}
	addr := a.Key[1:]
	if want := a.localDestinations() > 0; want && a.in == nil {
		a.in = cn.openEdge(conn.ClassEndpoint, edgeLink, frame.RoleReceiver, &frame.Source{Address: addr, HasAddress: true}, &frame.Target{}, limits.LinkCapacity)
		if a.in != nil {
			a.in.addr, a.in.target = a, addr
		}
	} else if !want && a.in != nil {
		cn.detach(a.in)
		a.in = nil
	}
	if want := a.ingoing+len(a.producers) > 0; want && a.out == nil {
		a.out = cn.openEdge(conn.ClassEndpoint, edgeLink, frame.RoleSender, &frame.Source{}, &frame.Target{Address: addr, HasAddress: true}, 0)
		if a.out != nil {
			a.out.addr = a
		}
	} else if !want && a.out != nil {
		cn.detach(a.out)
		a.out, a.above, a.doubt = nil, false, false
	}
}

func (cn *Connection) detach(l *link) {
	cn.peer.Do(func(k *conn.Conn) { k.Detach(l.l, nil) })
}

// trackedAbove takes the word of the interior router on cn about an address.
func (c *Core) trackedAbove(cn *Connection, key string, reachable bool) {
	a := c.addrs[key]
	if cn != c.up.active || a == nil || a.out == nil {
		return
	}
	a.doubt = false
	if a.above == reachable {
		return
	}
	a.above = reachable
	c.changed(a)
}

// edgeGone is the end of a link of an edge router. Without the links that every edge router has the connection is of no use; one for an
// address that the interior router refuses is not asked for again.
func (cn *Connection) edgeGone(l *link) {
	c := cn.core
	if cn != c.up.active {
		return
	}
	if a := l.addr; a != nil {
		if a.out == l && a.above {
			a.above = false
			c.changed(a)
		}
		return
	}
	working := false
	cn.peer.Do(func(k *conn.Conn) { working = k.Open() })
	if !working { // the links ended with the connection
		return
	}
	c.log.Error().Uint64("conn", cn.ID).Str("container", cn.remote.ContainerID).Msg("the peer refuses the links of an edge router: it may listen for another role")
	cn.peer.Do(func(k *conn.Conn) {
		k.Close(&frame.Error{Condition: "amqp:not-allowed", Description: "the links of an edge router were refused"})
	})
}

// ascend forwards a delivery that has no destination here to the interior router.
func (c *Core) ascend(d *Delivery, a *Address) {
	cn := c.up.active
	if cn == nil || d.link != nil && d.link.cn.upward() {
		d.drop(&frame.Released{})
		return
	}
	c.forward(d, cn, a, c.up.out)
}
