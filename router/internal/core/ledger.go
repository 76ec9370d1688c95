package core

import "sync/atomic"

// ledger is what the end of an outgoing delivery changes in the books, besides its outcome. The zero value changes nothing.
type ledger struct {
	count   *atomic.Int32  // of the balanced choice: one less
	moved   *atomic.Int64  // streams of the link that was chosen and does not carry them: one less
	entered *atomic.Uint64 // deliveries of the link that came into the network at one router: one more
	closed  atomic.Bool
}

// done closes the books, once.
func (b *ledger) done() {
	if b.closed.Swap(true) {
		return
	}
	if b.count != nil {
		b.count.Add(-1)
	}
	if b.moved != nil {
		b.moved.Add(-1)
	}
	if b.entered != nil {
		b.entered.Add(1)
	}
}

// undone closes the books of a delivery that never left.
func (b *ledger) undone() {
	b.entered = nil
	b.done()
}

// outstanding has the delivery counted in the choice of destinations until it is done.
func (b *ledger) outstanding(n *atomic.Int32) {
	b.count = n
	n.Add(1)
}

// move notes that a stream for which l was chosen goes on a link of its own.
func (b *ledger) move(l *link) {
	b.moved = &l.moved
	l.moved.Add(1)
}

// enter notes that the delivery leaves on l; links between interior routers keep no such books. What began in this process entered nowhere.
func (c *Core) enter(b *ledger, d *Delivery, l *link) {
	if d.link == nil || l.cn.role == InterRouter {
		return
	}
	at, known := c.origin(d)
	if !known {
		at = ""
	}
	n := l.entered[at]
	if n == nil {
		if l.entered == nil {
			l.entered = map[string]*atomic.Uint64{}
		}
		n = &atomic.Uint64{}
		l.entered[at] = n
	}
	b.entered = n
}
