package core

import (
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
)

// Source is where a delivery came from. Its method is called from any goroutine, in no particular order after a settled call, and must not block.
type Source interface {
	// Update brings progress (RECEIVED) or the outcome. settled: whoever said it forgets the delivery.
	Update(state frame.DeliveryState, settled bool)
}

// Outlet is where a delivery goes. Write, WriteChunk, End and Abort are called by one goroutine at a time, in the order of the octets.
type Outlet interface {
	// Write takes octets; p stays valid until Flush. It never blocks.
	Write(p []byte)
	// Flush ends a batch of Writes.
	Flush()
	// Layout is how WriteChunk wants octets laid out: in slots of size slot whose first head octets are free.
	Layout() (head, slot int)
	// WriteChunk takes n octets laid out in k, and k.
	WriteChunk(k *chunk.Chunk, head, slot, n int)
	// WaitRoom blocks until the outlet wants octets; false when it never will again or stop said so.
	WaitRoom(stop func() bool) bool
	// Nudge makes WaitRoom look at its stop.
	Nudge()
	// End: no more octets. settled: the sender has settled.
	End(settled bool)
	// Abort: the rest is missing.
	Abort()
	// Settle is the sender's word after the end.
	Settle(state frame.DeliveryState)
}

type deliveryState uint8

const (
	collecting deliveryState = iota // octets are held until the delivery can be routed
	routing                         // the core has it
	bound                           // octets go to out
	dropped                         // octets are ignored
)

// Delivery is one message on its way through this router.
type Delivery struct {
	core    *Core
	src     Source // nil when nobody wants to know
	link    *link  // that it came in on; nil when it was made here
	settled bool   // by its sender, from the first transfer
	open    *unsettled

	mu      sync.Mutex
	state   deliveryState
	buf     []byte // the message so far, until bound
	ended   bool   // the last octet is here
	endSet  bool   // the sender settled at the end
	aborted bool
	out     Outlet
	refusal frame.DeliveryState // the early outcome of a dropped delivery

	// Set before the core gets it, constant then; but for stream, which the core may set, with the lock.
	ann    message.Annotations
	body   int // octets of buf that the annotations took
	head   message.Head
	to     string
	stream bool
	rank   int // the priority that its address has, and 1; 0 without one
	// onBound, of a stream that begins here, is told the outlet. It must not call back.
	onBound func(Outlet)
}

// octets takes the next part from a connection's reader and returns the outlet to flush, if one was written to.
func (d *Delivery) octets(p []byte, more, settled, aborted bool) Outlet {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return nil
	}
	d.ended, d.endSet, d.aborted = !more, settled, aborted
	if settled || aborted {
		d.open.end()
	}
	switch d.state {
	case bound:
		if len(p) > 0 {
			d.out.Write(p)
		}
		if aborted {
			d.out.Abort()
		} else if !more {
			d.out.End(settled)
		}
		return d.out
	case dropped:
		if !more && !settled && !aborted && d.src != nil {
			d.src.Update(d.refusal, true)
		}
	case collecting, routing:
		if d.tooMuch(len(p)) {
			d.dropLocked(&frame.Rejected{Error: &frame.Error{Condition: "amqp:resource-limit-exceeded", Description: "too much of a message came before it could be forwarded"}})
			return nil
		}
		d.buf = append(d.buf, p...)
		d.link.cn.buffered.Add(int64(len(p)))
		if d.state == collecting {
			d.classify()
		}
		d.await()
	}
	return nil
}

// tooMuch reports that n more octets may not be held: a stream with a window has sent more than that, or the connection holds enough.
func (d *Delivery) tooMuch(n int) bool {
	if d.windowed() && len(d.buf)+n > limits.StreamWindow+limits.StreamSlack || d.link.kind == controlLink && len(d.buf)+n > limits.MaxControl {
		return true
	}
	return d.link.cn.buffered.Load()+int64(n) > limits.MaxOutput
}

// windowed reports that the sender stops until it hears how far the receiver is.
func (d *Delivery) windowed() bool { return d.ann.Flags&message.FlagQ2Disabled != 0 }

// unbuffer forgets what is held.
func (d *Delivery) unbuffer() {
	if d.link != nil {
		d.link.cn.buffered.Add(-int64(len(d.buf)))
	}
	d.buf = nil
	if s, ok := d.src.(*linkSource); ok && s.unbound.CompareAndSwap(true, false) {
		s.release()
	}
}

// await has the sender wait of a stream that has no outlet yet, and no window.
func (d *Delivery) await() {
	if d.state != routing || !d.stream || d.windowed() || len(d.buf) <= 2*limits.MaxBuffered {
		return
	}
	if s, ok := d.src.(*linkSource); ok && s.unbound.CompareAndSwap(false, true) {
		s.hold()
	}
}

// classify looks whether the delivery can be routed yet and gives it to the core then.
func (d *Delivery) classify() {
	if d.aborted {
		d.state = dropped
		d.unbuffer()
		return
	}
	reject := func(err error) {
		d.dropLocked(&frame.Rejected{Error: &frame.Error{Condition: "amqp:invalid-field", Description: err.Error()}})
	}
	ann, n, present, need, err := message.ParseAnnotations(d.buf)
	if err != nil {
		reject(err)
		return
	}
	if need && !d.ended {
		return
	}
	if present {
		d.body = n
		if d.link.cn.role.routerRole() {
			d.ann = ann
		}
	}
	d.stream = d.link.kind != controlLink && (d.ann.Flags&message.FlagStreaming != 0 || len(d.buf) > limits.MaxBuffered)
	if !d.ended && !d.stream {
		return
	}
	h, need, err := message.ParseHead(d.buf[d.body:], d.ended)
	if err != nil {
		d.dropLocked(&frame.Rejected{Error: &frame.Error{Condition: "amqp:decode-error", Description: "invalid message format"}})
		return
	}
	if (need || len(d.buf) < d.body+h.BodyOffset+4) && !d.ended {
		return
	}
	if d.ended {
		d.stream = false
	}
	if d.stream || d.ann.Flags&message.FlagStreaming != 0 {
		if s, ok := d.src.(*linkSource); ok {
			s.since = time.Time{}
			if d.stream {
				d.link.cn.peer.Do(func(c *conn.Conn) { c.Stream(s.in, d.windowed()) })
			}
		}
	}
	d.head = h
	d.to = d.address()
	d.state = routing
	d.link.cn.do(func() { d.core.route(d) })
}

// address is where the delivery wants to go: the target of its link, an override, or its to field.
func (d *Delivery) address() string {
	switch {
	case d.link.target != "":
		return d.link.target
	case d.ann.HasTo:
		return d.ann.To
	}
	return d.head.To
}

// bind connects the delivery to its outlet: what is held, from octet skip on, goes first. It reports false when the delivery is gone.
func (d *Delivery) bind(o Outlet, prefix []byte, skip int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == dropped {
		o.Abort()
		return false
	}
	if d.aborted {
		d.state = dropped
		d.unbuffer()
		o.Abort()
		return false
	}
	d.state, d.out = bound, o
	if len(prefix) > 0 {
		prefix = append(prefix, d.buf[skip:]...)
		o.Write(prefix)
	} else if len(d.buf) > skip {
		o.Write(d.buf[skip:])
	}
	d.unbuffer()
	if d.ended {
		o.End(d.endSet)
	}
	o.Flush()
	if d.onBound != nil {
		d.onBound(o)
	}
	return true
}

// drop refuses the delivery: with an outcome if it is not settled yet.
func (d *Delivery) drop(state frame.DeliveryState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked(state)
}

func (d *Delivery) dropLocked(state frame.DeliveryState) {
	if d.state == dropped || d.state == bound {
		return
	}
	d.state, d.refusal = dropped, state
	d.unbuffer()
	if d.settled || d.aborted || d.src == nil {
		return
	}
	// The sender of a stream, which may have no end, is told at once; any sender is let go when its last transfer has come.
	if d.ended || d.windowed() {
		d.src.Update(state, d.ended)
	}
}

// senderUpdate is the sender's disposition after its last transfer.
func (d *Delivery) senderUpdate(state frame.DeliveryState, settled bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if settled {
		d.open.end()
	}
	if d.state == bound && settled {
		d.out.Settle(state)
	}
}

// take waits for nothing: it returns the whole message of a delivery that is complete, without annotations.
func (d *Delivery) take() (msg []byte, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != routing || !d.ended || d.aborted {
		return nil, false
	}
	msg = d.buf[d.body:]
	d.state = dropped
	d.unbuffer()
	return msg, true
}
