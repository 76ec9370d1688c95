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

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
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
	tokens := orphans(w.tokens, uids(w.resources.Sites))
	if len(tokens) == 0 {
		return nil
	}
	var live v2alpha1.SiteList // the mark is for ever: the cache may have the token before its site
	if err := r.live.List(ctx, &live, client.InNamespace(w.namespace)); err != nil {
		return fmt.Errorf("list the sites of namespace %s: %w", w.namespace, err)
	}
	var faults error
	for _, t := range orphans(tokens, uids(pointers(live.Items))) {
		after := t.DeepCopy()
		if after.SetRedeemedForDeletedSite(w.observed.Now) {
			faults = multierr.Append(faults, r.updateStatus(ctx, t, after))
		}
	}
	return faults
}

// uids are those of the sites that do not go.
func uids(sites []*v2alpha1.Site) map[string]bool {
	out := map[string]bool{}
	for _, s := range sites {
		if s.DeletionTimestamp == nil {
			out[string(s.UID)] = true
		}
	}
	return out
}

// orphans are the tokens that were redeemed for another site than those, and do not say so. Of one that does not tell which, as
// others have redeemed it, that is known only if there are no sites at all.
func orphans(tokens []*v2alpha1.AccessToken, sites map[string]bool) (out []*v2alpha1.AccessToken) {
	for _, t := range tokens {
		owner := t.Annotations[names.RedeemedFor]
		if t.IsRedeemed() && t.Status.Message != v2alpha1.MessageAlreadyRedeemedNoSite && !sites[owner] && (owner != "" || len(sites) == 0) {
			out = append(out, t)
		}
	}
	return out
}
