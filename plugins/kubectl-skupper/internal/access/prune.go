package access

import (
	"context"
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// prune removes what a SecuredAccess has of access types that it had before. The kinds that this process watches are looked at each
// time; all others once, as the one before it may have watched them, or an access type may be enabled no more.
func (r *reconciler) prune(ctx context.Context, sa *v2alpha1.SecuredAccess, wanted map[string]bool) error {
	known := r.known()
	if r.enabled(Ingress) || r.enabled(IngressNginx) {
		known = append(known, networkingv1.SchemeGroupVersion.WithKind("Ingress"))
	}
	for _, gvk := range known {
		var list client.ObjectList = &unstructured.UnstructuredList{}
		if gvk.Kind == "Ingress" { // the cache has it by its Go type
			list = &networkingv1.IngressList{}
		}
		if err := r.pruneKind(ctx, r, sa, wanted, gvk, list); err != nil {
			return err
		}
	}
	if !r.unswept(sa) {
		return nil
	}
	others, err := r.others(known)
	if err != nil {
		return err
	}
	for _, gvk := range others {
		if err := r.pruneKind(ctx, r.live, sa, wanted, gvk, &unstructured.UnstructuredList{}); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.swept[client.ObjectKeyFromObject(sa)] = sa.UID
	return nil
}

func (r *reconciler) unswept(sa *v2alpha1.SecuredAccess) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.swept[client.ObjectKeyFromObject(sa)] != sa.UID
}

// others are the kinds of all access types that the cluster has, without those that are known.
func (r *reconciler) others(known []schema.GroupVersionKind) (out []schema.GroupVersionKind, err error) {
	all := []kind{{group: networkingv1.GroupName, name: "Ingress"}}
	for _, t := range accessTypes() {
		all = append(all, t.kinds...)
	}
	for _, k := range all {
		gvk, err := k.find(r.RESTMapper())
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("ask which version of %s the cluster has: %w", k.name, err)
		}
		same := func(other schema.GroupVersionKind) bool { return other.GroupKind() == gvk.GroupKind() }
		if !slices.ContainsFunc(known, same) && !slices.ContainsFunc(out, same) {
			out = append(out, gvk)
		}
	}
	return out, nil
}

// pruneKind removes the objects of one kind that a SecuredAccess has and does not want.
func (r *reconciler) pruneKind(ctx context.Context, from client.Reader, sa *v2alpha1.SecuredAccess, wanted map[string]bool, gvk schema.GroupVersionKind, list client.ObjectList) error {
	if u, ok := list.(*unstructured.UnstructuredList); ok {
		u.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	}
	err := from.List(ctx, list, client.InNamespace(sa.Namespace), client.HasLabels{names.SecuredAccess})
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil // the API is gone, and all of that kind with it; or this controller has no business with it
	}
	if err != nil {
		return fmt.Errorf("look for what another access type left: %w", err)
	}
	err = meta.EachListItem(list, func(item runtime.Object) error {
		obj, ok := item.(client.Object)
		if !ok || !metav1.IsControlledBy(obj, sa) || wanted[ref(gvk.Kind, obj.GetName())] {
			return nil
		}
		return client.IgnoreNotFound(r.Delete(ctx, obj))
	})
	if err != nil {
		return fmt.Errorf("remove what another access type left: %w", err)
	}
	return nil
}
