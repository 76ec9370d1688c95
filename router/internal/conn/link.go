package conn

import (
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Link is one link (AMQP 2.6). Its fields are read by the owner of the connection only, except Name, which never changes.
type Link struct {
	Name string
	// User belongs to the receiver of the events: set it before granting credit or sending.
	User any

	s        *Session
	sender   bool   // we send
	handle   uint32 // ours
	remote   uint32 // the peer's
	attached bool   // the peer's attach is here
	answered bool   // our attach is out
	detached bool   // our detach is out
	gone     bool
	drain    bool
	count    uint32 // delivery-count
	credit   uint32
	capacity uint32 // receiver: what credit is topped up to; 0 leaves it to the user
	cur      *InDelivery
	fresh    *OutDelivery // made, but nothing of it was sent yet
	late     bool         // our detach is held back
	paused   bool         // had something to send while the connection was paused
	peer     *frame.Attach
	size     int // octets of peer

	bySettlement bool
	unsettled    uint32 // incoming deliveries that are not settled, counted when bySettlement is set
}

// Sender reports that this side sends on the link.
func (l *Link) Sender() bool { return l.sender }

// Peer is the peer's attach, nil before it arrived.
func (l *Link) Peer() *frame.Attach { return l.peer }

// Credit is how many deliveries may still be sent, or may still arrive.
func (l *Link) Credit() uint32 { return l.credit }

// Draining reports that the peer wants the credit used or given back.
func (l *Link) Draining() bool { return l.drain }

// Gone reports that the link is over.
func (l *Link) Gone() bool { return l.gone }

// Conn is the connection of the link.
func (l *Link) Conn() *Conn { return l.s.c }

func (c *Conn) addLink(s *Session, l *Link) error {
	if c.links >= limits.MaxLinks {
		return fmt.Errorf("the connection has %d links already", c.links)
	}
	at := uint32(len(s.links))
	if n := len(s.free); n > 0 {
		at = s.free[n-1]
		s.free = s.free[:n-1]
	} else {
		if at > s.peerMax {
			return fmt.Errorf("the peer allows no handle above %d", s.peerMax)
		}
		s.links = append(s.links, nil)
	}
	l.s, l.handle = s, at
	s.links[at] = l
	c.links++
	return nil
}

// awaitingKey tells links of one name but opposite roles apart, which AMQP 2.6.1 allows.
func awaitingKey(sender bool, name string) string {
	if sender {
		return "s" + name
	}
	return "r" + name
}

// OpenLink attaches a link of ours in the session of that class. capacity is the credit that a receiver keeps its peer topped up with. Nothing has happened
// when it returns an error, as it does for an attach that the peer cannot take.
func (c *Conn) OpenLink(class Class, name string, role frame.Role, src *frame.Source, tgt *frame.Target, capacity uint32, user any) (*Link, error) {
	if c.phase != open {
		return nil, fmt.Errorf("the connection is not open")
	}
	s, err := c.session(class)
	if err != nil {
		return nil, err
	}
	l := &Link{Name: name, User: user, sender: role == frame.RoleSender, capacity: capacity, answered: true}
	if err := c.addLink(s, l); err != nil {
		return nil, err
	}
	s.awaiting[awaitingKey(l.sender, name)] = l
	a := &frame.Attach{Name: name, Handle: l.handle, Role: role, SndSettleMode: 2, Source: src, Target: tgt}
	if l.sender {
		zero := uint32(0)
		a.InitialDeliveryCount = &zero
	}
	if err := c.trySend(s.channel, a); err != nil {
		delete(s.awaiting, awaitingKey(l.sender, name))
		s.drop(l)
		return nil, err
	}
	return l, nil
}

// drop takes a link out of its session.
func (s *Session) drop(l *Link) {
	l.gone = true
	s.links[l.handle] = nil
	if !l.late { // else the handle is still in use, for the peer
		s.free = append(s.free, l.handle)
	}
	s.c.links--
}

// forget ends the book-keeping of an incoming delivery.
func (d *InDelivery) forget() {
	if d.gone {
		return
	}
	d.gone = true
	delete(d.Link.s.in, d.ID)
	if l := d.Link; l.bySettlement && l.unsettled > 0 {
		l.unsettled--
		l.topUp()
	}
}

// Accept answers a link of the peer. Without capacity a receiver grants nothing until [Conn.Grant]. When the peer cannot take the answer the link is refused,
// and the error says so.
func (c *Conn) Accept(l *Link, src *frame.Source, tgt *frame.Target, capacity uint32) error {
	if l.gone || l.answered || c.phase != open {
		return nil
	}
	if err := c.trySend(l.s.channel, l.answer(src, tgt)); err != nil {
		c.Refuse(l, &frame.Error{Condition: tooSmall, Description: err.Error()})
		return err
	}
	l.answered, l.capacity = true, capacity
	if !l.sender && capacity > 0 {
		c.Grant(l, capacity)
	}
	return nil
}

// answer is our attach for a link of the peer.
func (l *Link) answer(src *frame.Source, tgt *frame.Target) *frame.Attach {
	a := &frame.Attach{Name: l.Name, Handle: l.handle, Role: frame.RoleReceiver, SndSettleMode: l.peer.SndSettleMode, Source: src, Target: tgt}
	if l.sender {
		a.Role = frame.RoleSender
		zero := uint32(0)
		a.InitialDeliveryCount = &zero
	}
	return a
}

// Refuse answers a link of the peer with a null terminus and a detach (AMQP 2.6.3).
func (c *Conn) Refuse(l *Link, e *frame.Error) {
	if l.gone || l.answered || c.phase != open {
		return
	}
	l.answered = true
	c.send(l.s.channel, l.answer(nil, nil))
	c.Detach(l, e)
}

// Detach closes the link; the peer's answer, or the end of the connection, brings LinkGone.
func (c *Conn) Detach(l *Link, e *frame.Error) {
	if l.gone || l.detached || c.phase != open {
		return
	}
	l.detached = true
	d := &frame.Detach{Handle: l.handle, Closed: true, Error: e}
	if l.sender {
		l.s.sendBehind(d, l)
	} else {
		c.send(l.s.channel, d)
	}
}

// Grant sets the credit of a receiving link.
func (c *Conn) Grant(l *Link, credit uint32) {
	if l.gone || l.detached || l.sender || c.phase != open {
		return
	}
	l.credit = credit
	l.s.sendFlow(l)
}

// topUp gives back the credit of a completed delivery.
func (l *Link) topUp() {
	want := l.capacity - min(l.unsettled, l.capacity)
	if l.credit < max(l.capacity*3/4, 1) && want > l.credit && !l.detached {
		l.s.c.Grant(l, want)
	}
}

// Drained gives the unused credit of a draining link back (AMQP 2.6.7).
func (c *Conn) Drained(l *Link) {
	if l.gone || l.detached || !l.sender || !l.drain || l.fresh != nil || c.phase != open {
		return
	}
	l.count += l.credit
	l.credit = 0
	l.s.sendFlow(l)
	l.drain = false
}

func (c *Conn) onAttach(channel uint16, a *frame.Attach, size int, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("attach on channel %d, which has not begun", channel))
	}
	if len(a.Name) > limits.MaxNameLen {
		return c.fail(evs, "amqp:invalid-field", "link name is too long")
	}
	if s.byRemote[a.Handle] != nil {
		return c.fail(evs, "amqp:session:handle-in-use", fmt.Sprintf("handle %d is attached already", a.Handle))
	}
	if a.Handle > limits.HandleMax {
		return c.fail(evs, "amqp:connection:framing-error", fmt.Sprintf("handle %d, at most %d is allowed", a.Handle, uint32(limits.HandleMax)))
	}
	if c.attached += size; c.attached > limits.MaxAttached {
		return c.fail(evs, "amqp:resource-limit-exceeded", fmt.Sprintf("the links of the connection take more than %d octets", limits.MaxAttached))
	}
	a.Unsettled, a.Properties = nil, nil // nobody looks at them
	weSend := a.Role == frame.RoleReceiver
	key := awaitingKey(weSend, a.Name)
	l := s.awaiting[key]
	delete(s.awaiting, key)
	ours := l != nil
	if l == nil {
		l = &Link{Name: a.Name, sender: weSend}
		if err := c.addLink(s, l); err != nil {
			return c.fail(evs, "amqp:resource-limit-exceeded", err.Error())
		}
	}
	l.attached, l.remote, l.peer, l.size = true, a.Handle, a, size
	if !weSend && a.InitialDeliveryCount != nil {
		l.count = *a.InitialDeliveryCount
	}
	s.byRemote[a.Handle] = l
	if !ours {
		return append(evs, Event{Kind: LinkAttached, Link: l})
	}
	refused := weSend && a.Target == nil || !weSend && a.Source == nil // a detach follows
	if !weSend && l.capacity > 0 && !refused {
		c.Grant(l, l.capacity)
	}
	return append(evs, Event{Kind: LinkAnswered, Link: l})
}

func (c *Conn) onDetach(channel uint16, d *frame.Detach, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("detach on channel %d, which has not begun", channel))
	}
	l := s.byRemote[d.Handle]
	if l == nil {
		return c.fail(evs, "amqp:session:unattached-handle", fmt.Sprintf("detach of handle %d, which is not attached", d.Handle))
	}
	if !d.Closed {
		return c.fail(evs, "amqp:not-implemented", "Link detach/reattach not supported")
	}
	if !l.answered {
		l.answered = true
		c.send(s.channel, l.answer(nil, nil))
	}
	c.Detach(l, nil)
	evs = l.lost(d.Error, evs)
	delete(s.byRemote, l.remote)
	s.drop(l)
	c.attached -= l.size
	return evs
}

// onFlow takes the peer's view of a link (AMQP 2.6.7).
func (l *Link) onFlow(f *frame.Flow, evs []Event) []Event {
	if l.sender {
		if f.LinkCredit != nil {
			count := uint32(0)
			if f.DeliveryCount != nil {
				count = *f.DeliveryCount
			}
			l.credit = remaining(*f.LinkCredit, l.count-count)
		}
		l.drain = f.Drain
		if f.Echo {
			l.s.sendFlow(l)
		}
		return append(evs, Event{Kind: LinkCredit, Link: l, User: l.User, Drain: l.drain})
	}
	if f.DeliveryCount != nil { // credit that the peer gave back
		if used := *f.DeliveryCount - l.count; int32(used) > 0 {
			l.count = *f.DeliveryCount
			l.credit -= min(used, l.credit)
			l.topUp()
		}
	}
	if f.Echo {
		l.s.sendFlow(l)
	}
	return evs
}

// lost reports what becomes of the deliveries and then the link's end.
func (l *Link) lost(err *frame.Error, evs []Event) []Event {
	if l.gone {
		return evs
	}
	evs = l.s.lostDeliveries(l, evs)
	l.gone = true
	if l.paused {
		c := l.s.c
		c.paused = slices.DeleteFunc(c.paused, func(o *Link) bool { return o == l })
	}
	return append(evs, Event{Kind: LinkGone, Link: l, Err: err})
}

// lostDeliveries reports the end of the deliveries of only, or of all links: incoming ones that are incomplete are aborted, outgoing ones are
// RELEASED when they had not been sent to the end and MODIFIED with delivery-failed when they had.
func (s *Session) lostDeliveries(only *Link, evs []Event) []Event {
	for id, d := range s.in {
		if l := d.Link; only == nil || l == only {
			delete(s.in, id)
			d.gone = true
			if d != l.cur {
				evs = append(evs, Event{Kind: SenderUpdate, Link: l, In: d, Settled: true})
			}
		}
	}
	for id, d := range s.out {
		if l := d.Link; only == nil || l == only {
			s.settled(id)
			evs = d.lost(evs)
		}
	}
	links := s.links
	if only != nil {
		links = []*Link{only}
	}
	for _, l := range links {
		if l == nil {
			continue
		}
		if d := l.cur; d != nil { // it may have been settled, but its end has not come
			l.cur, d.gone = nil, true
			d.endStream()
			evs = append(evs, Event{Kind: Octets, Link: l, In: d, Aborted: true, Settled: true})
		}
		if d := l.fresh; d != nil {
			l.fresh = nil
			evs = d.lost(evs)
		}
	}
	return evs
}

func (d *OutDelivery) lost(evs []Event) []Event {
	d.forgotten = true
	var st frame.DeliveryState = &frame.Released{}
	if d.ended {
		st = &frame.Modified{DeliveryFailed: true}
	}
	return append(evs, Event{Kind: Outcome, Link: d.Link, Out: d, State: st, Settled: true})
}

// SetCapacity changes what a receiving link is topped up to, and grants it.
func (c *Conn) SetCapacity(l *Link, capacity uint32) {
	if l.sender || l.capacity == capacity {
		return
	}
	l.capacity = capacity
	if capacity > 0 {
		c.Grant(l, capacity-min(l.unsettled, capacity))
	}
}

// BySettlement makes the credit of a receiving link come back when its deliveries are settled, not already when they have arrived:
// so an endpoint can have no more than the capacity unsettled.
func (c *Conn) BySettlement(l *Link) { l.bySettlement = true }
