package conn

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

// InDelivery is a delivery that arrives.
type InDelivery struct {
	Link *Link
	ID   uint32
	// User belongs to the receiver of the events.
	User     any
	Settled  bool      // the sender settled it
	since    time.Time // when the last octets came
	complete bool
	stream   streaming
	gone     bool // settled by us or lost: nothing more is said about it
}

// OutDelivery is a delivery that leaves.
type OutDelivery struct {
	Link *Link
	// User belongs to the sender; set when the delivery is made.
	User      any
	ID        uint32
	settled   bool
	started   bool
	ended     bool // the last transfer is out
	forgotten bool // settled on either side: no disposition refers to it any more
}

// Ended reports that its last transfer was sent.
func (d *OutDelivery) Ended() bool { return d.ended }

func (c *Conn) onTransfer(channel uint16, t *frame.Transfer, p []byte, evs []Event) []Event {
	s := c.sessions[channel]
	if s == nil {
		return c.fail(evs, "amqp:illegal-state", fmt.Sprintf("transfer on channel %d, which has not begun", channel))
	}
	if !s.took() {
		return c.fail(evs, "amqp:session:window-violation", "a transfer came although the session window was closed")
	}
	l := s.byRemote[t.Handle]
	if l == nil || l.sender {
		return c.fail(evs, "amqp:session:unattached-handle", fmt.Sprintf("transfer on handle %d, which does not receive", t.Handle))
	}
	if l.gone {
		return evs
	}
	d, first := l.cur, false
	if d == nil {
		if !t.HasDeliveryID {
			return c.fail(evs, "amqp:invalid-field", "the first transfer of a delivery has no delivery-id")
		}
		if l.credit == 0 {
			return c.fail(evs, "amqp:link:transfer-limit-exceeded", fmt.Sprintf("a delivery came on link %q without credit", l.Name))
		}
		if s.in[t.DeliveryID] != nil {
			return c.fail(evs, "amqp:invalid-field", fmt.Sprintf("delivery-id %d is in use", t.DeliveryID))
		}
		l.credit--
		l.count++
		first = true
		d = &InDelivery{Link: l, ID: t.DeliveryID}
		l.cur = d
		s.in[d.ID] = d
		if l.bySettlement {
			l.unsettled++
		}
	} else if t.HasDeliveryID && t.DeliveryID != d.ID {
		return c.fail(evs, "amqp:invalid-field", fmt.Sprintf("delivery-id %d came before delivery %d was complete", t.DeliveryID, d.ID))
	}
	if t.Settled {
		d.Settled = true
	}
	ev := Event{Kind: Octets, Link: l, In: d, Payload: p, First: first, More: t.More && !t.Aborted, Settled: d.Settled, Aborted: t.Aborted, State: t.State}
	if !ev.More {
		l.cur = nil
		d.complete, d.since = true, c.lastIn
		d.endStream()
		if d.Settled || t.Aborted {
			d.forget()
		}
		l.topUp()
	}
	return append(evs, ev)
}

// CanSend reports that a delivery may be made on l now: it has credit.
func (c *Conn) CanSend(l *Link) bool {
	return l.sender && l.attached && l.answered && !l.gone && !l.detached && c.phase == open && l.credit > 0 && l.fresh == nil
}

// NewDelivery makes a delivery on a sending link; nil when [Conn.CanSend] says no, or when it would have to be settled and the connection is paused. Its first octets take the credit; until then it is the only one
// that the link can have, and the end of the link is reported to it as to one that was sent.
func (c *Conn) NewDelivery(l *Link, settled bool, user any) *OutDelivery {
	if !c.CanSend(l) {
		return nil
	}
	if !settled && c.Paused() {
		if !l.paused {
			l.paused = true
			c.paused = append(c.paused, l)
		}
		return nil
	}
	l.fresh = &OutDelivery{Link: l, User: user, settled: settled}
	return l.fresh
}

// start gives d its delivery-id at its first transfer: ids rise in the order of first transfers (AMQP 2.6.12).
func (c *Conn) start(d *OutDelivery) {
	if d.started {
		return
	}
	d.started = true
	l, s := d.Link, d.Link.s
	l.fresh = nil
	l.count++
	if l.credit > 0 { // a drain may have taken it back meanwhile
		l.credit--
	}
	d.ID = s.nextID
	s.nextID++
	if !d.settled {
		s.unsettled(d)
	}
}

// dead reports that nothing can be sent for d.
func (c *Conn) dead(d *OutDelivery) bool {
	return d.ended || d.Link.gone || d.Link.detached || c.phase != open
}

func (d *OutDelivery) transfer(tag *[8]byte, more bool) frame.Transfer {
	// Continuations repeat id and tag as other routers do.
	binary.LittleEndian.PutUint64(tag[:], uint64(d.ID))
	return frame.Transfer{
		Handle: d.Link.handle, DeliveryID: d.ID, HasDeliveryID: true, DeliveryTag: tag[:], HasMessageFormat: true,
		Settled: d.settled, HasSettled: d.settled, More: more,
	}
}

// Send sends p as part of d; more says that further parts follow. An empty last part is a transfer without octets.
func (c *Conn) Send(d *OutDelivery, p []byte, more bool) {
	if c.dead(d) {
		return
	}
	if c.start(d); c.phase != open || more && len(p) == 0 {
		return
	}
	var tag [8]byte
	var head [frame.MaxTransferHeader]byte
	for {
		t := d.transfer(&tag, true)
		h := frame.AppendTransferHeader(head[:0], d.Link.s.channel, &t, 0)
		n := min(len(p), c.maxSend-len(h))
		last := !more && n == len(p)
		if last {
			t.More = false
		}
		h = frame.AppendTransferHeader(head[:0], d.Link.s.channel, &t, n)
		c.emit(d, h, p[:n])
		p = p[n:]
		if last {
			d.ended = true
		}
		if len(p) == 0 {
			return
		}
	}
}

// emit sends one transfer frame or holds it back.
func (c *Conn) emit(d *OutDelivery, h, p []byte) {
	s := d.Link.s
	n := len(h) + len(p)
	c.outBytes += n
	if s.window == 0 || len(s.held) > 0 || !s.begun {
		s.hold(heldFrame{}, h, p)
		return
	}
	s.advance(1)
	k := c.room(n)
	k.Append(h)
	k.Append(p)
}

// Layout tells how a caller that reads octets for d should lay them out in a chunk so that they leave without being copied: slots of size
// slot, each with its first head octets free. ok is false when copying is the way.
func (c *Conn) Layout(d *OutDelivery) (head, slot int, ok bool) {
	if c.dead(d) || !d.started || chunk.Size%c.maxSend != 0 {
		return 0, 0, false
	}
	var tag [8]byte
	var buf [frame.MaxTransferHeader]byte
	t := d.transfer(&tag, true)
	return len(frame.AppendTransferHeader(buf[:0], d.Link.s.channel, &t, c.maxSend)), c.maxSend, true
}

// SendSlots sends n octets that were laid out in k as [Conn.Layout] said, further ones follow. It takes k over.
func (c *Conn) SendSlots(d *OutDelivery, k *chunk.Chunk, head, slot, n int) {
	if c.dead(d) || n == 0 {
		c.cfg.Chunks.Put(k)
		return
	}
	s := d.Link.s
	per := slot - head
	frames := (n + per - 1) / per
	small := n <= per && n < slot/4 && len(c.out) > 0 && c.out[len(c.out)-1].Room() >= head+n
	if small || uint32(frames) > s.window || len(s.held) > 0 || !s.begun {
		for at := 0; n > 0; at += slot {
			m := min(per, n)
			c.Send(d, k.B[at+head:at+head+m], true)
			n -= m
		}
		c.cfg.Chunks.Put(k)
		return
	}
	var tag [8]byte
	var buf [frame.MaxTransferHeader]byte // encoding may need more room than the result
	t := d.transfer(&tag, true)
	end := 0
	for at := 0; n > 0; at += slot {
		m := min(per, n)
		copy(k.B[at:at+head], frame.AppendTransferHeader(buf[:0], s.channel, &t, m))
		end = at + head + m
		n -= m
	}
	k.Start, k.End = 0, end
	s.advance(frames)
	c.outBytes += end
	c.out = append(c.out, k)
}

// End ends d: without further octets, settled or not.
func (c *Conn) End(d *OutDelivery, settled bool) { c.finishDelivery(d, settled, false) }

// Abort ends d so that the peer discards it (AMQP 2.7.5).
func (c *Conn) Abort(d *OutDelivery) { c.finishDelivery(d, true, true) }

func (c *Conn) finishDelivery(d *OutDelivery, settled, aborted bool) {
	if c.dead(d) {
		return
	}
	if !d.started && aborted { // the peer has seen nothing of it
		d.ended = true
		d.Link.fresh = nil
		return
	}
	if c.start(d); c.phase != open {
		return
	}
	var tag [8]byte
	var buf [frame.MaxTransferHeader]byte
	t := d.transfer(&tag, false)
	if settled {
		t.Settled, t.HasSettled = true, true
		d.forgotten = true
		d.Link.s.settled(d.ID)
	}
	t.Aborted = aborted
	h := frame.AppendTransferHeader(buf[:0], d.Link.s.channel, &t, 0)
	c.emit(d, h, nil)
	d.ended = true
}
