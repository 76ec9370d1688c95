package core

import (
	"strings"
	"sync"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
)

// isControl reports that only control links may carry messages for key.
func isControl(key string) bool {
	switch key {
	case "Lqdhello", "Tqdrouter", "Lqdrouter", "Tqdrouter.ma", "Lqdrouter.ma":
		return true
	}
	return false
}

// route finds the way of a delivery. It runs on the core's goroutine once the address is known.
func (c *Core) route(d *Delivery) {
	if d.link != nil && (d.link.kind == meshLink || d.link.kind == trackingLink) {
		c.service(d, d.link)
		return
	}
	if d.settled {
		c.stats.Presettled++
	}
	if d.to == "" {
		d.drop(&frame.Rejected{Error: &frame.Error{Condition: "amqp:precondition-failed", Description: "Routing failure: no address present"}})
		return
	}
	if !c.cfg.Edge && len(d.ann.Trace) > c.radius+1 {
		d.drop(&frame.Released{})
		return
	}
	k := c.key(d.to)
	if len(k) < 2 {
		d.drop(&frame.Released{})
		return
	}
	onControl := d.link != nil && d.link.kind == controlLink
	if isControl(k) && d.link != nil && !onControl {
		d.drop(&frame.Released{})
		return
	}
	if d.link == nil || !d.link.cn.role.routerRole() {
		c.stats.Ingress++
	}
	switch k[0] {
	case 'T':
		c.multicast(d, k, onControl || d.link == nil)
	case 'R':
		c.toRouter(d, k[1:], onControl)
	case upKey[0]:
		c.ascend(d, nil)
	default:
		a := c.addrs[k]
		if a == nil || !a.reachable {
			if c.treatment(k) == Unavailable && (d.link == nil || !d.link.cn.role.routerRole()) {
				d.drop(&frame.Rejected{Error: &frame.Error{Condition: "amqp:not-found", Description: "Deliveries cannot be sent to an unavailable address"}})
				return
			}
			if cn := c.edgeConnection(k, d); cn != nil {
				c.forward(d, cn, nil, nil)
				return
			}
			if c.cfg.Edge && k[0] == 'M' { // somebody else may know it
				c.ascend(d, a)
				return
			}
			d.drop(&frame.Released{})
			return
		}
		d.rank = a.Priority + 1
		switch a.Treatment {
		case Flood, Multicast:
			c.multicast(d, k, false)
		case Unavailable:
			d.drop(&frame.Released{})
		default:
			c.anycast(d, a, onControl)
		}
	}
}

// origin is the id of the router where the delivery entered the network: empty when that is this one. ok is false when it is unknown.
func (c *Core) origin(d *Delivery) (id string, ok bool) {
	name := ""
	switch {
	case len(d.ann.Trace) > 0:
		name = d.ann.Trace[0]
	case d.ann.HasIngress:
		name = d.ann.Ingress
	default:
		return "", true
	}
	_, id, _ = strings.Cut(name, "/")
	if id == c.cfg.ID {
		return "", true
	}
	if n := c.nodes[id]; n == nil || !n.up {
		return id, false
	}
	return id, true
}

// toRouter forwards towards a router; which of its addresses is meant is the router's business.
func (c *Core) toRouter(d *Delivery, id string, onControl bool) {
	n := c.nodes[id]
	var cn *Connection
	if n != nil {
		cn = c.hop(n)
	}
	if cn == nil {
		d.drop(&frame.Released{})
		return
	}
	c.forward(d, cn, nil, cn.messageLink(d, onControl))
}

// messageLink is the link of a neighbour that carries a whole message.
func (cn *Connection) messageLink(d *Delivery, onControl bool) *link {
	if onControl {
		return cn.control[1]
	}
	return cn.dataLink(d.priority())
}

// forward sends the delivery to the router on cn: whole messages on l, streams on a streaming link.
func (c *Core) forward(d *Delivery, cn *Connection, a *Address, l *link) {
	c.stats.Transit++
	ob := &outbound{src: d.src, presettled: d.settled}
	if a != nil && !d.settled {
		ob.outstanding(a.count(cn))
	}
	ann := d.ann
	if d.link != nil && d.link.target != "" {
		ann.To, ann.HasTo = d.link.target, true
	}
	if d.stream {
		if a != nil && a.Treatment == Balanced && l != nil {
			ob.move(l)
		}
		via := c.carrier(cn)
		var send func(l *link)
		send = func(l *link) {
			if l == nil && via != cn { // a data connection on its way out
				via = cn
				c.stream(cn, laneOf(ann.Flags), send)
				return
			}
			var o *linkOutlet
			if l != nil {
				o = l.newOutlet(ob, ann.Flags)
			}
			if o == nil {
				ob.undone()
				d.drop(&frame.Released{})
				return
			}
			c.enter(&ob.ledger, d, l)
			if !d.bind(o, c.annotate(ann), d.body) {
				ob.done()
			}
		}
		c.stream(via, laneOf(ann.Flags), send)
		return
	}
	body, ok := d.take()
	if l == nil || !ok {
		ob.undone()
		if ok && d.src != nil && !d.settled {
			d.src.Update(&frame.Released{}, true)
		}
		return
	}
	c.enter(&ob.ledger, d, l)
	l.send(append(c.annotate(ann), body...), ob)
}

// priority is that of the address, or of the message.
func (d *Delivery) priority() int {
	if d.rank > 0 {
		return d.rank - 1
	}
	if d.head.HasPriority {
		return min(int(d.head.Priority), 9)
	}
	return 4
}

// dataLink is the outgoing link for a priority, or the next lower one that is there.
func (cn *Connection) dataLink(p int) *link {
	for ; p >= 0; p-- {
		if cn.data[p] != nil {
			return cn.data[p]
		}
	}
	return nil
}

// anycast forwards to one destination.
func (c *Core) anycast(d *Delivery, a *Address, onControl bool) {
	if len(a.subs) > 0 && !d.stream {
		a.next++
		c.deliver(d, a.subs[a.next%len(a.subs)], a)
		return
	}
	e, known := c.entry(d)
	if !known {
		e.origin = "" // as if it had entered here
	}
	t := c.choose(a, e)
	switch {
	case t.consumer != nil:
		a.egress++
		c.offer(d, t.consumer)
	case t.link != nil:
		a.egress++
		a.toContainer++
		c.toEndpoint(d, t.link)
	case t.hop != nil:
		a.transit++
		c.forward(d, t.hop, a, t.hop.messageLink(d, onControl))
	case t.up:
		a.transit++
		c.ascend(d, a)
	default:
		d.drop(&frame.Released{})
	}
}

// incoming is what a subscription gets of the delivery.
func (d *Delivery) incoming(body []byte) Incoming {
	in := Incoming{Body: body}
	if d.link != nil {
		in.Link, in.From = d.link.cn.controlNo, d.link.cn.opts.Host
	}
	return in
}

// deliver gives a whole message to a subscription of this process and settles it.
func (c *Core) deliver(d *Delivery, s *subscription, a *Address) {
	a.egress++
	c.stats.Egress++
	body, ok := d.take()
	if !ok {
		return
	}
	if d.src != nil && !d.settled {
		d.src.Update(&frame.Accepted{}, true)
	}
	s.f(d.incoming(body))
}

// toEndpoint sends to a client's receiver, or to an edge router.
func (c *Core) toEndpoint(d *Delivery, l *link) {
	if l.cn.role == Edge {
		c.forward(d, l.cn, l.addr, l)
		return
	}
	c.stats.Egress++
	ob := &outbound{src: d.src, presettled: d.settled}
	c.enter(&ob.ledger, d, l)
	if d.stream {
		l.put(queued{d: d, ob: ob})
	} else if body, ok := d.take(); ok {
		l.send(body, ob)
	}
}

// multicast forwards a copy to every destination. An unsettled message is accepted here for all of them.
func (c *Core) multicast(d *Delivery, k string, flood bool) {
	a := c.addrs[k]
	hops := c.fanout(d, k, a, flood)
	body, ok := d.take()
	if !ok { // copies of streams are not made
		d.drop(&frame.Released{})
		return
	}
	if flood && d.link != nil && len(hops) > 0 {
		if ingress, _ := c.origin(d); !c.cfg.Control.Flood(ingress, len(d.ann.Trace), body) {
			hops = nil
		}
	}
	e, _ := c.entry(d)
	n := len(hops)
	annotated := sync.OnceValue(func() []byte {
		ann := d.ann
		if d.link != nil && d.link.target != "" {
			ann.To, ann.HasTo = d.link.target, true
		}
		return append(c.annotate(ann), body...)
	})
	if len(hops) > 0 {
		msg := annotated()
		for _, cn := range hops {
			if flood || isControl(k) {
				cn.sendControl(msg)
			} else if l := cn.dataLink(d.priority()); l != nil {
				l.send(msg, &outbound{presettled: true})
			}
		}
	}
	if cn := c.up.active; cn != nil && c.up.out != nil && !e.echo(cn) {
		n++
		c.copy(d, c.up.out, annotated())
	}
	if a != nil {
		for _, l := range a.locals {
			switch {
			case e.echo(l.cn):
				continue
			case l.cn.role == Edge:
				c.copy(d, l, annotated())
			default:
				c.copy(d, l, body)
			}
			n++
		}
		for _, s := range a.subs {
			n++
			s.f(d.incoming(append([]byte(nil), body...)))
		}
	}
	if d.src != nil && !d.settled {
		if n > 0 {
			d.src.Update(&frame.Accepted{}, true)
		} else {
			d.src.Update(&frame.Released{}, true)
		}
	}
}

// copy sends one copy of a message to a client or an edge router.
func (c *Core) copy(d *Delivery, l *link, msg []byte) {
	ob := &outbound{presettled: true}
	c.enter(&ob.ledger, d, l)
	l.send(msg, ob)
}

// fanout is the set of neighbours that get a copy.
func (c *Core) fanout(d *Delivery, k string, a *Address, flood bool) []*Connection {
	passed := map[string]bool{}
	for _, t := range d.ann.Trace {
		_, id, _ := strings.Cut(t, "/")
		passed[id] = true
	}
	seen := map[*Connection]bool{}
	var hops []*Connection
	add := func(cn *Connection) {
		if cn == nil || seen[cn] || passed[cn.remote.ContainerID] {
			return
		}
		seen[cn] = true
		hops = append(hops, cn)
	}
	if flood && k == "Tqdrouter" { // while the network converges there are no valid origins
		for _, cn := range c.links {
			if cn != nil {
				add(cn)
			}
		}
		return hops
	}
	e, ok := c.entry(d)
	if !ok {
		return nil
	}
	each := func(n *node) {
		if n.valid(e.origin) && (a == nil || !n.behind(a, e.mesh)) {
			add(c.hop(n))
		}
	}
	if k[0] == 'T' {
		for _, id := range sortedKeys(c.nodes) {
			each(c.nodes[id])
		}
	} else if a != nil {
		for _, n := range a.remotes {
			each(n)
		}
	}
	return hops
}

// Publish routes a message of our own. body is the sections after the annotations. On the core's goroutine.
func (c *Core) Publish(to string, body []byte, priority uint8) {
	d := &Delivery{core: c, settled: true, ended: true, state: routing, buf: body, to: to}
	d.head = message.Head{Priority: priority, HasPriority: true}
	if !isControl(c.key(to)) { // who asks for a reply may name any address
		c.route(d)
	}
}

// SendControl sends a control message: to one neighbour when link is not 0, else by its address. On the core's goroutine.
func (c *Core) SendControl(to string, link int, body []byte) {
	if link == 0 {
		d := &Delivery{core: c, settled: true, ended: true, state: routing, buf: body, to: to}
		k := c.key(to)
		if k[0] == 'T' {
			c.multicast(d, k, true)
		} else if k[0] == 'R' {
			c.toRouter(d, k[1:], true)
		}
		return
	}
	if link < len(c.links) && c.links[link] != nil {
		c.links[link].sendControl(append(c.annotate(message.Annotations{}), body...))
	}
}
