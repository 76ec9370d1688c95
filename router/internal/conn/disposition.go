package conn

import (
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// Update tells the sender of d its state; settled ends the matter on our side (AMQP 2.6.12).
func (c *Conn) Update(d *InDelivery, state frame.DeliveryState, settled bool) {
	if d.gone || d.Link.gone || c.phase != open {
		return
	}
	c.send(d.Link.s.channel, &frame.Disposition{Role: frame.RoleReceiver, First: d.ID, Settled: settled, State: state})
	if settled {
		d.forget()
	}
}

// UpdateOut tells the receiver of d our side of it.
func (c *Conn) UpdateOut(d *OutDelivery, state frame.DeliveryState, settled bool) {
	if d.forgotten || !d.started || d.Link.gone || c.phase != open {
		return
	}
	d.Link.s.sendBehind(&frame.Disposition{Role: frame.RoleSender, First: d.ID, Settled: settled, State: state}, nil)
	if settled {
		d.forgotten = true
		d.Link.s.settled(d.ID)
	}
}

// unsettled notes a delivery that leaves.
func (s *Session) unsettled(d *OutDelivery) {
	s.out[d.ID] = d
	s.c.sent++
}

// Paused reports that the peer has settled so few of its deliveries that it is sent no more that it would have to settle, whatever credit it gives: it may
// only be slow, so it is no reason to end the connection. Links that had something to send get LinkCredit once it has settled some.
func (c *Conn) Paused() bool { return c.cfg.MaxUnsettled > 0 && c.sent >= c.cfg.MaxUnsettled }

// resume has links go on that had something to send while the connection was paused.
func (c *Conn) resume(evs []Event) []Event {
	if len(c.paused) == 0 || c.Paused() {
		return evs
	}
	for _, l := range c.paused {
		if l.paused = false; !l.gone {
			evs = append(evs, Event{Kind: LinkCredit, Link: l, User: l.User, Drain: l.drain})
		}
	}
	c.paused = nil
	return evs
}

// settled forgets a delivery that was noted.
func (s *Session) settled(id uint32) {
	if _, ok := s.out[id]; ok {
		delete(s.out, id)
		s.c.sent--
	}
}

func (c *Conn) onDisposition(channel uint16, p *frame.Disposition, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("disposition on channel %d, which has not begun", channel))
	}
	first, n := p.First, uint32(1)
	if p.Last != nil {
		n = *p.Last - first + 1
		if int32(*p.Last-first) < 0 {
			return c.fail(evs, "amqp:invalid-field", "the range of a disposition ends before it begins")
		}
	}
	if p.Role == frame.RoleReceiver {
		each(s.out, first, n, func(d *OutDelivery) {
			if p.Settled {
				d.forgotten = true
				s.settled(d.ID)
			}
			evs = append(evs, Event{Kind: Outcome, Link: d.Link, Out: d, State: p.State, Settled: p.Settled})
		})
		return evs
	}
	each(s.in, first, n, func(d *InDelivery) {
		if p.Settled {
			d.Settled = true
			if d.complete {
				d.forget()
			}
		}
		evs = append(evs, Event{Kind: SenderUpdate, Link: d.Link, In: d, State: p.State, Settled: p.Settled})
	})
	return evs
}

// each calls f for the deliveries in a range of ids that are there; a huge range costs no more than the deliveries.
func each[D any](m map[uint32]D, first, n uint32, f func(D)) {
	if uint64(n) > uint64(len(m)) {
		var ids []uint32
		for id := range m {
			if id-first < n {
				ids = append(ids, id)
			}
		}
		for _, id := range ids {
			f(m[id])
		}
		return
	}
	for id := first; n > 0; id, n = id+1, n-1 {
		if d, ok := m[id]; ok {
			f(d)
		}
	}
}

// EachUnsettled calls out with what the sender of each outgoing delivery without a settlement has hung at it, and in with the link of each complete incoming
// one and when its last octets came.
func (c *Conn) EachUnsettled(out func(user any), in func(l *Link, since time.Time)) {
	for _, s := range c.local {
		if s == nil {
			continue
		}
		for _, d := range s.out {
			out(d.User)
		}
		for _, d := range s.in {
			if d.complete && !d.gone {
				in(d.Link, d.since)
			}
		}
	}
}
