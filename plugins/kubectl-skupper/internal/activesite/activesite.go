// Package activesite finds the site of a namespace: of several only one is active.
package activesite

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// In is the active site of a namespace as its own status tells, nil if there is none. Of sites that no one has judged yet
// it is the oldest, which will be chosen.
func In(ctx context.Context, reader client.Reader, namespace string) (*v2alpha1.Site, error) {
	var list v2alpha1.SiteList
	if err := reader.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list the sites of namespace %s: %w", namespace, err)
	}
	return Of(list.Items), nil
}

// Of is the active one of all the sites of a namespace, nil if there is none.
func Of(sites []v2alpha1.Site) (best *v2alpha1.Site) {
	for i := range sites {
		if s := &sites[i]; s.DeletionTimestamp.IsZero() && (best == nil || before(s, best)) {
			best = s
		}
	}
	return best
}

func before(a, b *v2alpha1.Site) bool {
	if x, y := a.Status.IsTrue(v2alpha1.ConditionConfigured), b.Status.IsTrue(v2alpha1.ConditionConfigured); x != y {
		return x
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}
