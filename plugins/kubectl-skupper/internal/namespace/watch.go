package namespace

import (
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// coalesce is how long a namespace waits for further changes before it is looked at.
const coalesce = 20 * time.Millisecond

// watch says what changes of one kind of object wake.
type watch struct {
	object client.Object
	wakes  func(ctx context.Context, o client.Object) []string // namespaces; nil: the object's own
	// matters reports whether an update means anything; nil: always.
	matters func(before, after client.Object) bool
}

func (r *reconciler) watches() []watch {
	all := []watch{
		{object: &corev1.ConfigMap{}, wakes: r.wakenByConfigMap},
		{object: &corev1.Secret{}, wakes: wakenBySecret},
		{object: &corev1.Service{}, matters: specChanged},
		{object: &corev1.Pod{}, wakes: r.wakenByPod, matters: podChanged},
		{object: &corev1.ServiceAccount{}, wakes: wakenByRouters},
		{object: &rbacv1.Role{}, wakes: wakenByRouters},
		{object: &rbacv1.RoleBinding{}, wakes: wakenByRouters},
		{object: &appsv1.Deployment{}, wakes: wakenByRouters, matters: deploymentChanged},
		{object: &v2alpha1.AttachedConnector{}, wakes: func(_ context.Context, o client.Object) []string { return siteNamespace(o) }},
	}
	for _, k := range v2alpha1.Kinds() {
		switch k.Kind {
		case v2alpha1.KindAttachedConnector, v2alpha1.KindAccessGrant:
		case v2alpha1.KindMultiKeyListener:
			if r.MultiKey {
				all = append(all, watch{object: k.New()})
			}
		default:
			all = append(all, watch{object: k.New()})
		}
	}
	return all
}

func (w watch) handler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	wake := func(ctx context.Context, q queue, o client.Object) {
		spaces := []string{o.GetNamespace()}
		if w.wakes != nil {
			spaces = w.wakes(ctx, o)
		}
		for _, ns := range spaces {
			q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: ns}}, coalesce)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { wake(ctx, q, e.Object) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { wake(ctx, q, e.Object) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			wake(ctx, q, e.ObjectOld) // it may have mattered to another namespace
			wake(ctx, q, e.ObjectNew)
		},
	}
}

func (w watch) filter() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion() && (w.matters == nil || w.matters(e.ObjectOld, e.ObjectNew))
	}}
}

// specChanged is about objects whose status nobody here reads.
func specChanged(before, after client.Object) bool {
	if s, ok := before.(*corev1.Service); ok {
		t, _ := after.(*corev1.Service)
		if t == nil || !equality.Semantic.DeepEqual(s.Spec, t.Spec) {
			return true
		}
	}
	return before.GetGeneration() != after.GetGeneration() || metaChanged(before, after)
}

// deploymentChanged is specChanged, or about why there is no pod.
func deploymentChanged(before, after client.Object) bool {
	a, _ := before.(*appsv1.Deployment)
	b, _ := after.(*appsv1.Deployment)
	why := func(d *appsv1.Deployment) string { return unmade(map[string]*appsv1.Deployment{names.Router: d}) }
	return specChanged(before, after) || why(a) != why(b)
}

func metaChanged(before, after client.Object) bool {
	return !equality.Semantic.DeepEqual(before.GetLabels(), after.GetLabels()) ||
		!equality.Semantic.DeepEqual(before.GetAnnotations(), after.GetAnnotations()) ||
		!equality.Semantic.DeepEqual(before.GetOwnerReferences(), after.GetOwnerReferences()) ||
		(before.GetDeletionTimestamp() == nil) != (after.GetDeletionTimestamp() == nil)
}

// wakenByRouters is about objects of which only those named like routers matter.
func wakenByRouters(_ context.Context, o client.Object) []string {
	if n := o.GetName(); n == names.Router || n == names.SecondRouter {
		return []string{o.GetNamespace()}
	}
	return nil
}

func wakenBySecret(_ context.Context, o client.Object) []string {
	if s, ok := o.(*corev1.Secret); ok && isCredential(s) {
		return []string{o.GetNamespace()}
	}
	return nil
}

// wakenByConfigMap tells the ConfigMaps apart: those of the controller's namespace may be for all sites.
func (r *reconciler) wakenByConfigMap(ctx context.Context, o client.Object) []string {
	_, config := o.GetLabels()[names.RouterConfig]
	_, sizing := o.GetLabels()[names.SiteSizing]
	_, template := o.GetLabels()[names.LabelTemplate]
	switch {
	case (sizing || template) && o.GetNamespace() == r.Namespace:
		return r.siteNamespaces(ctx)
	case o.GetName() == names.ControlMap: // who looks after the namespace may be another from now on
		return append(r.attachedTo(ctx, o.GetNamespace()), o.GetNamespace())
	case config, template, slices.Contains([]string{names.NetworkStatus, names.Router, names.SecondRouter}, o.GetName()):
		return []string{o.GetNamespace()}
	}
	return nil
}

// attachedTo are the namespaces of the sites that connectors of a namespace go through.
func (r *reconciler) attachedTo(ctx context.Context, ns string) (out []string) {
	var attached v2alpha1.AttachedConnectorList
	if err := r.client.List(ctx, &attached, client.InNamespace(ns), noCopy); err != nil {
		return nil // the cache does not fail once it runs
	}
	for i := range attached.Items {
		out = append(out, attached.Items[i].Spec.SiteNamespace)
	}
	return out
}

func (r *reconciler) siteNamespaces(ctx context.Context) []string {
	var sites v2alpha1.SiteList
	if err := r.client.List(ctx, &sites, noCopy); err != nil {
		return nil // the cache does not fail once it runs
	}
	var out []string
	for i := range sites.Items {
		out = append(out, sites.Items[i].Namespace)
	}
	return out
}

// podChanged is about what makes a pod a target or a ready router.
func podChanged(before, after client.Object) bool {
	a, ok := before.(*corev1.Pod)
	b, ok2 := after.(*corev1.Pod)
	if !ok || !ok2 {
		return false
	}
	return metaChanged(a, b) || a.Status.Phase != b.Status.Phase || a.Status.PodIP != b.Status.PodIP || isReady(a) != isReady(b) ||
		(isRouter(a) && notReady(a) != notReady(b))
}

// wakenByPod finds the namespaces whose connectors select a pod, so that the many pods of a cluster wake nobody.
func (r *reconciler) wakenByPod(ctx context.Context, o client.Object) []string {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return nil
	}
	var out []string
	if isRouter(p) || r.selected(ctx, p) {
		out = append(out, p.Namespace)
	}
	var attached v2alpha1.AttachedConnectorList
	if err := r.client.List(ctx, &attached, client.InNamespace(p.Namespace), noCopy); err != nil {
		return out
	}
	for i := range attached.Items {
		if a := &attached.Items[i]; selects(a.Spec.Selector, p) {
			out = append(out, a.Spec.SiteNamespace)
		}
	}
	return out
}

func (r *reconciler) selected(ctx context.Context, p *corev1.Pod) bool {
	var connectors v2alpha1.ConnectorList
	if err := r.client.List(ctx, &connectors, client.InNamespace(p.Namespace), noCopy); err != nil {
		return true
	}
	for i := range connectors.Items {
		if selects(connectors.Items[i].Spec.Selector, p) {
			return true
		}
	}
	return false
}

// selects reports whether a connector's selector finds a pod. None, or a wrong one, finds nothing.
func selects(selector string, p *corev1.Pod) bool {
	if selector == "" {
		return false
	}
	s, err := labels.Parse(selector)
	return err == nil && s.Matches(labels.Set(p.Labels))
}
