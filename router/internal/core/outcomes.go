package core

import (
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// outcomes counts how deliveries have ended, and those that took longer than ten seconds for it, or than one. It may be used by any goroutine.
type outcomes struct {
	accepted, rejected, released, modified atomic.Uint64
	delayed1, delayed10                    atomic.Uint64
}

// judged counts the first outcome of one delivery: it may be said twice, unsettled and settled.
type judged struct {
	said atomic.Bool
	// since is when the message came, zero for a stream, which may take as long as it likes. It does not change once the delivery is routed.
	since time.Time
}

// open reports that a message has been here for longer than d without an outcome.
func (j *judged) open(now time.Time, d time.Duration) bool {
	return !j.since.IsZero() && now.Sub(j.since) > d && !j.said.Load()
}

func (j *judged) count(state frame.DeliveryState, in ...*outcomes) {
	if state == nil || !frame.Terminal(state) || j.said.Swap(true) {
		return
	}
	var took time.Duration
	if !j.since.IsZero() {
		took = time.Since(j.since)
	}
	for _, o := range in {
		o.add(state)
		switch {
		case took > longDelay:
			o.delayed10.Add(1)
		case took > delay:
			o.delayed1.Add(1)
		}
	}
}

// What deliveries are told apart by, as other routers do. One without an outcome for longer than longDelay is stuck, a link without credit for as long is
// blocked.
const (
	delay     = time.Second
	longDelay = 10 * time.Second
)

// unsettled is one delivery in the count of those of its link that have no outcome yet. A nil one is in none.
type unsettled struct {
	in   *atomic.Int64
	over atomic.Bool
}

// begin puts it in.
func (u *unsettled) begin() {
	if u != nil {
		u.in.Add(1)
	}
}

// end takes the delivery out, once: it is settled, judged or aborted.
func (u *unsettled) end() {
	if u != nil && !u.over.Swap(true) {
		u.in.Add(-1)
	}
}

func (o *outcomes) add(state frame.DeliveryState) {
	switch state.(type) {
	case *frame.Accepted:
		o.accepted.Add(1)
	case *frame.Rejected:
		o.rejected.Add(1)
	case *frame.Released:
		o.released.Add(1)
	case *frame.Modified:
		o.modified.Add(1)
	}
}

// countedSource is the source of a stream that begins in this process.
type countedSource struct {
	Source
	core *Core
	judged
}

// Update passes the word on.
func (s *countedSource) Update(state frame.DeliveryState, settled bool) {
	s.count(state, &s.core.outcomes)
	s.Source.Update(state, settled)
}

// Totals are the router's counters. On the core's goroutine.
func (c *Core) Totals() Stats {
	s := c.stats
	s.Accepted, s.Rejected = c.outcomes.accepted.Load(), c.outcomes.rejected.Load()
	s.Released, s.ModifiedCount = c.outcomes.released.Load(), c.outcomes.modified.Load()
	s.Delayed1, s.Delayed10 = c.outcomes.delayed1.Load(), c.outcomes.delayed10.Load()
	return s
}
