package namespace

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Options of the reconciler.
type Options struct {
	Scope       scope.Scope
	Log         zerolog.Logger
	Namespace   string // the controller's own, for sizings and label templates
	Images      workload.Images
	Plain       bool                // no security contexts in what is made
	Version     string              // of this program
	Controller  v2alpha1.Controller // as sites are told
	AccessTypes []string            // that sites may ask for; empty: all
	MultiKey    bool                // the cluster knows MultiKeyListeners
}

// Backoff of a namespace that could not be brought to what it should be.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 30 * time.Second
	workers    = 4 // namespaces at the same time
)

// Index of AttachedConnectors by the namespace of their site.
const indexSiteNamespace = "spec.siteNamespace"

// Add makes the manager look after the sites of the namespaces in scope.
func Add(ctx context.Context, mgr ctrl.Manager, o Options) error {
	r := &reconciler{Options: o, client: mgr.GetClient(), live: mgr.GetAPIReader(), now: time.Now, told: map[string]string{}, heard: map[string]hearing{}, troubles: map[string]trouble{}}
	err := mgr.GetFieldIndexer().IndexField(ctx, &v2alpha1.AttachedConnector{}, indexSiteNamespace, siteNamespace)
	if err != nil {
		return fmt.Errorf("index attached connectors: %w", err)
	}
	b := builder.ControllerManagedBy(mgr).Named("namespace").WithOptions(controller.Options{
		MaxConcurrentReconciles: workers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	})
	for _, w := range r.watches() {
		b = b.Watches(w.object, w.handler(), builder.WithPredicates(w.filter()))
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("watch the resources of namespaces: %w", err)
	}
	return nil
}

func siteNamespace(o client.Object) []string {
	a, ok := o.(*v2alpha1.AttachedConnector)
	if !ok {
		return nil
	}
	return []string{a.Spec.SiteNamespace}
}
