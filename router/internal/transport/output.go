package transport

import (
	"slices"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

// Do calls f with the connection, alone. f must not block and must not call another Peer.
func (p *Peer) Do(f func(c *conn.Conn)) {
	p.mu.Lock()
	f(p.c)
	p.unlock()
}

// unlock ends an exclusive use and wakes the writer when there is something to write.
func (p *Peer) unlock() {
	kick := p.c.HasOutput() || p.c.Done()
	p.mu.Unlock()
	if kick {
		p.kick()
	}
}

// WaitRoom waits until more output on l is wanted. It returns false when the connection is over or stop says so; whoever makes stop
// true calls [Peer.Nudge].
func (p *Peer) WaitRoom(l *conn.Link, stop func() bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.c.Congested(l) && !p.over && !stop() {
		p.room.Wait()
	}
	return !p.over && !stop()
}

// WhenRoom calls f, once, as soon as more output on l is wanted, or none will be any more: at once, or on the connection's goroutines. f must not block.
func (p *Peer) WhenRoom(l *conn.Link, f func()) {
	p.mu.Lock()
	wait := p.c.Congested(l) && !p.over
	if wait {
		p.waiting = append(p.waiting, waiter{l, f})
	}
	p.mu.Unlock()
	if !wait {
		f()
	}
}

// waiter is told that there is room.
type waiter struct {
	l *conn.Link
	f func()
}

// ready takes those out who have room now, or that will never have to wait again. p.mu is held.
func (p *Peer) ready() (all []waiter) {
	if p.over {
		all, p.waiting = p.waiting, nil
		return all
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(w waiter) bool {
		room := !p.c.Congested(w.l)
		if room {
			all = append(all, w)
		}
		return room
	})
	return all
}

// Nudge makes waiters look at their stop condition.
func (p *Peer) Nudge() {
	p.mu.Lock()
	p.room.Broadcast()
	p.mu.Unlock()
}

// Queue adds octets of d without waking the writer: the caller flushes with [Peer.Flush] after its batch. It returns how many octets wait before the next
// ones of d.
func (p *Peer) Queue(d *conn.OutDelivery, b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.c.Send(d, b, true)
	return p.c.Waiting(d.Link)
}

// Flush wakes the writer.
func (p *Peer) Flush() { p.kick() }

// Send sends octets of d.
func (p *Peer) Send(d *conn.OutDelivery, b []byte, more bool) {
	p.mu.Lock()
	p.c.Send(d, b, more)
	p.unlock()
}

// Layout is [conn.Conn.Layout].
func (p *Peer) Layout(d *conn.OutDelivery) (head, slot int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.c.Layout(d)
}

// SendSlots is [conn.Conn.SendSlots].
func (p *Peer) SendSlots(d *conn.OutDelivery, k *chunk.Chunk, head, slot, n int) {
	p.mu.Lock()
	p.c.SendSlots(d, k, head, slot, n)
	p.unlock()
}

// End ends d.
func (p *Peer) End(d *conn.OutDelivery, settled bool) {
	p.mu.Lock()
	p.c.End(d, settled)
	p.unlock()
}

// Abort aborts d.
func (p *Peer) Abort(d *conn.OutDelivery) {
	p.mu.Lock()
	p.c.Abort(d)
	p.unlock()
}

// Update tells the sender of d its state.
func (p *Peer) Update(d *conn.InDelivery, state frame.DeliveryState, settled bool) {
	p.mu.Lock()
	p.c.Update(d, state, settled)
	p.unlock()
}

// UpdateOut tells the receiver of d our side.
func (p *Peer) UpdateOut(d *conn.OutDelivery, state frame.DeliveryState, settled bool) {
	p.mu.Lock()
	p.c.UpdateOut(d, state, settled)
	p.unlock()
}
