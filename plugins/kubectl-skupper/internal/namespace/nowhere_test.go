package namespace

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestNoNamespaceIsNotAll has a connector that is to be attached to no namespace, which is how lists of all namespaces are asked for.
func TestNoNamespaceIsNotAll(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v2alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	meta := func(ns, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID(ns + "-" + name), CreationTimestamp: metav1.NewTime(time.Unix(1, 0))}
	}
	access := &v2alpha1.SecuredAccess{ObjectMeta: meta("b", "lost")}
	access.Annotations = map[string]string{"internal.skupper.io/controlled": "true", "internal.skupper.io/routeraccess": "lost"}
	objects := []client.Object{
		&v2alpha1.Site{ObjectMeta: meta("a", "west")}, &v2alpha1.Site{ObjectMeta: meta("b", "east")},
		&v2alpha1.Listener{ObjectMeta: meta("b", "secret"), Spec: v2alpha1.ListenerSpec{RoutingKey: "secret", Host: "secret", Port: 80}},
		access,
		&v2alpha1.AttachedConnector{ObjectMeta: meta("evil", "x"), Spec: v2alpha1.AttachedConnectorSpec{Selector: "a=b", Port: 80}},
		&v2alpha1.AttachedConnector{ObjectMeta: meta("others", "x"), Spec: v2alpha1.AttachedConnectorSpec{Selector: "a=b", Port: 80}},
		&corev1.ConfigMap{ObjectMeta: meta("others", "skupper"), Data: map[string]string{"controller": "else/where"}},
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v2alpha1.Site{}, &v2alpha1.AttachedConnector{}, &v2alpha1.Listener{}).
		WithIndex(&v2alpha1.AttachedConnector{}, indexSiteNamespace, siteNamespace).Build()
	r := &reconciler{client: c, live: c, now: time.Now, told: map[string]string{}, heard: map[string]hearing{}, troubles: map[string]trouble{},
		Options: Options{Scope: scope.Control{Reader: c, Identity: "skupper/ctl"}}}
	before := everything(t, c)
	for range 2 {
		if _, err := r.Reconcile(t.Context(), reconcile.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	var x v2alpha1.AttachedConnector
	if err := c.Get(t.Context(), types.NamespacedName{Namespace: "evil", Name: "x"}, &x); err != nil {
		t.Fatal(err)
	}
	if x.Status.StatusType != v2alpha1.StatusError || x.Status.Message != "spec.siteNamespace is empty" {
		t.Errorf("status %+v", x.Status)
	}
	after := everything(t, c)
	delete(before, "AttachedConnector evil/x")
	delete(after, "AttachedConnector evil/x")
	for what, version := range before {
		if after[what] != version {
			t.Errorf("%s was changed", what)
		}
	}
	if len(after) != len(before) {
		t.Errorf("before %v, after %v", before, after)
	}
}

// everything is the version of each object that there is.
func everything(t *testing.T, c client.Client) map[string]string {
	t.Helper()
	out := map[string]string{}
	lists := []client.ObjectList{&corev1.ConfigMapList{}, &corev1.ServiceList{}, &corev1.SecretList{}, &corev1.ServiceAccountList{}}
	for _, k := range v2alpha1.Kinds() {
		if list, ok := k.NewList().(client.ObjectList); ok {
			lists = append(lists, list)
		}
	}
	for _, list := range lists {
		if err := c.List(context.WithoutCancel(t.Context()), list); err != nil {
			t.Fatal(err)
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			o, ok := item.(client.Object)
			if !ok {
				return fmt.Errorf("%T is no object", item)
			}
			out[describe(o)] = o.GetResourceVersion()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
