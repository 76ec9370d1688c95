package namespace

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"go.uber.org/multierr"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// updateStatuses writes those that changed.
func (r *reconciler) updateStatuses(ctx context.Context, w *world, d site.Desired) error {
	var faults error
	for _, o := range d.Statuses {
		if before, ok := w.originals[key(o)]; ok {
			faults = multierr.Append(faults, r.updateStatus(ctx, before, o))
		}
	}
	return faults
}

// updateStatus writes the status of after if it is not that of before. It is a patch: a spec that is being changed is no
// conflict, and what is gone needs no status.
func (r *reconciler) updateStatus(ctx context.Context, before client.Object, after v2alpha1.Object) error {
	if equality.Semantic.DeepEqual(status(before).Interface(), status(after).Interface()) {
		return nil
	}
	write, ok := before.DeepCopyObject().(client.Object)
	if !ok {
		return nil
	}
	status(write).Set(status(after))
	err := r.client.Status().Patch(ctx, write, client.MergeFrom(before))
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write the status of %s %s: %w", strings.ToLower(v2alpha1.KindOf(after)), after.GetName(), err)
	}
	return nil
}

// status is the field that all kinds have.
func status(o any) reflect.Value { return reflect.ValueOf(o).Elem().FieldByName("Status") }

// markTokens keeps tokens that were redeemed for a site which is gone from being redeemed for the next one.
func (r *reconciler) markTokens(ctx context.Context, w *world) error {
	if len(w.resources.Sites) > 0 {
		return nil
	}
	var faults error
	for _, t := range w.tokens {
		if !t.IsRedeemed() {
			continue
		}
		after := t.DeepCopy()
		if after.SetRedeemedForDeletedSite(w.observed.Now) {
			faults = multierr.Append(faults, r.updateStatus(ctx, t, after))
		}
	}
	return faults
}
