package namespace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/multierr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// reconciler brings namespaces to what their resources say.
type reconciler struct {
	Options
	client client.Client // reads from the cache
	live   client.Reader // does not
	now    func() time.Time

	mu       sync.Mutex
	told     map[string]string  // by namespace: what was logged of it
	heard    map[string]hearing // by namespace
	troubles map[string]trouble // by namespace
}

// behind is how long to wait for the cache after a conflict with what it does not show yet.
const behind = 100 * time.Millisecond

// Reconcile looks at one namespace: the request's name.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if req.Name == "" {
		return r.nowhere(ctx)
	}
	ours, err := r.Scope.Controls(ctx, req.Name)
	if err != nil || !ours {
		return reconcile.Result{}, err
	}
	w, err := r.gather(ctx, req.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	d, err := r.plan(w)
	if err != nil { // the statuses tell of it as far as there are any
		return reconcile.Result{}, multierr.Combine(err, r.updateStatuses(ctx, w, d))
	}
	var f failures
	switch {
	case d.Site == nil:
		r.removeObsolete(ctx, d, &f)
	case w.foreign[d.SiteID] == nil:
		r.apply(ctx, w, d, &f)
	}
	if r.tellOf(ctx, w, &f) {
		if d, err = r.plan(w); err != nil {
			return reconcile.Result{}, err
		}
	}
	err = multierr.Combine(f.all, r.updateStatuses(ctx, w, d), r.markTokens(ctx, w))
	result, err := settle(ctx, err)
	if err == nil && result.RequeueAfter == 0 {
		result.RequeueAfter = w.again
	}
	return result, err
}

// plan asks what is to be done. It asks twice where the answer depends on the identity of the site, which the plan finds.
func (r *reconciler) plan(w *world) (site.Desired, error) {
	for _, s := range w.resources.Sites {
		if w.resources.ActiveSite == "" || string(s.UID) == w.resources.ActiveSite || len(w.resources.Sites) == 1 {
			w.observed.Links = linksOf(w.network, string(s.UID))
		}
	}
	d, err := site.Plan(w.resources, w.observed)
	if err != nil || d.Site == nil || len(w.resources.Sites) < 2 {
		return d, err
	}
	w.observed.Links = linksOf(w.network, d.SiteID)
	return site.Plan(w.resources, w.observed)
}

// creation is the failure to make an object. That something was not found is then no news of a cache that is behind: the kind, or the
// namespace, is not there, and that may last.
type creation struct{ error }

func (c creation) Unwrap() error { return c.error }

// settle tells what the next look at the cache solves, conflicts and what has vanished meanwhile, from trouble.
func settle(ctx context.Context, err error) (reconcile.Result, error) {
	var trouble error
	again := false
	for _, e := range multierr.Errors(err) {
		var made creation
		switch {
		case apierrors.HasStatusCause(e, corev1.NamespaceTerminatingCause):
		case apierrors.IsNotFound(e) && errors.As(e, &made):
			trouble = multierr.Append(trouble, e)
		case apierrors.IsConflict(e), apierrors.IsAlreadyExists(e), apierrors.IsNotFound(e):
			log.FromContext(ctx).V(1).Info("the cache was behind", "reason", e.Error())
			again = true
		default:
			trouble = multierr.Append(trouble, e)
		}
	}
	if trouble != nil || !again {
		return reconcile.Result{}, trouble
	}
	return reconcile.Result{RequeueAfter: behind}, nil
}

// render prepares to render the objects of a site. A sizing that is not right is left out: the site's status tells of it.
func (r *reconciler) render(w *world, s *v2alpha1.Site) workload.Render {
	sizing, _ := workload.Size(w.sizings, s.Spec.Settings[v2alpha1.SettingSize])
	return workload.Render{Site: s, Images: r.Images, Plain: r.Plain, Templates: w.templates, Sizing: sizing}
}

// sort puts a resource where it belongs.
func (w *world) sort(obj runtime.Object) error {
	o, ok := obj.(v2alpha1.Object)
	if !ok {
		return fmt.Errorf("%T is no resource", obj)
	}
	switch o := o.(type) {
	case *v2alpha1.Certificate:
		w.certificates[o.Name] = o
		return nil
	case *v2alpha1.AccessToken:
		w.tokens = append(w.tokens, o)
		return nil
	case *v2alpha1.SecuredAccess:
		w.resources.SecuredAccesses = append(w.resources.SecuredAccesses, o)
		return nil
	case *v2alpha1.Site:
		if o.DeletionTimestamp != nil { // it waits for what it owns to go: that must not be made again
			return nil
		}
	}
	w.resources.Add(o)
	w.originals[key(o)] = o
	return nil
}
