package core

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

type linkKind uint8

const (
	endpointLink linkKind = iota
	controlLink
	dataLink
	streamingLink
	edgeLink     // of an edge router to its interior router
	meshLink     // on which an edge router tells its mesh id
	trackingLink // on which it hears what can be reached
)

// String is the name in management.
func (k linkKind) String() string {
	return [...]string{"endpoint", "router-control", "inter-router", "inter-router", "endpoint", "endpoint", "endpoint"}[k]
}

// link is a link of a connection as the core sees it.
type link struct {
	cn       *Connection
	l        *conn.Link
	nth      uint64 // of the connection's, in the order in which they came
	kind     linkKind
	lane     lane // of a streaming link of ours
	priority int
	target   string // of an incoming endpoint link: where its messages go; constant once it has credit
	anon     bool   // incoming without target
	addr     *Address
	// queue has messages that wait for credit, queued their octets.
	queue   []queued
	octets  int
	asked   bool // to be told when the connection has room
	onReady func(*link)
	busy    bool // a stream is on its way to a client
	dead    bool // the end of the link is known here
	told    bool // of a sender at an edge router: what that has heard of the address
	listed  bool // and that it is to hear of it

	ready    atomic.Bool // streaming link that has had credit
	credited atomic.Bool // the core is about to look at new credit

	deliveries, presettled, dropped atomic.Uint64
	unsettled, moved                atomic.Int64
	entered                         map[string]*atomic.Uint64 // by the id of the router where they entered the network, "" for this one
	outcomes                        outcomes
	rate                            rate
	broke                           time.Time // since when there is no credit, as of the last look; zero while there is
}

// make attaches a link of ours. It reports false when that cannot be, because the connection is over or because of a limit of the peer's.
func (cn *Connection) make(l *link, class conn.Class, role frame.Role, s *frame.Source, t *frame.Target, capacity uint32) bool {
	name, open := "qdlink."+Discriminator(), false
	var err error
	cn.peer.Do(func(k *conn.Conn) {
		if open = k.Open(); open {
			l.l, err = k.OpenLink(class, name, role, s, t, capacity, l)
		}
	})
	if err != nil {
		cn.unattached(name, err)
	}
	if l.l == nil {
		return false
	}
	cn.keep(l)
	return true
}

// keep adds a link to those of the connection.
func (cn *Connection) keep(l *link) {
	cn.linked++
	l.nth = cn.linked
	cn.links[l.l] = l
}

// inOrder is the connection's links, the oldest first: who reads them page by page finds none twice, and misses none that stays.
func (cn *Connection) inOrder() []*link {
	return slices.SortedFunc(maps.Values(cn.links), func(a, b *link) int { return cmp.Compare(a.nth, b.nth) })
}

// queued is a message with what becomes of it: whole, or a stream.
type queued struct {
	msg []byte
	d   *Delivery // of a stream
	ob  *outbound
}

// refuse gives the message back.
func (q queued) refuse() {
	q.ob.undone()
	switch {
	case q.d != nil:
		q.d.drop(&frame.Released{})
	case q.ob.src != nil && !q.ob.presettled:
		q.ob.src.Update(&frame.Released{}, true)
	}
}

// outbound is the other side of an outgoing delivery; it hangs at conn.OutDelivery.User.
type outbound struct {
	src        Source // nil: nobody wants the outcome
	presettled bool
	ledger
	acked    atomic.Uint64 // octets of a stream that its receiver has taken
	link     *link         // of a stream
	on       *link         // that it left on
	open     *unsettled    // there
	said     judged
	progress atomic.Uint32 // of a stream: what of the following has happened
}

const (
	streamEnded    = 1 << iota // by its sender
	streamSettled              // by its receiver
	streamReleased             // its link is free for another
)

// release has f take the link back, once.
func (o *outbound) release(f func()) {
	if o.link != nil && o.progress.Or(streamReleased)&streamReleased == 0 {
		o.link.cn.do(f)
	}
}

// outcome passes on what the receiver said.
func (o *outbound) outcome(state frame.DeliveryState, settled bool) {
	if st, ok := state.(*frame.Received); ok {
		o.acked.Store(st.SectionOffset)
	}
	if settled || state != nil && frame.Terminal(state) {
		o.acked.Store(1 << 62) // no window any more
		o.done()
		o.open.end()
	}
	if o.on != nil {
		o.said.count(state, &o.on.outcomes)
	}
	if settled && o.link != nil && o.progress.Or(streamSettled)&streamEnded != 0 {
		o.release(o.link.free)
	}
	if o.src != nil {
		o.src.Update(state, settled)
	}
}

// track has the delivery counted as unsettled on l, once it begins there.
func (o *outbound) track(l *link) {
	if !o.presettled {
		o.open = &unsettled{in: &l.unsettled}
	}
}

// send sends a whole message or queues it until the receiver gives credit.
func (l *link) send(msg []byte, ob *outbound) { l.put(queued{msg: msg, ob: ob}) }

func (l *link) put(q queued) {
	if q.d == nil {
		q.ob.said.since = time.Now()
	}
	switch {
	case !l.dead && len(l.queue) == 0 && l.trySend(q):
	case l.dead:
		q.refuse()
	case !l.room(q):
		l.drop(q)
	default:
		l.queue = append(l.queue, q)
		l.queued(1, len(q.msg))
	}
}

func (l *link) trySend(q queued) (sent bool) {
	if l.busy {
		return false
	}
	if q.d != nil {
		o := l.newOutlet(q.ob, q.d.ann.Flags)
		if o == nil {
			return false
		}
		l.busy = l.kind == endpointLink
		if !q.d.bind(o, nil, q.d.body) {
			q.ob.done()
		}
		return true
	}
	full, paused := false, false
	q.ob.on = l
	q.ob.track(l)
	l.cn.peer.Do(func(c *conn.Conn) {
		if full = l.kind == endpointLink && c.Congested(l.l); full {
			return // a client may give more credit than it can take messages
		}
		if od := c.NewDelivery(l.l, q.ob.presettled, q.ob); od != nil {
			sent = true
			q.ob.open.begin() // before anybody can say what becomes of it
			c.Send(od, q.msg, false)
		}
		paused = !sent && c.Paused()
	})
	l.cn.paused = l.cn.paused || paused
	if full && !l.asked {
		l.asked = true
		l.cn.peer.WhenRoom(l.l, func() { l.cn.do(func() { l.asked = false; l.pump() }) })
	}
	if sent {
		l.deliveries.Add(1)
		if q.ob.presettled {
			l.presettled.Add(1)
			q.ob.done()
		}
	}
	return sent
}

// pump sends what waited for credit.
func (l *link) pump() {
	if l.dead {
		return
	}
	n := 0
	for n < len(l.queue) && l.trySend(l.queue[n]) {
		l.queued(-1, -len(l.queue[n].msg))
		l.queue[n] = queued{}
		n++
	}
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	l.cn.peer.Do(func(c *conn.Conn) {
		if len(l.queue) == 0 || c.Paused() { // who drains may want to settle after that
			c.Drained(l.l)
		}
	})
}

// queued counts messages that wait, and their octets.
func (l *link) queued(n, octets int) {
	l.octets += octets
	l.cn.queued += n
	l.cn.octets += octets
}

// room makes room for another message that has to wait. Of those that nobody wants an outcome of, as copies for several receivers, the oldest gives way,
// as at other routers; there is no room when there is none.
func (l *link) room(q queued) bool {
	for len(l.queue) > 0 && (len(l.queue) >= limits.MaxQueued || l.octets+len(q.msg) > limits.MaxQueuedOctets || l.cn.crowded(len(q.msg))) {
		i := -1
		if q.ob.presettled {
			i = slices.IndexFunc(l.queue, func(w queued) bool { return w.d == nil && w.ob.presettled })
		}
		if i < 0 {
			return false
		}
		old := l.queue[i]
		l.queue = slices.Delete(l.queue, i, i+1)
		l.queued(-1, -len(old.msg))
		l.drop(old)
	}
	return len(l.queue) > 0 || !l.cn.crowded(len(q.msg))
}

// drop gives up a message whose receiver does not take what it is sent.
func (l *link) drop(q queued) {
	if q.ob.presettled {
		l.dropped.Add(1)
		l.cn.core.stats.DroppedPresettled++
	}
	l.cn.dropped.note(l)
	q.refuse()
}

// crowded reports that a message of n octets more may not wait on any link of the connection.
func (cn *Connection) crowded(n int) bool {
	return cn.queued >= limits.MaxQueuedOfAll || cn.queued > 0 && cn.octets+n > limits.MaxQueuedOctetsOfAll
}

// flushLost gives back what never left.
func (l *link) flushLost() {
	lost := l.queue
	l.queued(-len(lost), -l.octets)
	l.queue = nil
	for _, q := range lost {
		q.refuse()
	}
}

// producerCredit gives an endpoint credit while its address has destinations.
func (l *link) producerCredit(reachable bool) {
	if !reachable {
		return
	}
	l.cn.peer.Do(func(c *conn.Conn) { c.SetCapacity(l.l, limits.LinkCapacity) })
}

// linkSource is a delivery that came in on a connection.
type linkSource struct {
	cn *Connection
	in *conn.InDelivery
	on *link
	judged
	open *unsettled // in the count of on
	// Why the sender of a stream without a window has to wait: the stream has no outlet yet, or that is full.
	unbound, full atomic.Bool
}

// hold and release keep the sender waiting in between. They may be called with the delivery's lock held.
func (s *linkSource) hold()    { s.cn.peer.Do(func(c *conn.Conn) { c.Hold(s.in.Link) }) }
func (s *linkSource) release() { s.cn.peer.Do(func(c *conn.Conn) { c.Release(s.in.Link) }) }

// shared reports that holding does not keep it waiting.
func (s *linkSource) shared() (yes bool) {
	s.cn.peer.Do(func(c *conn.Conn) { yes = c.Shared(s.in.Link) })
	return yes
}

// Update passes the word on to the sender.
func (s *linkSource) Update(state frame.DeliveryState, settled bool) {
	s.count(state, &s.cn.core.outcomes, &s.on.outcomes)
	if settled || state != nil && frame.Terminal(state) {
		s.open.end()
	}
	s.cn.peer.Update(s.in, state, settled)
}
