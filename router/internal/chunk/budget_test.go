package chunk

import (
	"testing"
	"time"
)

// holder has chunks of a pool.
type holder struct {
	p     *Pool
	all   []*Chunk
	since time.Time
	slow  bool
}

func hold(p *Pool, n int, since time.Time) *holder {
	h := &holder{p: p, since: since}
	for range n {
		h.all = append(h.all, p.Get())
	}
	p.Hold(h)
	return h
}

func (h *holder) Holds() (int, time.Time, bool) { return len(h.all) * Size, h.since, h.slow }

func (h *holder) GiveUp() {
	for _, k := range h.all {
		h.p.Put(k)
	}
	h.all = nil
	h.p.Release(h)
}

// TestRelieve: those give up that have waited for longest, no more than are needed, and nobody without need.
func TestRelieve(t *testing.T) {
	now := time.Unix(1000, 0)
	p := &Pool{}
	old, older, young := hold(p, 4, now.Add(-2*patience)), hold(p, 4, now.Add(-3*patience)), hold(p, 4, now.Add(-patience/2))
	if n := p.Relieve(now); n != 0 || p.Short() {
		t.Errorf("without a budget %d give up, short: %t", n, p.Short())
	}
	none := func() {}
	p.SetBudget(12*Size, none)
	if n := p.Relieve(now); n != 0 || p.Short() {
		t.Errorf("within the budget %d give up, short: %t", n, p.Short())
	}
	p.SetBudget(6*Size, none)
	if !p.Short() {
		t.Error("twice the budget is used, and that is not short")
	}
	p.SetBudget(9*Size, none)
	if n := p.Relieve(now); n != 1 || len(older.all) != 0 || len(old.all) != 4 || p.Out() != 8 {
		t.Errorf("%d give up, the oldest has %d, the next %d", n, len(older.all), len(old.all))
	}
	p.SetBudget(6*Size, none)
	if n := p.Relieve(now); n != 1 || len(old.all) != 0 || len(young.all) != 4 {
		t.Errorf("%d give up, the old one has %d, the young one %d", n, len(old.all), len(young.all))
	}
	p.SetBudget(3*Size, none)
	if n := p.Relieve(now); n != 0 {
		t.Errorf("%d give up that have waited for %v, while there is room", n, patience/2)
	}
	p.SetBudget(2*Size, none)
	if n := p.Relieve(now); n != 1 || p.Out() != 0 {
		t.Errorf("%d give up in the end, %d are out", n, p.Out())
	}
}

// TestStarve: who can wait is told to when the budget is used up, and hears once when there is room again.
func TestStarve(t *testing.T) {
	p := &Pool{}
	if p.Starve() {
		t.Error("starving without a budget")
	}
	fed := 0
	p.SetBudget(8*Size, func() { fed++ })
	h := hold(p, 7, time.Unix(1000, 0))
	if p.Starve() {
		t.Error("starving with room left")
	}
	h.all = append(h.all, p.Get())
	if first, second := p.Starve(), p.Starve(); !first || !second { // to ask changes nothing
		t.Error("not starving although the budget is used up")
	}
	put := func() {
		p.Put(h.all[0])
		h.all = h.all[1:]
	}
	if put(); fed != 0 {
		t.Error("fed by one chunk that came back")
	}
	if put(); fed != 1 {
		t.Errorf("fed %d times after a quarter came back", fed)
	}
	if put(); fed != 1 {
		t.Errorf("fed %d times", fed)
	}
}

// TestStarveTwice: one who finds that there is room again does not take the word from another who waits.
func TestStarveTwice(t *testing.T) {
	p := &Pool{}
	fed := 0
	p.SetBudget(8*Size, func() { fed++ })
	hold(p, 8, time.Unix(1000, 0))
	if !p.Starve() {
		t.Fatal("not starving although the budget is used up")
	}
	p.out.Store(6) // by somebody who has not looked yet who waits
	if p.starving() || fed != 1 {
		t.Errorf("there is room, and those who wait were told %d times", fed)
	}
	p.feed()
	if fed != 1 {
		t.Errorf("told %d times", fed)
	}
	p.out.Store(8)
	p.lenient.Store(true)
	p.starved.Store(true) // by somebody who did not know that waiting does not help
	if p.Relieve(time.Unix(1000, 0)); fed != 2 {
		t.Errorf("told %d times of the end of waiting", fed)
	}
}

// TestStarveRelief: while somebody is kept waiting, holders whose somebody takes nothing have less time, and make room for who waits.
func TestStarveRelief(t *testing.T) {
	now := time.Unix(1000, 0)
	p := &Pool{}
	fed := 0
	p.SetBudget(8*Size, func() { fed++ })
	stuck, slow := hold(p, 4, now.Add(-hurry)), hold(p, 4, now.Add(-pause+1))
	slow.slow = true
	if n := p.Relieve(now); n != 0 {
		t.Errorf("%d give up while nobody wants the room", n)
	}
	if !p.Starve() {
		t.Fatal("not starving although the budget is used up")
	}
	if n := p.Relieve(now); n != 1 || len(stuck.all) != 0 || len(slow.all) != 4 || fed != 1 {
		t.Errorf("%d give up, the stuck one has %d, the slow one %d, fed %d times", n, len(stuck.all), len(slow.all), fed)
	}
	p.SetBudget(3*Size, func() {})
	if n := p.Relieve(now.Add(1)); n != 1 || len(slow.all) != 0 {
		t.Errorf("%d give up, the slow one has %d although it has paused for long", n, len(slow.all))
	}
}

// TestStarveEnds: waiting that does not help ends.
func TestStarveEnds(t *testing.T) {
	now := time.Unix(1000, 0)
	p := &Pool{}
	fed := 0
	p.SetBudget(4*Size, func() { fed++ })
	var all []*Chunk
	for range 4 {
		all = append(all, p.Get())
	}
	if !p.Starve() {
		t.Fatal("not starving although the budget is used up")
	}
	p.Relieve(now)
	if p.Relieve(now.Add(famine - 1)); fed != 0 || !p.Starve() {
		t.Errorf("fed %d times before the time", fed)
	}
	if p.Relieve(now.Add(famine)); fed != 1 || p.Starve() {
		t.Errorf("fed %d times, starving: %t", fed, p.Starve())
	}
	for _, c := range all[:2] {
		p.Put(c)
	}
	p.Relieve(now.Add(famine))
	for len(all) < 6 {
		all = append(all, p.Get())
	}
	if !p.Starve() {
		t.Error("not starving the next time")
	}
}
