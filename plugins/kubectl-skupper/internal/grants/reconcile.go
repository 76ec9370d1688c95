package grants

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/activesite"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

type reconciler struct {
	client.Client
	live    client.Reader // not the cache
	opts    Options
	address *address

	mu      sync.Mutex
	counted map[client.ObjectKey]time.Time // when a count was last written
	second  time.Time                      // the one in which counts were last written
	writes  int                            // of counts, in that second
}

// grantsOf are the grants of a site.
func (r *reconciler) grantsOf(ctx context.Context, site client.Object) []reconcile.Request {
	return scope.Requests(ctx, r, &v2alpha1.AccessGrantList{}, client.InNamespace(site.GetNamespace()))
}

// issuedOf are the grants of a namespace that name their authority: which they may depends on its router accesses.
func (r *reconciler) issuedOf(ctx context.Context, access client.Object) []reconcile.Request {
	return r.issued(ctx, access.GetNamespace(), func(name string) bool { return name != "" })
}

// signedBy are the grants that name a Secret as their authority.
func (r *reconciler) signedBy(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.issued(ctx, secret.GetNamespace(), func(name string) bool { return name == secret.GetName() })
}

func (r *reconciler) issued(ctx context.Context, namespace string, by func(issuer string) bool) (out []reconcile.Request) {
	var list v2alpha1.AccessGrantList
	if err := r.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil // the cache has ended
	}
	for i := range list.Items {
		if g := &list.Items[i]; by(g.Spec.Issuer) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(g)})
		}
	}
	return out
}

// issuer says what is wrong with the authority that a grant names, nil if nothing is or it names none.
func (r *reconciler) issuer(ctx context.Context, g *v2alpha1.AccessGrant) (wrong, err error) {
	if g.Spec.Issuer == "" {
		return nil, nil
	}
	site, err := activesite.In(ctx, r, g.Namespace)
	if err != nil {
		return nil, err
	}
	if site == nil {
		return v2alpha1.Waiting(v2alpha1.MessageNoActiveSite), nil // whose routers are to trust it
	}
	may, err := accepted(ctx, r, site)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(may, g.Spec.Issuer) {
		return v2alpha1.Waiting(fmt.Sprintf("spec.issuer: %q is no authority of this site: want %s, or the issuer of a RouterAccess that is configured",
			g.Spec.Issuer, strings.Join(may, " or "))), nil
	}
	key := client.ObjectKey{Namespace: g.Namespace, Name: g.Spec.Issuer}
	ca, err := authority(ctx, r, r.live, key)
	if apierrors.IsNotFound(err) {
		return v2alpha1.Waiting(fmt.Sprintf("spec.issuer: CA %q not found", key)), nil
	}
	if err != nil {
		return nil, err
	}
	m, err := pki.Parse(ca)
	switch {
	case err != nil:
		return fmt.Errorf("spec.issuer: CA %q cannot be used: %w", key, err), nil
	case len(ca.Key) == 0 || !m.Chain[0].IsCA:
		return fmt.Errorf("spec.issuer: %q is no CA that can sign: want tls.crt of a CA and its tls.key", key), nil
	}
	return nil, nil
}

// all are all grants.
func (r *reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
	return scope.Requests(ctx, r, &v2alpha1.AccessGrantList{})
}

// Reconcile brings the status of one grant up to date.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if in, err := r.opts.Scope.Controls(ctx, req.Namespace); err != nil || !in {
		return ctrl.Result{}, err
	}
	var g v2alpha1.AccessGrant
	if err := r.Get(ctx, req.NamespacedName, &g); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !g.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if g.Spec.RedemptionsAllowed == 0 {
		before := g.DeepCopy()
		g.Spec.RedemptionsAllowed = 1
		if err := r.Patch(ctx, &g, client.MergeFrom(before)); err != nil {
			return ctrl.Result{}, client.IgnoreNotFound(err)
		}
	}
	before := g.DeepCopy()
	edge, err := r.onEdge(ctx, g.Namespace)
	if err != nil {
		return ctrl.Result{}, err
	}
	unsigned, err := r.issuer(ctx, &g)
	if err != nil {
		return ctrl.Result{}, err
	}
	now := r.opts.Now()
	end := r.process(&g, edge, unsigned, now)
	var again ctrl.Result
	if left := end.Sub(now); left > 0 {
		again.RequeueAfter = left + time.Millisecond
	}
	if equality.Semantic.DeepEqual(before.Status, g.Status) {
		return again, nil
	}
	if wait := r.hold(req.NamespacedName, before, &g, now); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	// Code and end are chosen once, and counts never go back: they must not be written over what the cache does not have yet.
	patch := client.MergeFrom(before)
	if before.Status.Code == "" || before.Status.ExpirationTime == "" || before.Status.Redemptions != g.Status.Redemptions {
		patch = client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	}
	err = r.Status().Patch(ctx, &g, patch)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: time.Second}, nil // or at once, when the cache has caught up
	}
	if err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	return again, nil
}

// process computes the status and gives the grant's end, zero if it has none.
func (r *reconciler) process(g *v2alpha1.AccessGrant, edge bool, unsigned error, now time.Time) time.Time {
	base, ca, problem := r.address.get()
	end, err := grant.Prepare(g, now)
	switch {
	case err != nil:
	case edge:
		err = errEdge()
	case !end.After(now):
		err = fmt.Errorf("expired at %s: make a new grant", end.UTC().Format(time.RFC3339))
	default:
		err = unsigned
	}
	v2alpha1.SetCondition(now, g, v2alpha1.ConditionProcessed, err)
	g.Status.URL, g.Status.CA = "", ca
	if base != "" {
		g.Status.URL = "https://" + base + "/" + string(g.UID)
	}
	err = nil
	if problem != "" || base == "" || ca == "" {
		if problem == "" {
			problem = waitingForServer
		}
		err = v2alpha1.Waiting(problem)
	}
	v2alpha1.SetCondition(now, g, v2alpha1.ConditionResolved, err)
	if g.Status.Message == messageDisabled { // left from when they were
		v2alpha1.ClearCondition(now, g, v2alpha1.ConditionResolved)
		v2alpha1.SetCondition(now, g, v2alpha1.ConditionResolved, err)
	}
	return end
}

// onEdge tells whether a site of the namespace that is ready is an edge site.
func (r *reconciler) onEdge(ctx context.Context, namespace string) (bool, error) {
	var sites v2alpha1.SiteList
	if err := r.List(ctx, &sites, client.InNamespace(namespace)); err != nil {
		return false, err
	}
	for i := range sites.Items {
		if s := &sites.Items[i]; s.Spec.Edge && s.IsReady() {
			return true, nil
		}
	}
	return false, nil
}

// hold is how long to wait before a status is written in which nothing but the count changed. The first is written at once;
// but where there are hundreds of redemptions a second the API server has better to do, as the record has the count already.
func (r *reconciler) hold(key client.ObjectKey, before, after *v2alpha1.AccessGrant, now time.Time) time.Duration {
	was := before.Status.DeepCopy()
	was.Redemptions = after.Status.Redemptions
	if !equality.Semantic.DeepEqual(was, &after.Status) {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.counted[key]); since >= 0 && since < eachCount {
		return eachCount - since
	}
	if at := now.Truncate(time.Second); !at.Equal(r.second) {
		r.second, r.writes = at, 0
	}
	if r.writes++; r.writes > allCounts {
		return eachCount
	}
	r.counted[key] = now
	return 0
}

func (r *reconciler) forget(key client.ObjectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.counted, key)
}
