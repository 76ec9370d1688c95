package core

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Role is what a connection is for; it comes from the listener or connector that made it.
type Role uint8

// The roles, with the numbers that connections tell each other.
const (
	Normal          Role = 0
	InterRouter     Role = 1
	Edge            Role = 3
	InterRouterData Role = 4
)

// String is the name in configuration and management.
func (r Role) String() string {
	switch r {
	case InterRouter:
		return "inter-router"
	case Edge:
		return "edge"
	case InterRouterData:
		return "inter-router-data"
	}
	return "normal"
}

// routerRole reports that messages on such a connection begin with router annotations.
func (r Role) routerRole() bool { return r != Normal }

// Connection is one connection to a peer.
type Connection struct {
	ID   uint64
	core *Core
	work *tasks
	peer *transport.Peer
	opts ConnOptions
	role Role

	open       bool
	since      time.Time
	deliveries uint64    // on its links, as of the last look
	delivered  time.Time // when that had grown; zero: never
	cost       int
	remote     *frame.Open
	links      map[*conn.Link]*link
	linked     uint64         // how many there were so far
	pool       [lanes][]*link // idle streaming links
	least      [lanes]int     // of those, at any time since trimmed
	surplus    [lanes]int     // how many are to be closed
	queued     int            // messages that wait on its links
	octets     int            // of those
	dropped    drops
	paused     bool      // it has so much to settle that nothing more is sent
	toldPause  time.Time // when that was said last
	messages   int       // streaming links for streams without a window, so far
	resting    []restingLink
	trimmed    time.Time
	control    [2]*link // incoming, outgoing
	controlNo  int      // 1-127 once both are up
	data       [10]*link
	dataIn     int
	linksUp    int  // control and data links
	succeeded  bool // by another connection, in the routing protocol
	dataOut    int
	ordinal    uint64    // of the certificates that the dialler used; connections of a higher one take the place of those of a lower one
	lineage    string    // what connections of one connector have in common, "" where that is not known
	unlink     time.Time // when an edge router takes its links off the connection; zero while it needs them
	superseded time.Time // when its edge router made another; zero while it has not
	retiring   bool      // another has taken its place: it ends with its last stream
	quiet      int       // looks at it since then that saw no stream
	groupKey   string
	correlator string
	mesh       string       // of the edge router at the other end
	tracking   *link        // on which it hears about addresses
	untold     []*link      // of which it has not heard yet
	flush      []Outlet     // reader only
	buffered   atomic.Int64 // octets held by deliveries that have no outlet yet
}

// ConnOptions is what is known of a connection before it opens.
type ConnOptions struct {
	Role       Role
	Dialled    bool
	Host       string // ip:port of the peer
	LocalAddr  string
	Cost       int
	Name       string // of the connector or listener
	Correlator string // dialled inter-router connections: joins control and data connections
	Profile    string // sslProfile, "" without TLS
	Ordinal    uint64 // of the profile's certificates
	User       string
	TLSVersion string
	TLSCipher  string
	SASL       string
	Data       bool                      // a dialled data connection
	OnOpen     func(properties wire.Map) // of the peer's open; on the core's goroutine
}

// Serve runs a connection until it is over, here too. It returns why.
func (c *Core) Serve(ctx context.Context, peer *transport.Peer, id uint64, o ConnOptions) error {
	cn := &Connection{ID: id, core: c, work: c.q.tasks(), peer: peer, opts: o, role: o.Role, cost: max(o.Cost, 1), links: map[*conn.Link]*link{}, correlator: o.Correlator}
	if o.Data {
		cn.role = InterRouterData
	}
	cn.do(func() { c.conns[id] = cn })
	err := peer.Run(ctx, cn)
	closed := make(chan struct{})
	cn.do(func() { c.closed(cn); close(closed) })
	select {
	case <-closed:
	case <-c.q.over:
	}
	return err
}

// do has f run on the core's goroutine, after what the connection gave it before. It never blocks.
func (cn *Connection) do(f func()) { cn.core.q.put(cn.work, f) }

// Events gets what the connection reports, on its reader's goroutine: data goes on at once, everything else to the core.
func (cn *Connection) Events(evs []conn.Event) {
	for i := range evs {
		cn.core.q.room(cn.work)
		ev := &evs[i]
		switch ev.Kind {
		case conn.Octets:
			d, _ := ev.In.User.(*Delivery)
			if ev.First {
				d = cn.arrive(ev)
			}
			if d == nil {
				continue
			}
			if o := d.octets(ev.Payload, ev.More, ev.Settled, ev.Aborted); o != nil && (len(cn.flush) == 0 || cn.flush[len(cn.flush)-1] != o) {
				cn.flush = append(cn.flush, o)
			}
		case conn.Outcome:
			if ob, ok := ev.Out.User.(*outbound); ok {
				ob.outcome(ev.State, ev.Settled)
			}
		case conn.SenderUpdate:
			if d, ok := ev.In.User.(*Delivery); ok {
				d.senderUpdate(ev.State, ev.Settled)
			}
		case conn.LinkCredit:
			l, _ := ev.User.(*link)
			if l == nil || l.ready.Load() && !ev.Drain || l.credited.Swap(true) {
				continue // streaming links keep their credit: nothing waits for it
			}
			cn.do(func() { cn.credit(l) })
		default:
			e := *ev
			cn.do(func() { cn.handle(e) })
		}
	}
	for i, o := range cn.flush {
		o.Flush()
		cn.flush[i] = nil
	}
	cn.flush = cn.flush[:0]
	cn.core.q.room(cn.work)
}

// arrive makes the delivery whose first transfer came.
func (cn *Connection) arrive(ev *conn.Event) *Delivery {
	l, _ := ev.Link.User.(*link)
	if l == nil {
		return nil
	}
	l.deliveries.Add(1)
	d := &Delivery{core: cn.core, link: l, settled: ev.Settled}
	if ev.Settled {
		l.presettled.Add(1)
	} else {
		d.open = &unsettled{in: &l.unsettled}
		d.open.begin()
	}
	d.src = &linkSource{cn: cn, in: ev.In, on: l, judged: judged{since: time.Now()}, open: d.open}
	ev.In.User = d
	return d
}

// handle takes an event on the core's goroutine.
func (cn *Connection) handle(ev conn.Event) {
	switch ev.Kind {
	case conn.Opened:
		cn.opened()
	case conn.LinkAttached:
		cn.attached(ev.Link)
	case conn.LinkAnswered:
		if l, ok := ev.Link.User.(*link); ok {
			if a := ev.Link.Peer(); ev.Link.Sender() && a.Target == nil || !ev.Link.Sender() && a.Source == nil {
				return // refused: LinkGone follows
			}
			cn.answered(l)
		}
	case conn.LinkGone:
		if l, ok := ev.Link.User.(*link); ok {
			cn.gone(l)
		}
	}
}

// opened draws the consequences of the peer's open.
func (cn *Connection) opened() {
	c := cn.core
	cn.peer.Do(func(k *conn.Conn) { cn.remote = k.Remote() })
	cn.open, cn.since = true, time.Now()
	if cn.opts.Ordinal < c.oldest[cn.opts.Profile] { // they were revoked while it was made
		c.expire(cn)
	}
	props := cn.remote.Properties
	if v, ok := property(props, "qd.inter-router-cost").(int32); ok {
		cn.cost = max(cn.cost, int(v))
	}
	if v, ok := property(props, "qd.inter-router-role").(int32); ok && v == int32(InterRouterData) && cn.role == InterRouter {
		cn.role = InterRouterData
	}
	if !cn.opts.Dialled {
		if v, ok := property(props, "qd.group-correlator").(string); ok {
			cn.correlator = v[:min(len(v), 15)]
		}
		cn.ordinal, _ = property(props, "qd.group-ordinal").(uint64)
	} else {
		cn.ordinal = cn.opts.Ordinal
	}
	if cn.correlator != "" && (cn.role == InterRouter || cn.role == InterRouterData) {
		cn.lineage = fmt.Sprintf("%t/%s/%s", cn.opts.Dialled, cn.remote.ContainerID, cn.correlator)
		cn.groupKey = fmt.Sprintf("%s/%d", cn.lineage, cn.ordinal)
		g := c.groups[cn.groupKey]
		if g == nil {
			g = &group{}
			c.groups[cn.groupKey] = g
		}
		if cn.role == InterRouter {
			g.control = cn
		} else {
			g.data = append(g.data, cn)
		}
	}
	c.cfg.Comings.Info().Uint64("conn", cn.ID).Str("container", cn.remote.ContainerID).Str("role", cn.role.String()).Str("host", cn.opts.Host).Msg("connection opened")
	if cn.opts.OnOpen != nil {
		cn.opts.OnOpen(cn.remote.Properties)
	}
	if cn.role == InterRouter && cn.opts.Dialled {
		cn.attachRouterLinks()
	}
	if cn.upward() {
		c.addUplink(cn)
	}
}

func property(m wire.Map, key string) any {
	for _, p := range m {
		if k, ok := p.Key.(wire.Symbol); ok && string(k) == key {
			return p.Value
		}
	}
	return nil
}

// attachRouterLinks makes the control pair and the ten data pairs. Their order tells the accepter the priorities: nothing else does.
func (cn *Connection) attachRouterLinks() {
	pair := func(class conn.Class, kind linkKind, capability wire.Symbol, priority int) {
		caps := []wire.Symbol{capability}
		for _, role := range []frame.Role{frame.RoleReceiver, frame.RoleSender} {
			l := &link{cn: cn, kind: kind, priority: priority}
			capacity := uint32(0)
			if role == frame.RoleReceiver {
				capacity = limits.LinkCapacity
			}
			if !cn.make(l, class, role, &frame.Source{ExpiryPolicy: "link-detach", Capabilities: caps}, &frame.Target{ExpiryPolicy: "link-detach", Capabilities: caps}, capacity) {
				return
			}
		}
	}
	pair(conn.ClassControl, controlLink, "qd.router", 0)
	for p := range cn.data {
		pair(conn.ClassData+conn.Class(p), dataLink, "qd.router-data", p)
	}
}

// attached answers a link that the peer made.
func (cn *Connection) attached(kl *conn.Link) {
	a := kl.Peer()
	l := &link{cn: cn, l: kl}
	var capability wire.Symbol
	if kl.Sender() && a.Source != nil && len(a.Source.Capabilities) > 0 {
		capability = a.Source.Capabilities[0]
	}
	if !kl.Sender() && a.Target != nil && len(a.Target.Capabilities) > 0 {
		capability = a.Target.Capabilities[0]
	}
	refuse := func(cond wire.Symbol, text string) {
		cn.peer.Do(func(k *conn.Conn) { k.Refuse(kl, &frame.Error{Condition: cond, Description: text}) })
	}
	switch {
	case capability == "qd.router" || capability == "qd.router-data":
		if cn.role != InterRouter {
			refuse("qd:forbidden", "router links are for inter-router connections only")
			return
		}
		l.kind = dataLink
		if capability == "qd.router" {
			l.kind = controlLink
		} else if n := &cn.dataIn; !kl.Sender() {
			l.priority = *n
			*n++
			if l.priority >= len(cn.data) {
				l.kind, l.priority = streamingLink, 0
			}
		} else {
			l.priority = cn.dataOut
			cn.dataOut++
			if l.priority >= len(cn.data) {
				refuse("qd:forbidden", "there are ten data links already")
				return
			}
		}
	case cn.role == Normal:
		cn.attachEndpoint(l)
		return
	case cn.downward():
		cn.attachEdge(l)
		return
	case !kl.Sender() && (a.Target == nil || !a.Target.HasAddress || a.Target.Address == "") && a.Target != nil && !a.Target.Dynamic:
		l.kind = streamingLink // a streaming link of a data connection or uplink is anonymous
	default:
		refuse("qd:connection-role", "Link attach forbidden on inter-router connection")
		return
	}
	if cn.accept(l, answerSource(a.Source), answerTarget(a.Target), limits.LinkCapacity) {
		cn.routerLinkUp(l)
	}
}

// answerSource and answerTarget are the peer's termini as an accepter gives them back.
func answerSource(s *frame.Source) *frame.Source {
	if s == nil {
		return nil
	}
	r := *s
	r.ExpiryPolicy = "session-end"
	return &r
}

func answerTarget(t *frame.Target) *frame.Target {
	if t == nil {
		return nil
	}
	r := *t
	r.ExpiryPolicy = "session-end"
	return &r
}

// answered is the peer's answer to a link of ours.
func (cn *Connection) answered(l *link) {
	if l.kind == controlLink || l.kind == dataLink {
		cn.routerLinkUp(l)
	}
}

// routerLinkUp notes a control or data link; with both control links the neighbour can be heard.
func (cn *Connection) routerLinkUp(l *link) {
	switch l.kind {
	case dataLink:
		if l.l.Sender() {
			cn.data[l.priority] = l
		}
	case controlLink:
		i := 0
		if l.l.Sender() {
			i = 1
		}
		cn.control[i] = l
	default:
		return
	}
	cn.linksUp++
	if cn.control[0] != nil && cn.control[1] != nil && cn.controlNo == 0 {
		cn.join()
	}
}

// join makes the connection a link of the routing protocol.
func (cn *Connection) join() {
	c := cn.core
	if old := c.predecessor(cn); old != nil {
		// Streams go to it at once: their links, which look like data links, must not come before those.
		if cn.linksUp == 2+2*len(cn.data) {
			c.succeed(old, cn)
		}
		return
	}
	for n := 1; n < len(c.links); n++ {
		if c.links[n] == nil {
			cn.controlNo = n
			c.links[n] = cn
			c.cfg.Control.LinkUp(n, cn.cost, cn.remote.ContainerID)
			return
		}
	}
	c.log.Error().Uint64("conn", cn.ID).Int("limit", len(c.links)-1).Msg("too many inter-router connections")
	cn.peer.Do(func(k *conn.Conn) {
		k.Close(&frame.Error{Condition: "amqp:resource-limit-exceeded", Description: "Exceeded maximum inter-router connection count"})
	})
}

// credit is new credit on a sending link.
func (cn *Connection) credit(l *link) {
	l.credited.Store(false)
	if l.onReady != nil {
		has := false
		cn.peer.Do(func(k *conn.Conn) { has = k.CanSend(l.l) })
		if has {
			f := l.onReady
			l.onReady = nil
			delete(cn.core.waiting, l)
			l.ready.Store(true)
			f(l)
		}
		return
	}
	if l.kind == trackingLink {
		cn.tell()
	}
	l.pump()
}

// gone is the end of a link; its deliveries have been dealt with.
func (cn *Connection) gone(l *link) {
	c := cn.core
	delete(cn.links, l.l)
	l.dead = true
	l.flushLost()
	switch l.kind {
	case controlLink:
		for i := range cn.control {
			if cn.control[i] == l {
				cn.control[i] = nil
			}
		}
		c.controlLost(cn)
	case dataLink:
		if cn.data[l.priority] == l {
			cn.data[l.priority] = nil
		}
	case streamingLink:
		cn.pool[l.lane] = remove(cn.pool[l.lane], l)
		l.fail()
	case endpointLink:
		cn.endpointGone(l)
	case trackingLink, meshLink, edgeLink:
		if cn.tracking == l {
			cn.tracking = nil
		}
		if cn.upward() {
			cn.edgeGone(l)
		}
	}
}

// fail tells whoever waits for the link that it will not come.
func (l *link) fail() {
	delete(l.cn.core.waiting, l)
	if f := l.onReady; f != nil {
		l.onReady = nil
		f(nil)
	}
}

func (c *Core) controlLost(cn *Connection) {
	if cn.controlNo == 0 {
		return
	}
	n := cn.controlNo
	cn.controlNo = 0
	c.links[n] = nil
	c.cfg.Control.LinkLost(n)
	for _, o := range c.conns { // one that was about to take its place
		if o != cn && o.lineage == cn.lineage && o.controlNo == 0 && !o.succeeded && o.control[0] != nil && o.control[1] != nil {
			o.join()
		}
	}
}

// closed is the end of a connection.
func (c *Core) closed(cn *Connection) {
	if cn.upward() {
		c.dropUplink(cn)
	}
	for _, l := range cn.links {
		cn.gone(l)
	}
	c.controlLost(cn)
	if g := c.groups[cn.groupKey]; g != nil {
		g.data = slices.DeleteFunc(g.data, func(o *Connection) bool { return o == cn })
		if g.control == cn {
			g.control = nil
		}
		if g.control == nil && len(g.data) == 0 {
			delete(c.groups, cn.groupKey)
		}
	}
	for _, a := range c.addrs {
		delete(a.outstanding, cn)
	}
	delete(c.conns, cn.ID)
	if cn.open {
		c.cfg.Comings.Info().Uint64("conn", cn.ID).Str("container", cn.remote.ContainerID).Msg("connection closed")
	}
}

// sendControl sends a control message on the connection's control link.
func (cn *Connection) sendControl(msg []byte) {
	if l := cn.control[1]; l != nil && cn.controlNo != 0 {
		l.send(msg, &outbound{presettled: true})
	}
}

// annotate is the annotation section of a message that leaves this router.
func (c *Core) annotate(ann message.Annotations) []byte {
	if c.cfg.Edge { // the interior router fills in where it came from
		ann.HasIngress, ann.Ingress, ann.Trace = false, "", nil
		ann.IngressMesh, ann.HasIngressMesh = c.up.mesh, true
		return ann.Append(nil)
	}
	self := "0/" + c.cfg.ID
	if !ann.HasIngress {
		ann.Ingress, ann.HasIngress = self, true
	}
	ann.Trace = append(slices.Clip(ann.Trace), self)
	return ann.Append(nil)
}
