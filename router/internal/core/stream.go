package core

import (
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
)

// Offer is a stream for a consumer of this process. Exactly one of Bind and Refuse is called, on any goroutine.
type Offer struct {
	Head message.Head
	d    *Delivery
	done func()
}

// Bind sends the stream's octets to o; those after the message's head that are here already go first. It reports false when the
// stream is gone; Done is called all the same.
func (o Offer) Bind(out Outlet) bool { return o.d.bind(out, nil, o.skip()) }

// skip is where the stream begins: after the annotations, the head and the null value that ends the structured part.
func (o Offer) skip() int { return o.d.body + o.Head.BodyOffset + nullBody }

// nullBody is the length of an amqp-value section with null: 00 53 77 40.
const nullBody = 4

// Refuse gives the stream back with an outcome.
func (o Offer) Refuse(state frame.DeliveryState) { o.d.drop(state) }

// Source is where progress and outcome go.
func (o Offer) Source() Source { return o.d.src }

// Trace is the routers that the stream came by, the first one first; none when it began here.
func (o Offer) Trace() []string { return o.d.ann.Trace }

// Done is called once when the stream is over: it counts in the choice of destinations until then.
func (o Offer) Done() { o.done() }

// offer gives a stream to a consumer.
func (c *Core) offer(d *Delivery, k *consumer) {
	if !d.stream { // a stream that ended before it was routed is one all the same
		d.mu.Lock() // the reader that gave it to the core looks at it after that
		d.stream = true
		d.mu.Unlock()
	}
	c.stats.Egress++
	k.open.Add(1)
	k.Offer(Offer{Head: d.head, d: d, done: func() { k.open.Add(-1) }})
}

// Stream is a stream that begins in this process.
type Stream struct{ d *Delivery }

// Open routes a new stream: head is the message up to the first octet of the stream. Outcomes go to src; a stream that finds no way is
// RELEASED. onBound, which may be nil, is told the outlet on any goroutine once there is one; it must not block or call back.
func (c *Core) Open(to string, head []byte, src Source, onBound func(Outlet)) *Stream {
	if src != nil {
		src = &countedSource{Source: src, core: c}
	}
	d := &Delivery{core: c, src: src, onBound: onBound, state: routing, buf: head, to: to, stream: true, ann: message.Annotations{Flags: message.FlagStreaming | message.FlagQ2Disabled}}
	h, _, err := message.ParseHead(head, true)
	if err == nil {
		d.head = h
	}
	c.Do(func() { c.route(d) })
	return &Stream{d}
}

// Outlet is where the stream's octets go; nil until it has been routed and when it was refused.
func (s *Stream) Outlet() Outlet {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.d.state != bound {
		return nil
	}
	return s.d.out
}

// Cut ends a stream that nobody writes to any more, because its maker is gone: one that is not routed yet is forgotten as soon as it is.
// failed tells the receiver that octets are missing.
func (s *Stream) Cut(failed bool) {
	s.d.mu.Lock()
	if s.d.state != bound {
		s.d.aborted = true
		s.d.mu.Unlock()
		return
	}
	o := s.d.out
	s.d.mu.Unlock()
	if failed {
		o.Abort()
	} else {
		o.End(true)
	}
	o.Flush()
}
