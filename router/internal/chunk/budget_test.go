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
}

func hold(p *Pool, n int, since time.Time) *holder {
	h := &holder{p: p, since: since}
	for range n {
		h.all = append(h.all, p.Get())
	}
	p.Hold(h)
	return h
}

func (h *holder) Holds() (int, time.Time) { return len(h.all) * Size, h.since }

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
	p.SetBudget(12 * Size)
	if n := p.Relieve(now); n != 0 || p.Short() {
		t.Errorf("within the budget %d give up, short: %t", n, p.Short())
	}
	p.SetBudget(6 * Size)
	if !p.Short() {
		t.Error("twice the budget is used, and that is not short")
	}
	p.SetBudget(9 * Size)
	if n := p.Relieve(now); n != 1 || len(older.all) != 0 || len(old.all) != 4 || p.Out() != 8 {
		t.Errorf("%d give up, the oldest has %d, the next %d", n, len(older.all), len(old.all))
	}
	p.SetBudget(6 * Size)
	if n := p.Relieve(now); n != 1 || len(old.all) != 0 || len(young.all) != 4 {
		t.Errorf("%d give up, the old one has %d, the young one %d", n, len(old.all), len(young.all))
	}
	p.SetBudget(3 * Size)
	if n := p.Relieve(now); n != 0 {
		t.Errorf("%d give up that have waited for %v, while there is room", n, patience/2)
	}
	p.SetBudget(2 * Size)
	if n := p.Relieve(now); n != 1 || p.Out() != 0 {
		t.Errorf("%d give up in the end, %d are out", n, p.Out())
	}
}
