package core

import (
	"sync/atomic"

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
)

// String is the name in management.
func (k linkKind) String() string {
	return [...]string{"endpoint", "router-control", "inter-router", "inter-router"}[k]
}

// link is a link of a connection as the core sees it.
type link struct {
	cn       *Connection
	l        *conn.Link
	kind     linkKind
	priority int
	target   string // of an incoming endpoint link: where its messages go; constant once it has credit
	anon     bool   // incoming without target
	addr     *Address
	// queue has whole messages that wait for credit.
	queue   []queued
	waiting *Delivery // streaming link that is being attached: what it was made for
	onReady func()
	ready   bool
	freed   bool

	deliveries, settledCount atomic.Uint64
}

// queued is a whole message with what becomes of it.
type queued struct {
	msg []byte
	ob  *outbound
}

// outbound is the other side of an outgoing delivery; it hangs at conn.OutDelivery.User.
type outbound struct {
	src        Source // nil: nobody wants the outcome
	presettled bool
	count      *atomic.Int32 // of the balanced choice; taken back once
	counted    atomic.Bool
}

// outcome passes on what the receiver said.
func (o *outbound) outcome(state frame.DeliveryState, settled bool) {
	if settled || state != nil && frame.Terminal(state) {
		o.done()
	}
	if o.src != nil {
		o.src.Update(state, settled)
	}
}

// done takes the delivery out of the balanced choice's count.
func (o *outbound) done() {
	if o.count != nil && o.counted.CompareAndSwap(false, true) {
		o.count.Add(-1)
	}
}

// send sends a whole message or queues it until the receiver gives credit.
func (l *link) send(msg []byte, ob *outbound) {
	if len(l.queue) == 0 && l.trySend(msg, ob) {
		return
	}
	if len(l.queue) >= limits.MaxQueued {
		l.cn.core.stats.DroppedPresettled++
		if ob.src != nil {
			ob.src.Update(&frame.Released{}, true)
		}
		return
	}
	l.queue = append(l.queue, queued{msg, ob})
}

func (l *link) trySend(msg []byte, ob *outbound) (sent bool) {
	l.cn.peer.Do(func(c *conn.Conn) {
		if l.l.Credit() == 0 {
			return
		}
		sent = true
		c.Send(c.NewDelivery(l.l, ob.presettled, ob), msg, false)
	})
	if sent {
		l.deliveries.Add(1)
		if ob.presettled {
			ob.done()
		}
	}
	return sent
}

// pump sends what waited for credit.
func (l *link) pump() {
	n := 0
	for n < len(l.queue) && l.trySend(l.queue[n].msg, l.queue[n].ob) {
		l.queue[n] = queued{}
		n++
	}
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
		l.cn.peer.Do(func(c *conn.Conn) {
			if l.l.Draining() {
				c.Drained(l.l)
			}
		})
	}
}

// flushLost releases what never left.
func (l *link) flushLost() {
	for _, q := range l.queue {
		q.ob.done()
		if q.ob.src != nil {
			q.ob.src.Update(&frame.Released{}, true)
		}
	}
	l.queue = nil
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
}

// Update passes the word on to the sender.
func (s *linkSource) Update(state frame.DeliveryState, settled bool) {
	s.cn.peer.Update(s.in, state, settled)
}
