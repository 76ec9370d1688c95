package namespace

import (
	"context"

	"go.uber.org/multierr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// nowhere tells connectors that are to be attached to a site of no namespace what is wrong with them. To the API server no namespace
// is all of them, so nothing else may ever be looked at, let alone made, in its name: whoever can make such a connector would have
// the sites of everybody taken for those of one namespace.
func (r *reconciler) nowhere(ctx context.Context) (reconcile.Result, error) {
	var list v2alpha1.AttachedConnectorList
	if err := r.client.List(ctx, &list, client.MatchingFields{indexSiteNamespace: ""}, noCopy); err != nil {
		return reconcile.Result{}, err
	}
	var faults error
	for i := range list.Items {
		before := &list.Items[i]
		ours, err := r.Scope.Controls(ctx, before.Namespace)
		if err != nil || !ours {
			faults = multierr.Append(faults, err)
			continue
		}
		after := before.DeepCopy()
		after.Status.SelectedPods = nil
		v2alpha1.SetCondition(r.now(), after, v2alpha1.ConditionConfigured, validate.Object(after))
		faults = multierr.Append(faults, r.updateStatus(ctx, before, after))
	}
	return settle(ctx, faults)
}
