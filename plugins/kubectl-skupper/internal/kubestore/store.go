// Package kubestore keeps the resources of a namespace in a Kubernetes cluster: it is the site.Store of the API server, and
// finds the pods of workloads.
//
// Objects travel as plain trees, so that fields of a newer version of the resources survive a change. What the cluster
// answers is explained: every error says what was asked for, why that failed and what to try, as a fault.
package kubestore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
)

var _ site.Store = (*Store)(nil)

// Manager is by what name the cluster remembers who set a field.
const Manager = "kubectl-skupper"

// Options say which resources a store keeps.
type Options struct {
	Namespace string // never empty
	// Everywhere lists the resources of all namespaces, sorted by namespace and name. All else is still of Namespace.
	Everywhere bool
}

// Store is the resources of one namespace. It is safe for concurrent use.
type Store struct {
	client    dynamic.Interface
	namespace string
	scope     string // what lists are of; empty: all namespaces

	reached atomic.Bool // the cluster has answered before
}

// New makes a store over a client. It asks nothing of the cluster.
func New(client dynamic.Interface, o Options) *Store {
	s := &Store{client: client, namespace: o.Namespace, scope: o.Namespace}
	if o.Everywhere {
		s.scope = metav1.NamespaceAll
	}
	return s
}

// Namespace implements site.Store.
func (s *Store) Namespace() string { return s.namespace }

// Get implements site.Store.
func (s *Store) Get(ctx context.Context, kind, name string) (v2alpha1.Object, error) {
	info, err := lookup(kind)
	if err != nil {
		return nil, err
	}
	raw, err := s.get(ctx, info, name)
	if err != nil {
		return nil, err
	}
	return decode(info, raw)
}

func (s *Store) get(ctx context.Context, info v2alpha1.KindInfo, name string) (*unstructured.Unstructured, error) {
	var raw *unstructured.Unstructured
	err := s.read(ctx, func() (err error) {
		raw, err = s.resource(info).Get(ctx, name, metav1.GetOptions{})
		return err
	})
	return raw, explain(ctx, s.call("get", info, name), err)
}

// List implements site.Store.
func (s *Store) List(ctx context.Context, kind string) ([]v2alpha1.Object, error) {
	if kind != "" {
		info, err := lookup(kind)
		if err != nil {
			return nil, err
		}
		return s.list(ctx, info)
	}
	var all []v2alpha1.Object
	for _, info := range everyKind() {
		objs, err := s.list(ctx, info)
		if fault.Is(err, fault.Usage) && info.Kind != v2alpha1.KindSite {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return nil, err
		}
		all = append(all, objs...)
	}
	return all, nil
}

// everyKind is the kinds of the group and Secret, sorted.
func everyKind() []v2alpha1.KindInfo {
	kinds := v2alpha1.Kinds()
	if secret, ok := v2alpha1.Lookup(v2alpha1.KindSecret); ok {
		kinds = append(kinds, secret)
	}
	slices.SortFunc(kinds, func(a, b v2alpha1.KindInfo) int { return strings.Compare(a.Kind, b.Kind) })
	return kinds
}

// pageSize is how many resources are asked for at once, as kubectl does.
const pageSize = 500

func (s *Store) list(ctx context.Context, info v2alpha1.KindInfo) ([]v2alpha1.Object, error) {
	var all []v2alpha1.Object
	page := metav1.ListOptions{Limit: pageSize}
	for {
		var raw *unstructured.UnstructuredList
		err := s.read(ctx, func() (err error) {
			raw, err = s.client.Resource(resourceOf(info)).Namespace(s.scope).List(ctx, page)
			return err
		})
		if apierrors.IsResourceExpired(err) && page.Continue != "" { // the pages took too long: all at once
			all, page = nil, metav1.ListOptions{}
			continue
		}
		if err != nil {
			return nil, explain(ctx, call{verb: "list", resource: resourceOf(info).GroupResource(), namespace: s.scope}, err)
		}
		for i := range raw.Items {
			o, err := decode(info, &raw.Items[i])
			if err != nil {
				return nil, err
			}
			all = append(all, o)
		}
		if page.Continue = raw.GetContinue(); page.Continue == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b v2alpha1.Object) int {
		if byNamespace := strings.Compare(a.GetNamespace(), b.GetNamespace()); byNamespace != 0 {
			return byNamespace
		}
		return strings.Compare(a.GetName(), b.GetName())
	})
	return all, nil
}

// Create implements site.Store. A status is not kept: the API server takes one only at its own address.
func (s *Store) Create(ctx context.Context, obj v2alpha1.Object) error {
	info, err := lookup(v2alpha1.KindOf(obj))
	if err != nil {
		return err
	}
	if ns := obj.GetNamespace(); ns != "" && ns != s.namespace {
		return fault.New(fault.Usage, fmt.Sprintf("%s %s is of namespace %s, want %s", info.Singular(), obj.GetName(), ns, s.namespace), "")
	}
	tree, err := manifest.Tree(obj)
	if err != nil {
		return err
	}
	delete(tree, "status")
	raw := &unstructured.Unstructured{Object: tree}
	raw.SetNamespace(s.namespace)
	made, err := s.resource(info).Create(ctx, raw, metav1.CreateOptions{FieldManager: Manager})
	if err != nil {
		return explain(ctx, s.call("create", info, obj.GetName()), err)
	}
	v2alpha1.SetTypeMeta(obj)
	obj.SetNamespace(made.GetNamespace())
	obj.SetUID(made.GetUID())
	obj.SetGeneration(made.GetGeneration())
	obj.SetCreationTimestamp(made.GetCreationTimestamp())
	obj.SetResourceVersion(made.GetResourceVersion())
	return nil
}

// Delete implements site.Store.
func (s *Store) Delete(ctx context.Context, kind, name string) error {
	info, err := lookup(kind)
	if err != nil {
		return err
	}
	return explain(ctx, s.call("delete", info, name), s.resource(info).Delete(ctx, name, metav1.DeleteOptions{}))
}

func (s *Store) resource(info v2alpha1.KindInfo) dynamic.ResourceInterface {
	return s.client.Resource(resourceOf(info)).Namespace(s.namespace)
}

func (s *Store) call(verb string, info v2alpha1.KindInfo, name string) call {
	return call{verb: verb, resource: resourceOf(info).GroupResource(), name: name, namespace: s.namespace}
}

func resourceOf(info v2alpha1.KindInfo) schema.GroupVersionResource {
	return info.GroupVersionKind().GroupVersion().WithResource(info.Plural)
}

func lookup(kind string) (v2alpha1.KindInfo, error) {
	info, ok := v2alpha1.Lookup(kind)
	if !ok || info.Kind != kind {
		return info, fault.New(fault.Usage, fmt.Sprintf("kind %q does not exist", kind), "")
	}
	return info, nil
}

// decode reads a resource as this program knows it.
func decode(info v2alpha1.KindInfo, raw *unstructured.Unstructured) (v2alpha1.Object, error) {
	fail := func(err error) (v2alpha1.Object, error) {
		return nil, fault.Wrap(fault.Failed, fmt.Sprintf("read %s %s as the cluster has it", info.Singular(), raw.GetName()), err,
			"the cluster may have another version of the resources: `kubectl get crd "+resourceOf(info).GroupResource().String()+"`")
	}
	text, err := json.Marshal(raw.Object)
	if err != nil {
		return fail(err)
	}
	o := info.New()
	if err := json.Unmarshal(text, o); err != nil {
		return fail(err)
	}
	v2alpha1.SetTypeMeta(o)
	return o, nil
}
