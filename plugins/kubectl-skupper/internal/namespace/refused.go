package namespace

import (
	"context"
	"errors"
	"maps"
	"time"

	"go.uber.org/multierr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/site"
)

// teller is whose status tells that something could not be made.
type teller struct {
	uid  types.UID // of a Site or a RouterAccess
	host string    // of listeners, whose service it is
}

// failures are what could not be done in one pass over a namespace.
type failures struct {
	all  error            // all of them: for the log, and another try
	told map[teller]error // those that somebody's status has to tell, by whom
}

// note adds a failure, if it is one, which nobody tells if it is nobody's to mend.
func (f *failures) note(by teller, err error) {
	if err == nil {
		return
	}
	f.all = multierr.Append(f.all, err)
	if by != (teller{}) {
		if f.told == nil {
			f.told = map[teller]error{}
		}
		f.told[by] = multierr.Append(f.told[by], err)
	}
}

// trouble is a series of passes over a namespace of which none went well.
type trouble struct {
	since time.Time
	told  map[teller]error // by the last pass
}

// passing is how long a failure that most likely passes by itself is no news to anybody.
const passing = 10 * time.Second

// tell says which failures of a pass the statuses have to tell. While there are others, what was told before stands: it may not have come
// to be tried again. Of what may pass the first words stand, as they may be others with each try.
func (t *trouble) tell(now time.Time, f *failures) map[teller]error {
	if f.all == nil {
		*t = trouble{}
		return nil
	}
	if t.since.IsZero() {
		t.since = now
	}
	told, left := map[teller]error{}, len(multierr.Errors(f.all))
	for by, err := range f.told {
		stays := false
		for _, e := range multierr.Errors(err) {
			if isBehind(e) || mayPass(e) && now.Sub(t.since) < passing {
				continue
			}
			left--
			stays = stays || mayPass(e) && t.told[by] != nil
			told[by] = multierr.Append(told[by], errors.New(clip(e.Error())))
		}
		if stays {
			told[by] = t.told[by]
		}
	}
	if left > 0 {
		for by, err := range t.told {
			if told[by] == nil {
				told[by] = err
			}
		}
	}
	t.told = maps.Clone(told)
	return told
}

// isBehind tells errors that the next look at the cache solves, or that are none as the namespace goes.
func isBehind(err error) bool {
	var made creation
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) ||
		apierrors.IsNotFound(err) && !errors.As(err, &made)
}

// mayPass tells errors of the way to the API server, or of its own, from its judgements of an object.
func mayPass(err error) bool {
	var status apierrors.APIStatus
	return !errors.As(err, &status) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err)
}

// tellOf has the statuses of a namespace tell of what could not be made, and reports whether there is anything to tell.
func (r *reconciler) tellOf(ctx context.Context, w *world, f *failures) bool {
	if ctx.Err() != nil { // the controller ends, which is why
		return false
	}
	r.mu.Lock()
	t := r.troubles[w.namespace]
	told := t.tell(w.observed.Now, f)
	if f.all == nil {
		delete(r.troubles, w.namespace)
	} else {
		r.troubles[w.namespace] = t
	}
	r.mu.Unlock()
	w.resources.Refused = map[string]error{}
	for by, err := range told {
		if by.host != "" {
			w.resources.Refused[by.host] = err
			continue
		}
		uid := string(by.uid)
		w.resources.Faults[uid] = multierr.Append(w.resources.Faults[uid], err)
	}
	return len(told) > 0
}

// forSite is told by the site.
func forSite(d site.Desired) teller { return teller{uid: d.Site.UID} }
