package access

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// kindOf is the kind of an object, which typed ones do not know of themselves.
func (r *reconciler) kindOf(obj client.Object) string {
	gvk, err := r.GroupVersionKindFor(obj)
	if err != nil {
		return ""
	}
	return gvk.Kind
}

// empty is an object of the same kind and name with nothing in it.
func empty(obj client.Object) client.Object {
	var out client.Object
	switch o := obj.(type) {
	case *corev1.Service:
		out = &corev1.Service{}
	case *networkingv1.Ingress:
		out = &networkingv1.Ingress{}
	case *unstructured.Unstructured:
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(o.GroupVersionKind())
		out = u
	}
	return out
}

// look adds an object to what is seen, if it is there.
func (r *reconciler) look(ctx context.Context, obj client.Object, seen Seen) error {
	there := empty(obj)
	err := r.Get(ctx, client.ObjectKeyFromObject(obj), there)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	seen[ref(r.kindOf(obj), obj.GetName())] = there
	return nil
}

// apply makes an object in the cluster as wanted and gives it as it is then. What others have written into it stays.
func (r *reconciler) apply(ctx context.Context, sa *v2alpha1.SecuredAccess, kind string, want client.Object) (client.Object, error) {
	old := empty(want)
	err := r.Get(ctx, client.ObjectKeyFromObject(want), old)
	if apierrors.IsNotFound(err) { // the cache has only what is labelled as ours
		err = r.live.Get(ctx, client.ObjectKeyFromObject(want), old)
	}
	if apierrors.IsNotFound(err) {
		if err := r.Create(ctx, want); err != nil {
			return nil, fmt.Errorf("create %s %s: %w", kind, want.GetName(), err)
		}
		return want, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, want.GetName(), err)
	}
	if _, ours := old.GetAnnotations()[names.Controlled]; !ours {
		return nil, fmt.Errorf("%s %s exists but is not controlled by skupper", kind, want.GetName())
	}
	if listener, ok := old.GetLabels()[names.Listener]; ok { // who was first keeps it
		return nil, fmt.Errorf("%s %s already exists for Listener %s: rename one of them", kind, want.GetName(), listener)
	}
	if other := metav1.GetControllerOf(old); other != nil && metav1.GetControllerOf(want) != nil && other.UID != sa.UID && other.Name != sa.Name {
		return nil, fmt.Errorf("%s %s belongs to %s %s", kind, want.GetName(), other.Kind, other.Name)
	}
	next, _ := old.DeepCopyObject().(client.Object) // a copy has the type of its original
	merge(next, want)
	if equality.Semantic.DeepEqual(old, next) {
		return old, nil
	}
	if err := r.Update(ctx, next); err != nil {
		return nil, fmt.Errorf("update %s %s: %w", kind, want.GetName(), err)
	}
	return next, nil
}

// merge writes what is wanted into an object.
func merge(into, want client.Object) {
	labels, annotations := maps.Clone(into.GetLabels()), maps.Clone(into.GetAnnotations())
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	maps.Copy(labels, want.GetLabels())
	maps.Copy(annotations, want.GetAnnotations())
	into.SetLabels(labels)
	into.SetAnnotations(annotations)
	if refs := want.GetOwnerReferences(); len(refs) > 0 {
		into.SetOwnerReferences(refs)
	}
	switch w := want.(type) {
	case *corev1.Service:
		if o, ok := into.(*corev1.Service); ok {
			mergeService(o, w)
		}
	case *networkingv1.Ingress:
		if o, ok := into.(*networkingv1.Ingress); ok {
			o.Spec.Rules = w.Spec.Rules
			if w.Spec.IngressClassName != nil {
				o.Spec.IngressClassName = w.Spec.IngressClassName
			}
		}
	case *unstructured.Unstructured:
		if o, ok := into.(*unstructured.Unstructured); ok {
			o.Object["spec"] = mergeTree(o.Object["spec"], w.Object["spec"])
		}
	}
}

func mergeService(into, want *corev1.Service) {
	into.Spec.Selector = want.Spec.Selector
	if into.Spec.Type = want.Spec.Type; into.Spec.Type == "" {
		into.Spec.Type = corev1.ServiceTypeClusterIP
	}
	ports := slices.Clone(want.Spec.Ports)
	for i, p := range ports {
		for _, old := range into.Spec.Ports {
			if old.Name == p.Name && into.Spec.Type != corev1.ServiceTypeClusterIP {
				ports[i].NodePort = old.NodePort
			}
			if old.Name == p.Name {
				ports[i].AppProtocol = old.AppProtocol
			}
		}
	}
	into.Spec.Ports = ports
}

// mergeTree is have with all that want says. Fields that want does not have stay, so that defaults and the work of others
// are no difference; lists are taken element by element if they are of one length.
func mergeTree(have, want any) any {
	switch w := want.(type) {
	case map[string]any:
		h, _ := have.(map[string]any)
		out := maps.Clone(h)
		if out == nil {
			out = map[string]any{}
		}
		for k, v := range w {
			out[k] = mergeTree(out[k], v)
		}
		return out
	case []any:
		h, _ := have.([]any)
		out := make([]any, len(w))
		for i, v := range w {
			if len(h) == len(w) {
				out[i] = mergeTree(h[i], v)
			} else {
				out[i] = v
			}
		}
		return out
	}
	return want
}
