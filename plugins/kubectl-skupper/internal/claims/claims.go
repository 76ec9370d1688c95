// Package claims redeems AccessTokens for the site of their namespace: what comes for one is a Secret and Links.
//
// No use of a token is lost to the end of this program, at whatever point. A Secret that the token owns keeps first the
// key, before the token is shown to the granting site, and then the whole answer, before it is taken apart into resources;
// it goes when the status says that the token is redeemed. So the claim is made again with the same key, for which a
// granting site of ours counts nothing, or, if the answer had come, is not made again at all, whoever the granting site is.
package claims

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Options of the reconciler.
type Options struct {
	Scope scope.Scope
	Log   zerolog.Logger

	Now func() time.Time // nil: time.Now
}

// workers is how many tokens are redeemed at once, at most perNamespace of one namespace: each may wait for a server that does not
// answer.
const workers = 64

// Add registers the reconciler. The manager's cache must have AccessTokens and Sites of all namespaces in scope. Secrets and
// Links are read from the API server, as what the cache has may be behind.
func Add(mgr ctrl.Manager, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &reconciler{
		Client: mgr.GetClient(), live: mgr.GetAPIReader(), opts: o,
		events: mgr.GetEventRecorder("skupper-controller"), waits: map[client.ObjectKey]wait{}, lanes: newLanes(),
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("claims").
		// Not for changes of the status, which it writes itself.
		For(&v2alpha1.AccessToken{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v2alpha1.Site{}, handler.EnqueueRequestsFromMapFunc(r.tokensOf)).
		Watches(&corev1.ConfigMap{}, scope.Wake(mgr.GetClient(), func() client.ObjectList { return &v2alpha1.AccessTokenList{} })).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("register the claims reconciler: %w", err)
	}
	return nil
}

// recorder writes Kubernetes events.
type recorder = events.EventRecorder
