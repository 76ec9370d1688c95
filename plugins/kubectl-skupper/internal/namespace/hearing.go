package namespace

import (
	"fmt"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// hearing is what was said last of the network of a site.
type hearing struct {
	site    string // its UID
	network []v2alpha1.SiteRecord
}

// missNetwork notes that nothing is said of the network though something was before: whoever says it is being replaced. That is
// no news of links and services that went away, so that what was said before still holds. It is in the site's status too, which
// counts after a start of the controller; but the cache may not show that status yet.
func (r *reconciler) missNetwork(w *world) {
	before, known := r.hear(w)
	if w.observed.Network != nil {
		return
	}
	if known {
		w.observed.Network = before
	}
	if w.observed.Blind != "" {
		return
	}
	for _, s := range w.resources.Sites {
		if len(s.Status.Network) > 0 || known {
			w.observed.Blind = fmt.Sprintf("what is said of links and other sites is old, as there is nothing in ConfigMap %s: the adaptor beside the router makes it anew", names.NetworkStatus)
			return
		}
	}
}

// hear remembers the network that there is now, and tells of the one before; known is false if it was none, or that of a site which is gone.
func (r *reconciler) hear(w *world) (before []v2alpha1.SiteRecord, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.heard[w.namespace]
	for _, s := range w.resources.Sites {
		known = known || string(s.UID) == last.site
	}
	switch {
	case w.observed.Network != nil && w.resources.ActiveSite != "":
		r.heard[w.namespace] = hearing{w.resources.ActiveSite, w.observed.Network}
	case !known:
		delete(r.heard, w.namespace)
	}
	if !known {
		return nil, false
	}
	return last.network, true
}
