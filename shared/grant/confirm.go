package grant

import (
	"context"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant/together"
)

// maxTogether is how many confirmations are persisted by one write.
const maxTogether = 64

// turn is a confirmation that waits to be persisted.
type turn struct {
	of    *Reservation
	claim Claim
}

// Persist makes redemptions outlast a crash. All calls for the reservations of one grant must come to the same.
type Persist func(context.Context, Redemption) error

// Confirm makes the use count. It calls persist with the redemption, one at a time for each grant, and only if that
// succeeds the use is confirmed; else the reservation is as it was and the error is persist's, or ctx's. Confirmations
// that wait for their turn are persisted together, by one of those who wait and under its ctx.
func (r *Reservation) Confirm(ctx context.Context, c Claim, persist Persist) error {
	c.Fingerprint = r.fingerprint
	return r.page.queue.Write(ctx, turn{of: r, claim: c}, maxTogether, func(ctx context.Context, batch []*together.Entry[turn]) {
		r.page.persist(ctx, r.book, batch, persist)
	})
}

// persist tells each of a batch what came of it. After a conflict, with which
// nothing is written, each is tried alone: it may be one of them that stands in the way. After any other error nobody
// knows what is written, and a second try could count twice.
func (p *page) persist(ctx context.Context, b *Book, batch []*together.Entry[turn], persist Persist) {
	batch = p.admit(b, batch)
	err := p.write(ctx, b, batch, persist)
	if len(batch) < 2 || !fault.Is(err, fault.Conflict) {
		together.End(batch, err)
		return
	}
	for i := range batch {
		one := batch[i : i+1]
		together.End(one, p.write(ctx, b, one, persist))
	}
}

// admit gives those that may be persisted now. Those that may not be are told why.
func (p *page) admit(b *Book, batch []*together.Entry[turn]) (may []*together.Entry[turn]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := p.ledger.Grant().Left()
	for _, t := range batch {
		switch {
		case t.Value.of.done:
			t.End(Internal)
		case len(may) == left: // others, elsewhere, have used it up since
			t.End(UsedUp)
		default:
			may = append(may, t)
		}
	}
	return may
}

// write persists a batch and confirms it.
func (p *page) write(ctx context.Context, b *Book, batch []*together.Entry[turn], persist Persist) error {
	if len(batch) == 0 {
		return nil
	}
	claims := make([]Claim, len(batch))
	for i, t := range batch {
		claims[i] = t.Value.claim
	}
	b.mu.Lock()
	next, left := p.ledger.Next(claims...), p.ledger.Grant().Left()
	b.mu.Unlock()
	if left < len(batch) { // seen since they were admitted
		return UsedUp
	}
	if err := persist(ctx, next); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p.ledger.Confirm(next)
	for _, t := range batch {
		t.Value.of.settle()
	}
	return nil
}
