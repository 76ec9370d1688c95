package claims

import (
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
)

// How long to wait between tries. What may go away by itself is tried often; what the granting site refused for good, or
// what is wrong with the answer, seldom: another claim at the same place could cost a use, and cannot help but by somebody's
// doing at the other site.
const (
	firstWait = time.Second // then twice as long each time
	mostWait  = 30 * time.Second
	longWait  = time.Minute      // after an answer that is final, but for the way to the server
	mostLong  = 10 * time.Minute // the same, and after a refusal at once
)

// wait is when a token may be tried again.
type wait struct {
	generation int64 // of the token: one that was changed is a new one
	failures   int
	until      time.Time
}

// pause is how long to wait after a number of failures of which err is the last.
func pause(err error, failures int) time.Duration {
	first, most := firstWait, mostWait
	var f *redeem.Failure
	if errors.As(err, &f) && f.Final {
		first, most = longWait, mostLong
		switch f.Cause {
		case grant.Expired, grant.UsedUp, grant.Refused, grant.Unknown:
			first = mostLong
		}
	}
	d := first << min(max(failures-1, 0), 20)
	return min(d, most)
}

// left is how long a token is not to be tried.
func (r *reconciler) left(key client.ObjectKey, generation int64, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, ok := r.waits[key]
	if !ok || w.generation != generation {
		return 0
	}
	return min(max(w.until.Sub(now), 0), mostLong) // a clock that was set back must not make it wait for ever
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
	w.until = now.Add(d)
	r.waits[key] = w
	return d
}

func (r *reconciler) forget(key client.ObjectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waits, key)
}
