package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/multierr"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/certificates"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

type reconciler struct {
	client.Client
	live        client.Reader // not the cache
	opts        Options
	defaultType string // chosen at the start: what is exposed must not move because an API was added
	watch       watcher

	mu      sync.Mutex
	watched map[string]schema.GroupVersionKind // by kind
	tries   map[types.NamespacedName]int       // that failed one after the other, for what may pass by itself
	swept   map[types.NamespacedName]types.UID // what was looked at for all that former access types may have left
}

const (
	soon  = time.Second // the cache is behind
	later = time.Minute // something outside has to change first

	// Backoff of what failed and may pass by itself, and after how many tries in a row the status tells of it.
	firstRetry, lastRetry = 50 * time.Millisecond, 30 * time.Second
	patience              = 4
)

// enabled tells whether an access type may be used.
func (r *reconciler) enabled(accessType string) bool {
	return slices.Contains(r.opts.Config.Types(), accessType)
}

// Reconcile makes the objects of one SecuredAccess, and its status, what they should be.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if in, err := scope.Includes(ctx, r.opts.Scope, r.opts.Own, req.NamespacedName); err != nil || !in {
		return ctrl.Result{}, err
	}
	var sa v2alpha1.SecuredAccess
	if err := r.Get(ctx, req.NamespacedName, &sa); err != nil || !sa.DeletionTimestamp.IsZero() {
		if err == nil || apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err) // the garbage collector removes what it owned
	}
	endpoints, err := r.ensure(ctx, &sa)
	switch {
	case err != nil && ctx.Err() != nil: // the controller ends
		return ctrl.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return ctrl.Result{RequeueAfter: soon}, nil
	case transient(err):
		if r.lasting(req.NamespacedName) { // where it was reached it most likely still is
			err = multierr.Append(err, r.status(ctx, &sa, sa.Status.Endpoints, err))
		}
		return ctrl.Result{}, err
	}
	r.passed(req.NamespacedName)
	var again ctrl.Result
	if err != nil && !v2alpha1.IsWaiting(err) {
		again.RequeueAfter = later
	}
	return again, r.status(ctx, &sa, endpoints, err)
}

// lasting counts a try that failed and tells whether somebody has to hear of it now. Their texts differ from one to the next, and each
// write of a status is reason for another try: they are written ever less often.
func (r *reconciler) lasting(key types.NamespacedName) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries[key]++
	n := r.tries[key]
	return n >= patience && n&(n-1) == 0
}

func (r *reconciler) passed(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tries, key)
}

func (r *reconciler) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tries, key)
	delete(r.swept, key)
}

// ensure makes the objects and gives the endpoints known.
func (r *reconciler) ensure(ctx context.Context, sa *v2alpha1.SecuredAccess) ([]v2alpha1.Endpoint, error) {
	name := sa.Spec.AccessType
	if name == "" {
		name = r.defaultType
	}
	t, ok := accessTypes()[name]
	if !ok || !r.enabled(name) {
		// The Service stays: its address may be lost for a slip of the pen, and routers of the site know each other by it.
		if err := r.prune(ctx, sa, nil); err != nil {
			return nil, err
		}
		return nil, errors.New("unsupported access type")
	}
	err := checkPorts(sa)
	if err != nil {
		return nil, err
	}
	env := Env{Config: r.opts.Config, Own: r.opts.Own}
	if env.Kinds, err = r.resolve(name, t.kinds); err != nil {
		return nil, err
	}
	seen, wanted := Seen{}, map[string]bool{}
	want := []client.Object{service(sa, t.service)}
	var waits error
	if t.plan != nil {
		first, _ := t.plan(sa, env, seen) // only to learn what to look at
		for _, obj := range first {
			if err := r.look(ctx, obj, seen); err != nil {
				return nil, err
			}
		}
		more, err := t.plan(sa, env, seen)
		if err != nil && !v2alpha1.IsWaiting(err) {
			return nil, err
		}
		want, waits = append(want, more...), err
	}
	for _, obj := range want {
		kind := r.kindOf(obj)
		wanted[ref(kind, obj.GetName())] = true
		now, err := r.apply(ctx, sa, kind, obj)
		if err != nil {
			return nil, err
		}
		seen[ref(kind, obj.GetName())] = now
	}
	if err := r.prune(ctx, sa, wanted); err != nil {
		return nil, err
	}
	endpoints := t.endpoints(sa, env, seen)
	if err := r.certify(ctx, sa, endpoints); err != nil {
		return nil, err
	}
	return endpoints, waits
}

// certify asks for the certificate for where the pods end up, and for their names within the cluster. It is asked for
// before anything is known of the former, as the pods cannot start without.
func (r *reconciler) certify(ctx context.Context, sa *v2alpha1.SecuredAccess, endpoints []v2alpha1.Endpoint) error {
	if sa.Spec.Issuer == "" || sa.Spec.Certificate == "" {
		return nil
	}
	hosts := []string{sa.Name, sa.Name + "." + sa.Namespace}
	for _, e := range endpoints {
		hosts = append(hosts, e.Host)
	}
	for _, h := range strings.Split(sa.Annotations[names.Hosts], ",") { // by which others know it beside that
		if h = strings.TrimSpace(h); h != "" {
			hosts = append(hosts, h)
		}
	}
	return certificates.Ensure(ctx, r.Client, certificates.Want{
		Namespace: sa.Namespace, Name: sa.Spec.Certificate, CA: sa.Spec.Issuer, Subject: sa.Name, Hosts: hosts, Server: true,
		Owners: []metav1.OwnerReference{{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSecuredAccess, Name: sa.Name, UID: sa.UID}},
	})
}

// status says how it went.
func (r *reconciler) status(ctx context.Context, sa *v2alpha1.SecuredAccess, endpoints []v2alpha1.Endpoint, result error) error {
	before := sa.Status.DeepCopy()
	now := time.Now()
	v2alpha1.SetCondition(now, sa, v2alpha1.ConditionConfigured, result)
	sa.Status.Endpoints = endpoints
	var resolved error
	if len(endpoints) == 0 {
		resolved = v2alpha1.Waiting(fmt.Sprintf("it is not yet known where %s can be reached", sa.Name))
	}
	v2alpha1.SetCondition(now, sa, v2alpha1.ConditionResolved, resolved)
	if equality.Semantic.DeepEqual(before, &sa.Status) {
		return nil
	}
	r.opts.Log.Info().Str("namespace", sa.Namespace).Str("access", sa.Name).Int("endpoints", len(endpoints)).AnErr("err", result).Msg("access.changed")
	err := r.Status().Update(ctx, sa)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it is gone, or has changed, of which we are told
	}
	return err
}

// transient tells errors of the API server, or of what it asks, that may pass by themselves.
func transient(err error) bool {
	return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
