package kubestore

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// clusterEnv names a kubeconfig of a cluster that is there to be tested against. tests/kube sets it.
const clusterEnv = "SKUPPER_TEST_KUBECONFIG"

// cluster is a client that may do everything in a cluster with the definitions of our resources.
func cluster(t *testing.T) dynamic.Interface {
	t.Helper()
	file := os.Getenv(clusterEnv)
	if file == "" {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: this needs an API server: go test -tags kube ./kube in tests, or %s=KUBECONFIG", clusterEnv)
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

var namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}

var made atomic.Int64

// namespace makes an empty one, which is deleted with the test.
func namespace(t *testing.T, client dynamic.Interface) string {
	t.Helper()
	name := fmt.Sprintf("store-%d-%d", os.Getpid(), made.Add(1))
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
	if _, err := client.Resource(namespaces).Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := client.Resource(namespaces).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return name
}

func TestConformance(t *testing.T) {
	client := cluster(t)
	sitetest.TestStore(t, func(t *testing.T) site.Store { return New(client, Options{Namespace: namespace(t, client)}) })
}

// TestListEverywhere lists two namespaces at once, in order.
func TestListEverywhere(t *testing.T) {
	client := cluster(t)
	one, two := namespace(t, client), namespace(t, client)
	for _, ns := range []string{two, one} {
		for _, name := range []string{"b", "a"} {
			link := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{}}}
			if err := New(client, Options{Namespace: ns}).Create(t.Context(), link); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := New(client, Options{Namespace: one, Everywhere: true}).List(t.Context(), v2alpha1.KindLink)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range all {
		if ns := o.GetNamespace(); ns == one || ns == two {
			got = append(got, strings.Replace(ns+"/"+o.GetName(), one, "one", 1))
		}
	}
	if want := "one/a one/b " + two + "/a " + two + "/b"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestSelector(t *testing.T) {
	client := cluster(t)
	ns := namespace(t, client)
	pod := map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "x", "tier": "y"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "i"}}}}
	rules := map[string]any{"matchLabels": map[string]any{"tier": "y"}, "matchExpressions": []any{
		map[string]any{"key": "app", "operator": "In", "values": []any{"x", "z"}}}}
	create := func(group, plural, kind, name string, spec map[string]any) {
		t.Helper()
		gvr := schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}
		o := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": name}, "spec": spec}}
		o.SetGroupVersionKind(gvr.GroupVersion().WithKind(kind))
		if _, err := client.Resource(gvr).Namespace(ns).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	ports := []any{map[string]any{"port": int64(80)}}
	create("apps", "deployments", "Deployment", "web", map[string]any{"selector": rules, "template": pod})
	create("apps", "daemonsets", "DaemonSet", "web", map[string]any{"selector": rules, "template": pod})
	create("apps", "statefulsets", "StatefulSet", "web", map[string]any{"selector": rules, "template": pod, "serviceName": "web"})
	create("", "services", "Service", "web", map[string]any{"selector": map[string]any{"app": "x", "tier": "y"}, "ports": ports})
	create("", "services", "Service", "blind", map[string]any{"ports": ports})
	w := Workloads{Client: client, Namespace: ns}
	for _, c := range []struct {
		kind, name, want string
		fault            fault.Kind
	}{
		{"deployment", "web", "app in (x,z),tier=y", 0},
		{"daemonset", "web", "app in (x,z),tier=y", 0},
		{"statefulset", "web", "app in (x,z),tier=y", 0},
		{"service", "web", "app=x,tier=y", 0},
		{"service", "blind", "", fault.Usage},
		{"deployment", "none", "", fault.Missing},
		{"cronjob", "web", "", fault.Usage},
	} {
		t.Run(c.kind+"/"+c.name, func(t *testing.T) {
			got, err := w.Selector(t.Context(), c.kind, c.name)
			if got != c.want || fault.KindOf(err) != c.fault {
				t.Errorf("got %q, %v; want %q and a fault of kind %v", got, err, c.want, c.fault)
			}
		})
	}
}
