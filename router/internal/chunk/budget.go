package chunk

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Holder owns chunks that wait for somebody slow, and gives them back when it is told to.
type Holder interface {
	// Holds is how many octets its chunks take, full or not, and since when nobody has taken any. slow: somebody has, while they waited.
	Holds() (octets int, since time.Time, slow bool)
	// GiveUp has it give them back, soon. It must not block.
	GiveUp()
}

// How long a holder may wait for the somebody slow before it is told to give up: patience while nobody else wants the room, hurry once somebody is
// kept waiting for it, or the budget is used up one and a half times. Those that somebody takes from, slowly, have time to show it; who has shown it may pause:
// a retransmission or two, or a busy machine, are no reason to give it up.
const (
	patience = 5 * time.Second
	hurry    = time.Second
	pause    = 5 * time.Second
)

// famine is how long somebody may be kept waiting for room before that is taken for something that waiting makes worse: two routers that wait for each other.
const famine = 4 * patience

// holders are those that wait at the moment.
type holders struct {
	mu    sync.Mutex
	all   map[Holder]struct{}
	since time.Time // somebody has been kept waiting; zero: nobody is. Of [Pool.Relieve] only
}

// SetBudget bounds what may be in chunks, in octets; 0: no bound. It is kept by [Pool.Starve] and [Pool.Relieve], and up to twice as much is in them
// until those have their effect. plenty is called, on any goroutine and possibly with locks held, when there is room again for whom Starve has
// kept waiting: it must not block. Call this before the pool is used.
func (p *Pool) SetBudget(octets int64, plenty func()) {
	p.plenty = plenty
	p.budget.Store(octets / Size)
}

// Budget is the bound in octets; 0: none.
func (p *Pool) Budget() int64 { return p.budget.Load() * Size }

// Starve reports that the budget is used up: whoever can keep a peer from sending more does so, until plenty is called.
func (p *Pool) Starve() bool {
	b := p.budget.Load()
	if b == 0 || p.lenient.Load() || p.out.Load() < b {
		return false
	}
	return p.starving()
}

// starving notes that somebody waits, unless there is room by now. Then others who wait hear of it too: who has given it back may not have seen them.
func (p *Pool) starving() bool {
	p.starved.Store(true)
	p.feed()
	return p.starved.Load()
}

// enough is how much of a budget may be used when there is room again.
func enough(budget int64) int64 { return budget * 3 / 4 }

// feed has those go on that were kept waiting, if there is room for them.
func (p *Pool) feed() {
	if p.starved.Load() && p.out.Load() <= enough(p.budget.Load()) && p.starved.CompareAndSwap(true, false) {
		p.plenty()
	}
}

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

// Relieve has holders give up until the budget is kept, and whoever was kept waiting can go on, those first who have waited for longest, and returns how
// many. It is to be called a few times a second.
func (p *Pool) Relieve(now time.Time) (n int) {
	b := p.budget.Load()
	if b == 0 {
		return 0
	}
	most, long := b, patience
	if p.hungry(now) {
		most, long = enough(b), hurry
	}
	over := (p.out.Load() - most) * Size
	if over <= 0 {
		return 0
	}
	if 2*over >= b*Size {
		long = hurry
	}
	type waiting struct {
		Holder
		octets int
		since  time.Time
	}
	var all []waiting
	for _, h := range p.held() {
		octets, since, slow := h.Holds()
		wait := long
		if slow {
			wait = max(wait, pause)
		}
		if octets > 0 && now.Sub(since) >= wait {
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

// hungry reports that somebody is kept waiting, and ends that when it does not help.
func (p *Pool) hungry(now time.Time) bool {
	switch {
	case p.out.Load() <= enough(p.budget.Load()):
		p.holders.since = time.Time{}
		p.lenient.Store(false)
		p.feed()
	case p.lenient.Load():
		if p.starved.CompareAndSwap(true, false) { // by somebody who had looked just before
			p.plenty()
		}
	case !p.starved.Load():
		p.holders.since = time.Time{}
	case p.holders.since.IsZero():
		p.holders.since = now
	case now.Sub(p.holders.since) >= famine:
		p.lenient.Store(true)
		p.starved.Store(false)
		p.plenty()
	}
	return p.starved.Load() || p.lenient.Load()
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
