package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Addresses of an interior router that its edge routers attach to.
const (
	meshDiscovery = "_$qd.mesh_discovery"
	edgeTracking  = "_$qd.edge_addr_tracking"
)

// edgeDownlink is the capability of the link on which an edge router gets what is for itself.
const edgeDownlink wire.Symbol = "qd.router-edge-downlink"

// meshProperty is the application property in which an edge router tells its mesh id.
const meshProperty = "meshid"

// valueSection begins the body of a message (AMQP 3.2.8).
const valueSection = 0x77

// upward reports that the connection leads from an edge router to its interior router.
func (cn *Connection) upward() bool { return cn.role == Edge && cn.opts.Dialled }

// downward reports that the connection leads from an interior router to one of its edge routers.
func (cn *Connection) downward() bool { return cn.role == Edge && !cn.opts.Dialled }

// entry is where a delivery came into the network and into this router.
type entry struct {
	origin string      // id of the router, "" for this one
	cn     *Connection // nil for what began here
	mesh   string      // of the edge router, "" if there was none
}

// entry tells where d came from. known is false when the router where it entered the network is not known here.
func (c *Core) entry(d *Delivery) (e entry, known bool) {
	e.origin, known = c.origin(d)
	if d.link != nil {
		e.cn = d.link.cn
	}
	if d.ann.HasIngressMesh {
		e.mesh = d.ann.IngressMesh
	}
	return e, known
}

// echo reports that what came by e would go back on cn.
func (e entry) echo(cn *Connection) bool {
	switch {
	case cn.role != Edge:
		return false
	case cn == e.cn, e.mesh != "" && cn.mesh == e.mesh:
		return true
	}
	return cn.upward() && e.cn != nil && e.cn.upward() // an edge router passes nothing on between interior ones
}

// attachEdge answers a link of an edge router.
func (cn *Connection) attachEdge(l *link) {
	a := l.l.Peer()
	if l.l.Sender() {
		switch {
		case a.Source == nil || a.Source.Dynamic || !a.Source.HasAddress:
			cn.refuse(l, "qd:no-route-to-dest", "No route to the destination node")
		case a.Source.Address == edgeTracking:
			cn.attachTracking(l)
		case len(a.Source.Capabilities) > 0 && a.Source.Capabilities[0] == edgeDownlink:
			cn.attachDownlink(l)
		default:
			cn.attachReceiver(l)
		}
		return
	}
	switch {
	case a.Target == nil || a.Target.Dynamic || a.Target.Coordinator:
		cn.refuse(l, "qd:forbidden", "this kind of target is not for edge routers")
	case a.Target.Address == meshDiscovery:
		l.kind = meshLink
		cn.accept(l, &frame.Source{Address: meshDiscovery, HasAddress: true, ExpiryPolicy: "session-end"}, &frame.Target{ExpiryPolicy: "session-end"}, limits.MeshCapacity)
	case !a.Target.HasAddress || a.Target.Address == "":
		l.kind = streamingLink // the uplink for whole messages looks the same
		cn.accept(l, answerSource(a.Source), answerTarget(a.Target), limits.LinkCapacity)
	default:
		if cn.attachSender(l) && l.addr != nil {
			cn.retell(l)
		}
	}
}

// accept answers a link of the peer. It reports false when the peer cannot take the answer: then it is refused.
func (cn *Connection) accept(l *link, s *frame.Source, t *frame.Target, capacity uint32) bool {
	cn.keep(l)
	var err error
	cn.peer.Do(func(k *conn.Conn) {
		l.l.User = l
		if err = k.Accept(l.l, s, t, capacity); err != nil {
			l.l.User = nil
		}
	})
	if err != nil {
		delete(cn.links, l.l)
		cn.unattached(l.l.Name, err)
	}
	return err == nil
}

// unattached notes why a link does not come to be.
func (cn *Connection) unattached(name string, err error) {
	cn.core.cfg.Comings.Warn().Uint64("conn", cn.ID).Str("container", cn.remote.ContainerID).Str("host", cn.opts.Host).Str("link", name).Err(err).Msg("link not attached")
}

// attachDownlink makes the edge router known: what is for it by name goes on this link.
func (cn *Connection) attachDownlink(l *link) {
	a := l.l.Peer()
	id := a.Source.Address
	if id == "" || len(id) > limits.MaxNameLen || cn.remote.ContainerID != id {
		cn.refuse(l, "qd:forbidden", "an edge router is known by the id of its container")
		return
	}
	l.addr = cn.core.address("H" + id)
	if !cn.accept(l, answerSource(a.Source), answerTarget(a.Target), 0) {
		cn.core.changed(l.addr)
		return
	}
	l.addr.locals = append(l.addr.locals, l)
	cn.core.changed(l.addr)
	for _, o := range cn.core.conns {
		if o != cn && o.downward() && o.open && o.remote.ContainerID == id && o.superseded.IsZero() {
			o.superseded = time.Now()
		}
	}
}

// supersede takes what an edge router has on a connection out of the address table: it has made another, so that this one is on its way out, or dead
// without that having been seen here. Its streams go on.
func (cn *Connection) supersede() {
	for _, l := range cn.links {
		if l.kind == endpointLink {
			cn.endpointGone(l)
			l.addr = nil
		}
	}
}

// edgeConnection is a connection to the edge router of key k that can carry stream d, although that has no downlink at the moment: it is just changing
// from one connection to another.
func (c *Core) edgeConnection(k string, d *Delivery) *Connection {
	if k[0] != 'H' || !d.stream {
		return nil
	}
	for _, cn := range c.conns {
		if cn.downward() && cn.open && cn.remote.ContainerID == k[1:] {
			return cn
		}
	}
	return nil
}

// attachTracking begins to tell the edge router which of the addresses that it sends to can be reached.
func (cn *Connection) attachTracking(l *link) {
	if cn.tracking != nil {
		cn.refuse(l, "qd:forbidden", "addresses are tracked already")
		return
	}
	a := l.l.Peer()
	l.kind = trackingLink
	if !cn.accept(l, answerSource(a.Source), answerTarget(a.Target), 0) {
		return
	}
	cn.tracking = l
	for _, o := range cn.links {
		if o.kind == endpointLink && o.addr != nil && !o.l.Sender() {
			cn.retell(o)
		}
	}
}

// canSend reports that a message for a from cn has somewhere to go. What only leads back to the edge router does not count.
func (a *Address) canSend(cn *Connection) bool {
	if !cn.downward() {
		return a.reachable
	}
	if len(a.subs)+len(a.consumers) > 0 {
		return true
	}
	e := entry{cn: cn, mesh: cn.mesh}
	for _, l := range a.locals {
		if !e.echo(l.cn) {
			return true
		}
	}
	for _, n := range a.remotes {
		if !n.behind(a, cn.mesh) {
			return true
		}
	}
	return false
}

// retell has an edge router told whether it can send on l, if that is not what it was told last.
func (cn *Connection) retell(l *link) {
	if can := l.addr.canSend(cn); can {
		l.producerCredit(true)
	}
	if !l.listed {
		l.listed = true
		cn.untold = append(cn.untold, l)
	}
	cn.tell()
}

// tell sends what the edge router has not been told, as far as its credit goes. A link whose reachability has changed twice meanwhile is
// no news, so the list has each link once.
func (cn *Connection) tell() {
	t := cn.tracking
	if t == nil || t.dead {
		return
	}
	for len(cn.untold) > 0 {
		l := cn.untold[0]
		if a := l.addr; !l.dead && a != nil && a.canSend(cn) != l.told {
			if !t.trySend(queued{msg: append(cn.core.annotate(message.Annotations{}), tracked(a.Key, !l.told)...), ob: &outbound{}}) {
				return
			}
			l.told = !l.told
		}
		l.listed = false
		cn.untold[0] = nil
		cn.untold = cn.untold[1:]
	}
	cn.untold = nil
}

// tracked is the message that says whether an address can be reached.
func tracked(key string, reachable bool) []byte {
	b, _ := (&message.Message{HasHeader: true}).Append(nil) // a message without values cannot fail
	b, list := wire.BeginList32(wire.AppendDescriptor(b, valueSection))
	b = wire.AppendBool(wire.AppendString(b, key), reachable)
	return wire.EndList32(b, list, 2)
}

// parseTracked reads such a message, without annotations.
func parseTracked(b []byte) (key string, reachable, ok bool) {
	h, _, err := message.ParseHead(b, true)
	if err != nil {
		return "", false, false
	}
	var d wire.Decoder
	d.Reset(b[h.BodyOffset:])
	if d.Descriptor() != valueSection {
		return "", false, false
	}
	count, end := d.List()
	key, reachable = string(d.Text()), d.Bool()
	d.Close(count-2, end)
	return key, reachable, d.Err() == nil && count >= 2
}

// joinMesh notes the mesh id that the edge router on cn tells of itself.
func (cn *Connection) joinMesh(id string) {
	if len(id) != meshLength || id == cn.mesh {
		return
	}
	cn.mesh = id
	for _, l := range cn.links {
		if l.addr != nil {
			cn.core.changed(l.addr)
		}
	}
}

// meshLength is the length of a mesh id, in octets.
const meshLength = 15

// service takes a message for this router's own use from l.
func (c *Core) service(d *Delivery, l *link) {
	body, ok := d.take()
	if !ok { // a stream is none of these
		d.drop(&frame.Rejected{Error: &frame.Error{Condition: "amqp:not-allowed", Description: "whole messages are expected here"}})
		return
	}
	if d.src != nil && !d.settled {
		d.src.Update(&frame.Accepted{}, true)
	}
	switch l.kind {
	case meshLink:
		if h, _, err := message.ParseHead(body, true); err == nil {
			if id, ok := h.AppProperty(meshProperty); ok {
				text, _ := id.(string)
				l.cn.joinMesh(text)
			}
		}
	case trackingLink:
		if key, reachable, ok := parseTracked(body); ok {
			c.trackedAbove(l.cn, key, reachable)
		}
	}
}

// soleMesh is the mesh of the edge routers that are an address' only destinations here, "" when it has others or they are of several.
func (a *Address) soleMesh() string {
	if len(a.consumers) > 0 || len(a.locals) == 0 {
		return ""
	}
	for _, s := range a.subs {
		if s.advertise {
			return ""
		}
	}
	mesh := a.locals[0].cn.mesh
	for _, l := range a.locals {
		if l.cn.mesh != mesh {
			return ""
		}
	}
	return mesh
}
