// Package access makes SecuredAccesses come true: pods are exposed outside of their cluster in the way that the access type
// says, the hosts and ports at which they end up are told in the status, and there is a certificate for these hosts.
//
// Each access type is a file of its own, which says what objects it consists of and reads the endpoints from them; all of it
// is pure. This package's reconciler makes the objects so, and removes those of a type that was left. Types whose API is not
// part of every cluster are handled without its Go types, and watched only once there is something of them to watch.
package access

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Options of the reconciler.
type Options struct {
	Scope scope.Scope
	Log   zerolog.Logger

	// Own is the namespace this controller runs in: the Gateway is there, and its grant server's SecuredAccess, which is
	// always in scope.
	Own string

	Config Config
}

// workers is how many SecuredAccesses are seen to at once.
const workers = 4

// Add registers the reconciler. The manager's cache must have SecuredAccesses, Certificates, and the Services and Ingresses
// that are labelled as part of a SecuredAccess, of all namespaces in scope and of Own.
func Add(mgr ctrl.Manager, o Options) error {
	if err := o.Config.Check(); err != nil {
		return fmt.Errorf("access types: %w", err)
	}
	r := &reconciler{Client: mgr.GetClient(), live: mgr.GetAPIReader(), opts: o, watched: map[string]schema.GroupVersionKind{},
		tries: map[types.NamespacedName]int{}, swept: map[types.NamespacedName]types.UID{}}
	routes, err := has(mgr.GetRESTMapper(), routeKind)
	if err != nil {
		return fmt.Errorf("ask which APIs the cluster has: %w", err)
	}
	r.defaultType = o.Config.DefaultType(routes)
	owner := func() handler.EventHandler {
		return handler.EnqueueRequestForOwner(mgr.GetScheme(), mgr.GetRESTMapper(), &v2alpha1.SecuredAccess{})
	}
	b := ctrl.NewControllerManagedBy(mgr).Named("access").
		For(&v2alpha1.SecuredAccess{}).
		Watches(&corev1.Service{}, owner()).
		Watches(&corev1.Service{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(freed())).
		Watches(&v2alpha1.Certificate{}, owner()).
		Watches(&corev1.ConfigMap{}, scope.Wake(mgr.GetClient(), func() client.ObjectList { return &v2alpha1.SecuredAccessList{} }))
	if r.enabled(Ingress) || r.enabled(IngressNginx) {
		b = b.Watches(&networkingv1.Ingress{}, owner())
	}
	c, err := b.WithOptions(controller.Options{
		MaxConcurrentReconciles: workers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}).Build(r)
	if err != nil {
		return fmt.Errorf("register the access reconciler: %w", err)
	}
	r.watch = watcher{cache: mgr.GetCache(), controller: c, owner: owner(), gateway: handler.EnqueueRequestsFromMapFunc(r.allByGateway)}
	return nil
}

// freed is about listeners' Services that go, as a SecuredAccess of the same name may wait for that.
func freed() predicate.Predicate {
	p := predicate.Funcs{CreateFunc: func(event.CreateEvent) bool { return false }, UpdateFunc: func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false }}
	p.DeleteFunc = func(e event.DeleteEvent) bool {
		_, ok := e.Object.GetLabels()[names.Listener]
		return ok
	}
	return p
}

// allByGateway are all SecuredAccesses that may use the Gateway, since its address is part of their hosts.
func (r *reconciler) allByGateway(ctx context.Context, obj client.Object) []reconcile.Request {
	if obj.GetName() != names.Skupper || obj.GetNamespace() != r.opts.Own {
		return nil
	}
	return scope.Requests(ctx, r, &v2alpha1.SecuredAccessList{})
}

// has tells whether the cluster has a kind.
func has(mapper meta.RESTMapper, k kind) (bool, error) {
	_, err := k.find(mapper)
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	return err == nil, err
}
