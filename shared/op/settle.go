package op

import (
	"context"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Settle is how long to wait until what runs is as the store says.
type Settle struct {
	Wait    bool
	Timeout time.Duration // 1s or more
}

func (s Settle) check(f *faults) { f.lasts("timeout", s.Timeout, minTimeout) }

// inEffect makes sure that somebody acts on a change that is stored, and waits until it is in effect. Where a controller does
// that, there is nothing to wait for but what the resources say.
func inEffect(ctx context.Context, p Ports, w Settle, say Progress) (stopped bool, err error) {
	if p.System == nil || !w.Wait {
		return wake(ctx, p)
	}
	within, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	type outcome struct {
		stopped bool
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		stopped, err := p.System.Settle(within)
		done <- outcome{stopped, err}
	}()
	var end outcome
	select {
	case end = <-done:
	case <-time.After(quiet):
		say.say("the change to take effect")
		end = <-done // the goroutine ends with its context, which is no later than that of the caller
	}
	switch {
	case end.err == nil:
		return end.stopped, nil
	case ctx.Err() != nil: // the caller's, not ours
		return false, fmt.Errorf("wait for the change to take effect: %w", ctx.Err())
	case within.Err() != nil:
		return false, fault.Wrap(fault.Late, fmt.Sprintf("the change is stored, but not in effect after %s", Span(w.Timeout)), end.err, "`system status`")
	}
	return false, fault.Wrap(fault.KindOf(end.err), "the change is stored, but not in effect", end.err, orElse(fault.Hint(end.err), "`system status`"))
}
