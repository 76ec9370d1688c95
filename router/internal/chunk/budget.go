package chunk

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Holder owns chunks that wait for somebody slow, and gives them back when it is told to.
type Holder interface {
	// Holds is how many octets its chunks take, full or not, and since when nobody has taken any.
	Holds() (octets int, since time.Time)
	// GiveUp has it give them back, soon. It must not block.
	GiveUp()
}

// How long a holder may wait for the somebody slow before it is told to give up: patience while there is room yet, hurry once the budget
// is used up one and a half times. Those that somebody takes from, slowly, have time to show it.
const (
	patience = 5 * time.Second
	hurry    = 500 * time.Millisecond
)

// holders are those that wait at the moment.
type holders struct {
	mu  sync.Mutex
	all map[Holder]struct{}
}

// SetBudget bounds what may be in chunks, in octets; 0: no bound. It is kept by [Pool.Relieve], and up to twice as much is in them until that is called.
func (p *Pool) SetBudget(octets int64) { p.budget.Store(octets / Size) }

// Short reports that twice the budget is used up: whoever gets more should rather fail.
func (p *Pool) Short() bool {
	b := p.budget.Load()
	return b > 0 && p.out.Load() >= 2*b
}

// Hold notes a holder until it is released.
func (p *Pool) Hold(h Holder) {
	p.holders.mu.Lock()
	defer p.holders.mu.Unlock()
	if p.holders.all == nil {
		p.holders.all = map[Holder]struct{}{}
	}
	p.holders.all[h] = struct{}{}
}

// Release forgets one.
func (p *Pool) Release(h Holder) {
	p.holders.mu.Lock()
	defer p.holders.mu.Unlock()
	delete(p.holders.all, h)
}

// Relieve has holders give up until the budget is kept, those first who have waited for longest, and returns how many.
func (p *Pool) Relieve(now time.Time) (n int) {
	b := p.budget.Load()
	over := (p.out.Load() - b) * Size
	if b == 0 || over <= 0 {
		return 0
	}
	enough := patience
	if 2*over >= b*Size {
		enough = hurry
	}
	type waiting struct {
		Holder
		octets int
		since  time.Time
	}
	var all []waiting
	for _, h := range p.held() {
		if octets, since := h.Holds(); octets > 0 && now.Sub(since) >= enough {
			all = append(all, waiting{h, octets, since})
		}
	}
	slices.SortFunc(all, func(a, b waiting) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(b.octets, a.octets)) })
	for _, w := range all {
		if over <= 0 {
			break
		}
		w.GiveUp()
		over -= int64(w.octets)
		n++
	}
	return n
}

// held is asked without the lock, which holders take while they have their own.
func (p *Pool) held() (all []Holder) {
	p.holders.mu.Lock()
	defer p.holders.mu.Unlock()
	for h := range p.holders.all {
		all = append(all, h)
	}
	return all
}
