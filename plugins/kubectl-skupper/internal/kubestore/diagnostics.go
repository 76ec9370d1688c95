package kubestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// Inside looks at what runs in a namespace, and at the controller that looks after it.
type Inside struct {
	Client    dynamic.Interface
	Config    *rest.Config // for logs
	Namespace string
}

var (
	_ op.Diagnostics = Inside{}
	_ op.Components  = Inside{}
)

var (
	podResource = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	ourPods     = names.PartOf + " in (skupper, skupper-network-observer)"
)

// Components implements op.Components. As elsewhere a component is called by the name of its container.
func (i Inside) Components(ctx context.Context) ([]op.Component, error) {
	var all []op.Component
	c, err := i.controller(ctx)
	if err != nil {
		return nil, err
	}
	spaces := []string{i.Namespace}
	if c.Namespace != "" && c.Namespace != i.Namespace {
		spaces = append(spaces, c.Namespace)
	}
	for n, ns := range spaces {
		pods, err := i.Client.Resource(podResource).Namespace(ns).List(ctx, metav1.ListOptions{LabelSelector: ourPods})
		if err != nil {
			if n > 0 || c.Version != "" { // the controller's namespace is not everybody's to look into
				continue
			}
			return nil, Explain(ctx, "list", podResource.GroupResource(), "", ns, err)
		}
		for _, pod := range pods.Items {
			for _, image := range images(&pod) {
				image.Where = ns + "/" + pod.GetName()
				if !slices.ContainsFunc(all, func(o op.Component) bool { return o.Component == image.Component && o.Version == image.Version }) {
					all = append(all, image)
				}
			}
		}
	}
	if c.Version != "" && !slices.ContainsFunc(all, func(o op.Component) bool { return o.Component == names.ComponentController }) {
		all = append(all, op.Component{Component: names.ComponentController, Version: c.Version, Where: c.Namespace + "/" + c.Name})
	}
	slices.SortFunc(all, func(a, b op.Component) int {
		return strings.Compare(a.Component+" "+a.Version, b.Component+" "+b.Version)
	})
	return all, nil
}

// controller is who looks after the site of the namespace, empty if nobody does.
func (i Inside) controller(ctx context.Context) (v2alpha1.Controller, error) {
	sites, err := New(i.Client, Options{Namespace: i.Namespace}).List(ctx, v2alpha1.KindSite)
	if err != nil {
		return v2alpha1.Controller{}, err
	}
	for _, o := range sites {
		if s, ok := o.(*v2alpha1.Site); ok && s.Status.Controller != nil {
			return *s.Status.Controller, nil
		}
	}
	return v2alpha1.Controller{}, nil
}

func images(pod *unstructured.Unstructured) (all []op.Component) {
	containers, _, _ := unstructured.NestedSlice(pod.Object, "spec", "containers")
	for _, c := range containers {
		if m, ok := c.(map[string]any); ok {
			all = append(all, op.Component{Component: fmt.Sprint(m["name"]), Version: fmt.Sprint(m["image"])})
		}
	}
	return all
}

// dumped are the kinds of objects that a dump has besides ours, of those that are part of a site.
var dumped = []struct {
	schema.GroupVersionResource
	selector string // empty: all of the namespace
}{
	{podResource, ourPods},
	{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, ourPods},
	{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}, ourPods},
	{schema.GroupVersionResource{Version: "v1", Resource: "services"}, ""},
	{schema.GroupVersionResource{Version: "v1", Resource: "events"}, ""},
	{schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}, ""},
	{schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"}, ""},
}

// dumpedMaps are the ConfigMaps that a dump has: those of others are none of its business.
var dumpedMaps = []string{names.Router, names.SecondRouter, names.NetworkStatus, names.ControlMap, names.LogConfig}

// Collect implements op.Diagnostics.
func (i Inside) Collect(ctx context.Context, add func(string, []byte)) error {
	spacesResource := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	if _, err := i.Client.Resource(spacesResource).Get(ctx, i.Namespace, metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return fault.New(fault.Missing, "there is no namespace "+i.Namespace, "`kubectl get namespaces`")
	}
	c, err := i.controller(ctx)
	errs := []error{err}
	spaces := []string{i.Namespace}
	if c.Namespace != "" && c.Namespace != i.Namespace {
		spaces = append(spaces, c.Namespace)
	}
	for _, ns := range spaces {
		errs = append(errs, i.objects(ctx, ns, add)...)
		errs = append(errs, i.logs(ctx, ns, add)...)
	}
	for _, name := range dumpedMaps {
		raw, err := i.Client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(i.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			maskConfig(raw)
			errs = append(errs, addObject(add, i.Namespace, raw))
		}
	}
	crds, err := i.Client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}).List(ctx, metav1.ListOptions{})
	if err != nil {
		return errors.Join(append(errs, Explain(ctx, "list", schema.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}, "", "", err))...)
	}
	var list strings.Builder
	for _, o := range crds.Items {
		if group, _, _ := unstructured.NestedString(o.Object, "spec", "group"); group == v2alpha1.Group {
			fmt.Fprintf(&list, "%s %s\n", o.GetName(), o.GetCreationTimestamp().UTC().Format("2006-01-02T15:04:05Z"))
		}
	}
	add("cluster/definitions.txt", []byte(list.String()))
	return errors.Join(errs...)
}

func maskConfig(o *unstructured.Unstructured) {
	data, _, _ := unstructured.NestedStringMap(o.Object, "data")
	for key, text := range data {
		data[key] = string(op.MaskPasswords([]byte(text)))
	}
	if data != nil {
		_ = unstructured.SetNestedStringMap(o.Object, data, "data") // it was there
	}
}

func (i Inside) objects(ctx context.Context, ns string, add func(string, []byte)) (errs []error) {
	for _, d := range dumped {
		if ns != i.Namespace && d.selector == "" {
			continue // of the controller's namespace only what is the controller
		}
		list, err := i.Client.Resource(d.GroupVersionResource).Namespace(ns).List(ctx, metav1.ListOptions{LabelSelector: d.selector})
		if err != nil {
			errs = append(errs, Explain(ctx, "list", d.GroupResource(), "", ns, err))
			continue
		}
		for _, o := range list.Items {
			errs = append(errs, addObject(add, ns, &o))
		}
	}
	return errs
}

func addObject(add func(string, []byte), ns string, o *unstructured.Unstructured) error {
	o.SetManagedFields(nil)
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		return err
	}
	add("cluster/"+ns+"/"+o.GetKind()+"-"+o.GetName()+".yaml", text)
	return nil
}

// logLines bounds what a dump has of one log.
const logLines = "20000"

func (i Inside) logs(ctx context.Context, ns string, add func(string, []byte)) (errs []error) {
	pods, err := i.Client.Resource(podResource).Namespace(ns).List(ctx, metav1.ListOptions{LabelSelector: ourPods})
	if err != nil {
		return nil // has been told
	}
	client, err := core(i.Config)
	if err != nil {
		return []error{err}
	}
	for _, pod := range pods.Items {
		for _, c := range images(&pod) {
			for _, previous := range []bool{false, true} {
				text, err := log(ctx, client, ns, pod.GetName(), c.Component, previous)
				name := "logs/" + ns + "/" + pod.GetName() + "/" + c.Component
				switch {
				case err == nil && !previous:
					add(name+".log", text)
				case err == nil:
					add(name+"-previous.log", text)
				case !previous: // there need not have been another one before
					errs = append(errs, Explain(ctx, "read the log of", schema.GroupResource{Resource: "pods"}, pod.GetName(), ns, err))
				}
			}
		}
	}
	return errs
}

func log(ctx context.Context, client rest.Interface, ns, pod, container string, previous bool) (text []byte, err error) {
	r := client.Get().Namespace(ns).Resource("pods").Name(pod).SubResource("log").Param("container", container).Param("tailLines", logLines)
	if previous {
		r = r.Param("previous", "true")
	}
	body, err := r.Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	const most = 8 << 20 // octets
	return io.ReadAll(io.LimitReader(body, most))
}

// core is a client for what is not an object.
func core(config *rest.Config) (rest.Interface, error) {
	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion = "/api", &schema.GroupVersion{Version: "v1"}
	c.NegotiatedSerializer = unstructuredSerializer()
	return rest.RESTClientFor(c)
}

// unstructuredSerializer reads errors of the API server; what else comes are texts.
func unstructuredSerializer() runtime.NegotiatedSerializer {
	return resource.UnstructuredPlusDefaultContentConfig().NegotiatedSerializer
}
