package claims

import (
	"errors"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
)

// How long to wait between tries. What may go away by itself is tried often; what somebody at the other site, or on the way to
// it, has to set right, seldom: another claim could cost a use.
const (
	firstWait = time.Second // then twice as long each time
	mostWait  = 30 * time.Second
	longWait  = time.Minute      // after an answer that is final, but for what somebody may do at the other site
	mostLong  = 10 * time.Minute // the same
)

// wait is when a token may be tried again.
type wait struct {
	generation int64 // of the token: one that was changed is a new one
	failures   int
	until      time.Time
	last       error  // the failure before it
	never      string // why it is not tried at all as long as it is what it is; empty: it is
}

// unusable is what is wrong with a token itself.
type unusable struct{ error }

func (u unusable) Unwrap() error { return u.error }

// final tells whether a token will be refused again however often it is tried. The granting site must have said so: that a token
// is too old by the clock of this machine alone is not enough. That it knows no such token is not either: so says one, too, whose
// replica is behind, or that is being handed over.
func final(err error) bool {
	var bad unusable
	var f *redeem.Failure
	switch {
	case errors.As(err, &bad):
		return true
	case !errors.As(err, &f) || f.Status == 0:
		return false
	}
	switch f.Cause {
	case grant.Expired, grant.UsedUp, grant.Corrupted, grant.BadName:
		return true
	case grant.Refused: // what stands before a grant server can refuse too
		return strings.Contains(f.Body, "Redemption of access token refused")
	}
	return false
}

// pause is how long to wait after a number of failures of which err is the last.
func pause(err error, failures int) time.Duration {
	first, most := firstWait, mostWait
	var f *redeem.Failure
	if errors.As(err, &f) && f.Final {
		first, most = longWait, mostLong
	}
	d := first << min(max(failures-1, 0), 20)
	return min(d, most)
}

// waiting is what is known of a token, and how long it is not to be tried. fresh: nothing is known of it yet.
func (r *reconciler) waiting(key client.ObjectKey, generation int64, now time.Time) (w wait, left time.Duration, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, ok := r.waits[key]
	if !ok || w.generation != generation {
		return wait{}, 0, true
	}
	return w, min(max(w.until.Sub(now), 0), mostLong), false // a clock that was set back must not make it wait for ever
}

// never has a token not tried again before it is changed.
func (r *reconciler) never(key client.ObjectKey, generation int64, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits[key] = wait{generation: generation, never: why}
}

// failed notes a failure and gives the time until the next try.
func (r *reconciler) failed(key client.ObjectKey, generation int64, err error, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.waits[key]
	if w.generation != generation {
		w = wait{generation: generation}
	}
	w.failures++
	d := pause(err, w.failures)
	w.until, w.last = now.Add(d), err
	r.waits[key] = w
	return d
}

func (r *reconciler) forget(key client.ObjectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waits, key)
}
