package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/certificates"
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
}

const (
	soon  = time.Second // the cache is behind
	later = time.Minute // something outside has to change first
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
		return ctrl.Result{}, client.IgnoreNotFound(err) // the garbage collector removes what it owned
	}
	endpoints, err := r.ensure(ctx, &sa)
	if transient(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	var again ctrl.Result
	if err != nil && !v2alpha1.IsWaiting(err) {
		again.RequeueAfter = later
	}
	return again, r.status(ctx, &sa, endpoints, err)
}

// ensure makes the objects and gives the endpoints known.
func (r *reconciler) ensure(ctx context.Context, sa *v2alpha1.SecuredAccess) ([]v2alpha1.Endpoint, error) {
	name := sa.Spec.AccessType
	if name == "" {
		name = r.defaultType
	}
	t, ok := types()[name]
	if !ok || !r.enabled(name) {
		return nil, errors.New("unsupported access type")
	}
	env := Env{Config: r.opts.Config, Own: r.opts.Own}
	var err error
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

// transient tells errors that are no news to anybody: another try will do.
func transient(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
