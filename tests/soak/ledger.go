package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// settling is how long after a fault of a link flows may still be lost by it.
const settling = 5 * time.Second

// maxFailures is how many are kept: the first ones tell most.
const maxFailures = 20

// isEnd tells that a flow was reset or broken off, rather than corrupt or stuck.
func isEnd(err error) bool {
	return err != nil && !errors.Is(err, errCorrupt) && !errors.Is(err, errStuck)
}

// ledger keeps the outcome of flows, and of faults what excuses a lost flow.
type ledger struct {
	mu       sync.Mutex
	fault    time.Time // the last one
	faults   int
	healed   bool          // since the last fault a flow was done that began after it
	heal     time.Duration // the longest between a fault and the end of such a flow
	counts   counts
	failures []error
	failed   int
}

// counts are of flows since the beginning.
type counts struct {
	done    [kinds]int
	lost    int // to a fault
	refused int // connections to a closed listener
	octets  int64
}

func (c counts) total() (n int) {
	for _, k := range c.done {
		n += k
	}
	return n
}

// disturb notes a fault that may cost flows.
func (l *ledger) disturb() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.healed = time.Now(), false
	l.faults++
}

// done notes a flow that was right to the end.
func (l *ledger) done(p plan, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.done[p.kind]++
	switch p.kind {
	case clientAbort:
		l.counts.octets += p.up / 2
	case serverAbort:
		l.counts.octets += p.down / 2
	default:
		l.counts.octets += p.up + p.down
	}
	if !l.healed && !l.fault.IsZero() && began.After(l.fault) {
		l.healed = true
		l.heal = max(l.heal, time.Since(l.fault))
	}
}

func (l *ledger) refused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.refused++
}

// lost judges the error of a flow: only a fault excuses it, and nothing excuses octets that are wrong or do not move.
func (l *ledger) lost(began time.Time, side, what string, err error) {
	l.mu.Lock()
	excused := isEnd(err) && !l.fault.IsZero() && began.Before(l.fault.Add(settling))
	if excused && side == "client" {
		l.counts.lost++
	}
	l.mu.Unlock()
	if !excused {
		l.fail(fmt.Errorf("%s: %s flow after %v, with no fault since %v before: %w", side, what,
			time.Since(began).Round(time.Millisecond), settling, err))
	}
}

// fail notes what must not happen.
func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
	if len(l.failures) < maxFailures {
		l.failures = append(l.failures, fmt.Errorf("%s %w", time.Now().Format("15:04:05.000"), err))
	}
}

// now is how it stands.
func (l *ledger) now() (c counts, faults, failed int, heal time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts, l.faults, l.failed, l.heal
}

// verdict is all that went wrong, or nil. What was wanted and not tested is wrong, too.
func (l *ledger) verdict(some []kind, faults bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := append([]error(nil), l.failures...)
	if more := l.failed - len(l.failures); more > 0 {
		errs = append(errs, fmt.Errorf("… and %d failures more", more))
	}
	for _, k := range some {
		if l.counts.done[k] == 0 {
			errs = append(errs, fmt.Errorf("no %v flow was ever done, so they were not tested", k))
		}
	}
	if faults && l.faults == 0 {
		errs = append(errs, errors.New("there was no fault, so none was tested"))
	}
	return errors.Join(errs...)
}
