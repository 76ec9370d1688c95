package access

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// kind is one that not every cluster has.
type kind struct{ group, name string }

// find gives the version to use; a meta.NoMatchError if the cluster does not have the kind.
func (k kind) find(mapper meta.RESTMapper) (schema.GroupVersionKind, error) {
	m, err := mapper.RESTMapping(schema.GroupKind{Group: k.group, Kind: k.name})
	if err != nil {
		return schema.GroupVersionKind{}, err
	}
	return m.GroupVersionKind, nil
}

// watcher adds watches of kinds while the controller runs.
type watcher struct {
	cache      cache.Cache
	controller controller.Controller
	owner      handler.EventHandler // wakes the SecuredAccess that owns the object
	gateway    handler.EventHandler // wakes all
}

func (w watcher) add(gvk schema.GroupVersionKind) error {
	wake := w.owner
	if gvk.Kind == gatewayKind.name {
		wake = w.gateway
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return w.controller.Watch(source.Kind[client.Object](w.cache, u, wake))
}

// resolve finds the versions of kinds and sees to it that they are watched. The error is for the status if it says that
// the cluster lacks a kind.
func (r *reconciler) resolve(accessType string, kinds []kind) (map[string]groupVersions, error) {
	out := map[string]groupVersions{}
	for _, k := range kinds {
		gvk, err := k.find(r.RESTMapper())
		if meta.IsNoMatchError(err) {
			return nil, fmt.Errorf("access type %s needs %s of %s, which this cluster does not have", accessType, k.name, k.group)
		}
		if err != nil {
			return nil, err
		}
		out[k.name] = gvk.GroupVersion().String()
		if err := r.watchOnce(gvk); err != nil {
			return nil, fmt.Errorf("watch %s: %w", k.name, err)
		}
	}
	return out, nil
}

func (r *reconciler) watchOnce(gvk schema.GroupVersionKind) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, done := r.watched[gvk.Kind]; done {
		return nil
	}
	if err := r.watch.add(gvk); err != nil {
		return err
	}
	r.watched[gvk.Kind] = gvk
	return nil
}

// known are the kinds that are watched because there were SecuredAccesses with them.
func (r *reconciler) known() (out []schema.GroupVersionKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, gvk := range r.watched {
		out = append(out, gvk)
	}
	return out
}
