package conn

import (
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Class names the sessions that this side makes. Links of one class share a session and so a window.
type Class uint8

// The classes of a router: data links have a session for each priority, all streaming links share one.
const (
	ClassEndpoint Class = iota
	ClassControl
	ClassStreaming
	ClassData // plus the priority, 0-9
	// ClassMessages is for streams without a window of their own, which wait for each other when one of their receivers is slow: plus a number
	// below Lanes.
	ClassMessages = ClassData + 10
)

// Lanes is how many sessions streams without a window are spread over.
const Lanes = 8

// held is output that the peer's session window does not allow yet: whole transfer frames, and others that must not come before those.
type held struct {
	k         *chunk.Chunk
	frames    []heldFrame
	transfers int // of the frames
}

type heldFrame struct {
	size  int   // octets
	other bool  // it is none of transfer
	ends  *Link // that is detached by it
}

// Session is one session (AMQP 2.5).
type Session struct {
	c         *Conn
	channel   uint16           // ours
	remote    uint16           // the peer's
	begun     bool             // the peer's begin is here
	ended     bool             // our end is out
	over      bool             // on either side: its links are gone
	nextOut   uint32           // transfer-id of the next transfer out
	window    uint32           // transfers that the peer still takes
	nextIn    uint32           // transfer-id of the next transfer in
	inWindow  uint32           // transfers that we still take, as we said last
	slack     uint32           // and those that may be on their way because we said more before
	nextID    uint32           // delivery-id of the next delivery out
	peerMax   uint32           // highest handle that the peer allows
	links     []*Link          // by our handle; nil is free
	free      []uint32         // free handles below len(links)
	awaiting  map[string]*Link // ours that the peer has not answered, by role and name
	byRemote  map[uint32]*Link
	out       map[uint32]*OutDelivery
	in        map[uint32]*InDelivery
	held      []held
	waiting   int // octets in held
	behind    int // of those, of frames that are none of transfer
	windowSet bool
	windowed  int  // deliveries coming in that have a window of their own
	messages  int  // streams coming in that have none
	holds     int  // of [Conn.Hold]
	dry       bool // the window was not opened again when it was time
}

// session returns our session of that class and makes it when there is none.
func (c *Conn) session(class Class) (*Session, error) {
	if s := c.classes[class]; s != nil {
		return s, nil
	}
	s, err := c.newSession()
	if err != nil {
		return nil, err
	}
	c.classes[class] = s
	c.send(s.channel, &frame.Begin{IncomingWindow: s.inWindow, OutgoingWindow: limits.OutgoingWindow, HandleMax: limits.HandleMax})
	return s, nil
}

func (c *Conn) newSession() (*Session, error) {
	limit := min(int(c.cfg.ChannelMax)+1, limits.MaxSessions)
	if c.remote != nil && c.remote.HasChannelMax {
		limit = min(limit, int(c.remote.ChannelMax)+1)
	}
	at := -1
	for i, s := range c.local {
		if s == nil {
			at = i
			break
		}
	}
	if at < 0 {
		if len(c.local) >= limit {
			return nil, fmt.Errorf("no free channel, all %d are in use", limit)
		}
		at = len(c.local)
		c.local = append(c.local, nil)
	}
	s := &Session{
		c: c, channel: uint16(at), inWindow: c.cfg.MessageWindow, peerMax: limits.HandleMax,
		awaiting: map[string]*Link{}, byRemote: map[uint32]*Link{}, out: map[uint32]*OutDelivery{}, in: map[uint32]*InDelivery{},
	}
	c.local[at] = s
	return s, nil
}

func (c *Conn) onBegin(channel uint16, b *frame.Begin, evs []Event) []Event {
	if channel > c.cfg.ChannelMax {
		return c.fail(evs, "amqp:not-allowed", fmt.Sprintf("channel %d, at most %d is allowed", channel, c.cfg.ChannelMax))
	}
	if c.sessions[channel] != nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("channel %d has begun already", channel))
	}
	var s *Session
	if b.RemoteChannel != nil {
		if int(*b.RemoteChannel) < len(c.local) {
			s = c.local[*b.RemoteChannel]
		}
		if s == nil || s.begun {
			return c.fail(evs, "amqp:invalid-field", fmt.Sprintf("begin answers channel %d, which waits for none", *b.RemoteChannel))
		}
	} else {
		var err error
		if s, err = c.newSession(); err != nil {
			return c.fail(evs, "amqp:resource-limit-exceeded", err.Error())
		}
		c.send(s.channel, &frame.Begin{
			RemoteChannel: &channel, IncomingWindow: s.inWindow, OutgoingWindow: limits.OutgoingWindow, HandleMax: limits.HandleMax,
		})
	}
	s.begun, s.remote = true, channel
	s.nextIn = b.NextOutgoingID
	if !s.windowSet {
		s.window = b.IncomingWindow
		s.windowSet = true
	}
	s.peerMax = min(b.HandleMax, limits.HandleMax)
	c.sessions[channel] = s
	s.release()
	return evs
}

func (c *Conn) onEnd(channel uint16, e *frame.End, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("end on channel %d, which has not begun", channel))
	}
	evs = s.lost(e.Error, evs)
	if !s.ended {
		s.ended = true
		c.send(s.channel, &frame.End{})
	}
	delete(c.sessions, channel)
	c.local[s.channel] = nil
	for k, v := range c.classes {
		if v == s {
			delete(c.classes, k)
		}
	}
	s.dropHeld()
	return evs
}

// lost reports the end of every link.
func (s *Session) lost(err *frame.Error, evs []Event) []Event {
	evs = s.lostDeliveries(nil, evs)
	for _, l := range s.links {
		if l != nil {
			evs = l.lost(err, evs)
			s.c.links--
			s.c.attached -= l.size
		}
	}
	s.links, s.free, s.over = nil, nil, true
	return evs
}

// onFlow handles session and link flow (AMQP 2.5.6, 2.6.7).
func (c *Conn) onFlow(channel uint16, f *frame.Flow, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("flow on channel %d, which has not begun", channel))
	}
	next := uint32(0) // AMQP 2.7.4: without next-incoming-id our initial outgoing id counts, which is 0
	if f.NextIncomingID != nil {
		next = *f.NextIncomingID
	}
	s.window = remaining(f.IncomingWindow, s.nextOut-next)
	s.windowSet = true
	s.release()
	if f.Handle == nil {
		if f.Echo {
			s.sendFlow(nil)
		}
		return evs
	}
	l := s.byRemote[*f.Handle]
	if l == nil {
		return c.fail(evs, "amqp:session:unattached-handle", fmt.Sprintf("flow for handle %d, which is not attached", *f.Handle))
	}
	return l.onFlow(f, evs)
}

// sendFlow sends the session's state, with that of l when it is not nil.
func (s *Session) sendFlow(l *Link) {
	if s.ended { // AMQP 2.5.4: nothing follows an end
		return
	}
	f := &frame.Flow{IncomingWindow: s.inWindow, NextOutgoingID: s.nextOut, OutgoingWindow: limits.OutgoingWindow}
	if s.begun {
		next := s.nextIn
		f.NextIncomingID = &next
	}
	if l != nil {
		f.Handle, f.DeliveryCount, f.LinkCredit = &l.handle, &l.count, &l.credit
		if l.sender {
			zero := uint32(0)
			f.Available = &zero
			f.Drain = l.drain // AMQP 2.7.4: a sender repeats what the receiver asked for
		}
	}
	if l != nil && l.sender {
		s.sendBehind(f, nil)
	} else {
		s.c.send(s.channel, f)
	}
}

// took counts one transfer in and opens the window again when half of it is used.
func (s *Session) took() bool {
	switch {
	case s.inWindow > 0:
		s.inWindow--
	case s.slack > 0:
		s.slack--
	default:
		return false
	}
	s.nextIn++
	if s.inWindow <= s.full()/2 { // a window of 1, too, is opened again
		s.reopen()
	}
	return true
}

// remaining is what is left of a grant of which used was sent since the peer gave it: the sequence arithmetic of RFC 1982 for used, because
// the grant itself may be any number.
func remaining(grant, used uint32) uint32 {
	if int32(used) < 0 { // the peer counts what we have not sent
		used = 0
	}
	return grant - min(grant, used)
}

// release sends what was held back, as far as the window goes.
func (s *Session) release() {
	n := 0
	for ; n < len(s.held); n++ {
		h := &s.held[n]
		if uint64(h.transfers) > uint64(s.window) {
			s.releasePart(h)
			break
		}
		s.advance(h.transfers)
		s.c.out = append(s.c.out, h.k)
		s.kept(h.k.Start - h.k.End)
		for _, f := range h.frames {
			s.left(f)
		}
	}
	if n > 0 {
		s.held = slices.Delete(s.held, 0, n)
	}
}

// releasePart sends as many frames of h as the window allows.
func (s *Session) releasePart(h *held) {
	for {
		f := h.frames[0]
		if !f.other {
			if s.window == 0 {
				return
			}
			s.advance(1)
			h.transfers--
		}
		h.frames = h.frames[1:]
		s.c.room(f.size).Append(h.k.B[h.k.Start : h.k.Start+f.size])
		h.k.Start += f.size
		s.kept(-f.size)
		s.left(f)
	}
}

// left notes that a frame has left that was held back.
func (s *Session) left(f heldFrame) {
	if f.other {
		s.behind -= f.size
	}
	if l := f.ends; l != nil {
		if l.late = false; l.gone && !s.over {
			s.free = append(s.free, l.handle)
		}
	}
}

// advance counts transfers that leave.
func (s *Session) advance(n int) {
	s.window -= uint32(n)
	s.nextOut += uint32(n)
}

// hold keeps one frame back, in two parts; small ones share a chunk.
func (s *Session) hold(f heldFrame, head, p []byte) {
	f.size = len(head) + len(p)
	if len(s.held) == 0 || s.held[len(s.held)-1].k.Room() < f.size {
		s.held = append(s.held, held{k: s.c.cfg.Chunks.Get()})
	}
	h := &s.held[len(s.held)-1]
	h.k.Append(head)
	h.k.Append(p)
	h.frames = append(h.frames, f)
	if !f.other {
		h.transfers++
	}
	s.kept(f.size)
}

// sendBehind sends a frame about a link on which we send, or about what was sent on it: not before transfers that are held back, or else the peer would get
// those on a link that has ended, with a credit that was given back, or after it has forgotten them. ends is the link that the frame detaches.
func (s *Session) sendBehind(p frame.Performative, ends *Link) {
	if len(s.held) == 0 {
		s.c.send(s.channel, p)
		return
	}
	b, err := s.c.encode(nil, s.channel, p)
	if err != nil || len(b) > chunk.Size {
		s.c.Close(&frame.Error{Condition: tooSmall, Description: fmt.Sprintf("%s of %d octets: %v", frame.Name(p.Code()), len(b), err)})
		return
	}
	if s.behind += len(b); s.behind > limits.MaxAnswers { // a peer may ask for flows for ever
		s.c.Close(&frame.Error{Condition: "amqp:resource-limit-exceeded", Description: fmt.Sprintf("more than %d octets of answers wait for the session window", limits.MaxAnswers)})
		return
	}
	s.c.outBytes += len(b)
	s.hold(heldFrame{other: true, ends: ends}, b, nil)
	if ends != nil {
		ends.late = true
	}
}

// kept counts what is held back.
func (s *Session) kept(n int) {
	s.waiting += n
	s.c.held += n
}

// dropHeld frees what can never leave.
func (s *Session) dropHeld() {
	for _, h := range s.held {
		s.c.outBytes -= h.k.End - h.k.Start
		s.kept(h.k.Start - h.k.End)
		s.c.cfg.Chunks.Put(h.k)
	}
	s.held = nil
}
