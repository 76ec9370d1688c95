package supervise

import (
	"context"
	"time"
)

// backoff spaces the restarts of a router that keeps ending. The zero value allows a start at once.
type backoff struct {
	wait time.Duration // before the next start after this one
	next time.Time     // no start before
}

const (
	firstWait  = time.Second
	longest    = 30 * time.Second
	steadyTime = time.Minute // a router that ran this long has recovered
)

// allowed tells whether a start may be tried now. A clock that was set back does not hold it up for long.
func (b *backoff) allowed(now time.Time) bool {
	return !now.Before(b.next) || b.next.Sub(now) > longest
}

// started notes a try.
func (b *backoff) started(now time.Time) {
	if b.wait == 0 {
		b.wait = firstWait
	}
	b.next = now.Add(b.wait)
	b.wait = min(2*b.wait, longest)
}

// steady notes that the router has been running since then.
func (b *backoff) steady(now, since time.Time) {
	if now.Sub(since) >= steadyTime {
		*b = backoff{}
	}
}

// pause waits for d unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
