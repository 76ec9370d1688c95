package grant

import (
	"sync"
	"time"

	"github.com/skupper-plugins/suite/shared/grant/together"
)

// Book keeps the ledgers of all grants in use. Its zero value is empty and ready. All methods may be called by several
// goroutines.
type Book struct {
	mu    sync.Mutex
	pages map[string]*page // by UID
}

// page is one grant's ledger and who waits for what. All but the queue is guarded by the book's mutex.
type page struct {
	ledger  Ledger
	settled chan struct{}         // closed, and replaced, when a reservation is confirmed or released
	queue   *together.Queue[turn] // of confirmations, which are persisted one after the other, for counts have an order
}

// Attempt is what came of Book.Reserve. Exactly one of Reservation, Decision.Again and Decision.Denied is set.
type Attempt struct {
	Decision
	Reservation *Reservation

	// Settled is closed when it is worth asking again; set with the cause Busy only.
	Settled <-chan struct{}
}

// Reservation is a use taken in memory. Exactly one of Confirm and Release ends it; what comes after that does nothing.
type Reservation struct {
	book        *Book
	page        *page
	fingerprint string
	done        bool // guarded by the book's mutex
}

// Reserve is Ledger.Reserve for the grant as just read.
func (b *Book) Reserve(now time.Time, g Grant, code, fingerprint string) Attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.pages[g.UID]
	if p == nil {
		b.sweep(now)
		p = &page{settled: make(chan struct{}), queue: together.New[turn]()}
		b.pages[g.UID] = p
	}
	p.ledger.See(g)
	out := Attempt{Decision: p.ledger.Reserve(now, code, fingerprint)}
	switch {
	case out.Denied == Busy:
		out.Settled = p.settled
	case out.Denied == "" && !out.Again:
		out.Reservation = &Reservation{book: b, page: p, fingerprint: fingerprint}
	}
	return out
}

// sweep forgets grants that nobody can redeem any more, so that the book does not grow for ever.
func (b *Book) sweep(now time.Time) {
	if b.pages == nil {
		b.pages = map[string]*page{}
	}
	for uid, p := range b.pages {
		if p.ledger.Grant().Expired(now) && p.ledger.Reserved() == 0 {
			delete(b.pages, uid)
		}
	}
}

// See takes over the grant as just read again, after persist was refused because another had counted. It tells whether that was for
// this very claimant, who then is served, and nothing is to be confirmed.
func (r *Reservation) See(g Grant) (served bool) {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	r.page.ledger.See(g)
	return r.page.ledger.grant.claimedBy(r.fingerprint)
}

// Release gives the use back.
func (r *Reservation) Release() {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	if !r.done {
		r.page.ledger.Release(r.fingerprint)
		r.settle()
	}
}

// settle ends the reservation and wakes whoever waits for that. The book's mutex is held.
func (r *Reservation) settle() {
	r.done = true
	close(r.page.settled)
	r.page.settled = make(chan struct{})
}
