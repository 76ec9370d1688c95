package grants

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// messageDisabled is all that a grant says where grants are disabled.
const messageDisabled = "AccessGrants are not enabled"

// disabled tells users of grants why nothing happens.
type disabled struct {
	client.Client
	opts Options
}

// Reconcile writes the message; a status that was computed while grants were enabled stays beside it.
func (d *disabled) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if in, err := d.opts.Scope.Controls(ctx, req.Namespace); err != nil || !in {
		return ctrl.Result{}, err
	}
	var g v2alpha1.AccessGrant
	if err := d.Get(ctx, req.NamespacedName, &g); err != nil || !g.DeletionTimestamp.IsZero() || g.Status.Message == messageDisabled {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	before := g.DeepCopy()
	g.Status.Message = messageDisabled
	return ctrl.Result{}, client.IgnoreNotFound(d.Status().Patch(ctx, &g, client.MergeFrom(before)))
}
