package grant

import (
	"context"
	"slices"

	"github.com/skupper-plugins/suite/shared/fault"
)

// maxTogether is how many confirmations are persisted by one write.
const maxTogether = 64

// turn is a confirmation that waits to be persisted.
type turn struct {
	of    *Reservation
	claim Claim
	done  chan error // of capacity 1: what came of it
}

// Persist makes redemptions outlast a crash. All calls for the reservations of one grant must come to the same.
type Persist func(context.Context, Redemption) error

// Confirm makes the use count. It calls persist with the redemption, one at a time for each grant, and only if that
// succeeds the use is confirmed; else the reservation is as it was and the error is persist's, or ctx's. Confirmations
// that wait for their turn are persisted together, by one of those who wait and under its ctx: a write takes as long for
// many as for one.
func (r *Reservation) Confirm(ctx context.Context, c Claim, persist Persist) error {
	c.Fingerprint = r.fingerprint
	me := &turn{of: r, claim: c, done: make(chan error, 1)}
	r.book.mu.Lock()
	r.page.waiting = append(r.page.waiting, me)
	r.book.mu.Unlock()
	select {
	case r.page.turn <- struct{}{}:
	case err := <-me.done:
		return err
	case <-ctx.Done():
		if r.withdraw(me) {
			return ctx.Err()
		}
		return <-me.done // it is being written: whether it counts is known soon
	}
	defer func() { <-r.page.turn }()
	for { // more than one round only if there are more before this one than are persisted together
		select {
		case err := <-me.done:
			return err
		default:
		}
		if err := ctx.Err(); err != nil && r.withdraw(me) {
			return err
		}
		r.page.persist(ctx, r.book, persist)
	}
}

// withdraw takes a confirmation back, unless it is being persisted already.
func (r *Reservation) withdraw(me *turn) bool {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	i := slices.Index(r.page.waiting, me)
	if i < 0 {
		return false
	}
	r.page.waiting = slices.Delete(r.page.waiting, i, i+1)
	return true
}

// persist takes those who wait, as many as there may be, and tells each what came of it. After a conflict, with which
// nothing is written, each is tried alone: it may be one of them that stands in the way. After any other error nobody
// knows what is written, and a second try could count twice.
func (p *page) persist(ctx context.Context, b *Book, persist Persist) {
	batch := p.take(b)
	err := p.write(ctx, b, batch, persist)
	if len(batch) < 2 || !fault.Is(err, fault.Conflict) {
		tell(batch, err)
		return
	}
	for i := range batch {
		one := batch[i : i+1]
		tell(one, p.write(ctx, b, one, persist))
	}
}

// take removes from those who wait the ones that may be persisted now. Those that may not be are told why.
func (p *page) take(b *Book) (batch []*turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := p.ledger.Grant().Left()
	for len(p.waiting) > 0 && len(batch) < maxTogether {
		t := p.waiting[0]
		p.waiting = p.waiting[1:]
		switch {
		case t.of.done:
			t.done <- Internal
		case len(batch) == left: // others, elsewhere, have used it up since
			t.done <- UsedUp
		default:
			batch = append(batch, t)
		}
	}
	return batch
}

// write persists a batch and confirms it.
func (p *page) write(ctx context.Context, b *Book, batch []*turn, persist Persist) error {
	if len(batch) == 0 {
		return nil
	}
	claims := make([]Claim, len(batch))
	for i, t := range batch {
		claims[i] = t.claim
	}
	b.mu.Lock()
	next, left := p.ledger.Next(claims...), p.ledger.Grant().Left()
	b.mu.Unlock()
	if left < len(batch) { // seen since they were taken
		return UsedUp
	}
	if err := persist(ctx, next); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p.ledger.Confirm(next)
	for _, t := range batch {
		t.of.settle()
	}
	return nil
}

func tell(batch []*turn, err error) {
	for _, t := range batch {
		t.done <- err
	}
}
