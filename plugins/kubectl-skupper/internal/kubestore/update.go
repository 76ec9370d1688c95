package kubestore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// Bounds of the retries of a change that met another one.
const (
	maxAttempts = 40                     // more mean that somebody writes the resource all the time
	firstPause  = 5 * time.Millisecond   // grows twofold
	longPause   = 250 * time.Millisecond // and not beyond this
)

// Update implements site.Store.
func (s *Store) Update(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error) {
	return s.edit(ctx, kind, name, change, spec)
}

// UpdateStatus implements site.Store.
func (s *Store) UpdateStatus(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) error {
	_, err := s.edit(ctx, kind, name, change, status)
	return err
}

// part is what of a resource a change may touch.
type part int

const (
	spec   part = iota // metadata and all else but the status
	status             // the status alone
)

// edit reads, changes and writes, and begins anew when somebody else was faster.
func (s *Store) edit(ctx context.Context, kind, name string, change func(v2alpha1.Object) error, what part) (v2alpha1.Object, error) {
	info, err := lookup(kind)
	if err != nil {
		return nil, err
	}
	pause := firstPause
	for range maxAttempts {
		old, err := s.get(ctx, info, name)
		if err != nil {
			return nil, err
		}
		edited, changed, err := apply(info, old, change, what)
		if err != nil {
			return nil, err
		}
		if !changed {
			return decode(info, old)
		}
		written, err := s.put(ctx, info, edited, what)
		if err == nil {
			return decode(info, written)
		}
		if !apierrors.IsConflict(err) {
			verb := "update"
			if what == status {
				verb = "update the status of"
			}
			return nil, explain(ctx, s.call(verb, info, name), err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("update %s %s: %w", info.Singular(), name, ctx.Err())
		case <-time.After(pause/2 + rand.N(pause)): // so that two writers do not meet again and again
		}
		pause = min(2*pause, longPause)
	}
	return nil, fault.New(fault.Conflict, fmt.Sprintf("update %s %s: others change it all the time, gave up after %d attempts", info.Singular(), name, maxAttempts), "")
}

func (s *Store) put(ctx context.Context, info v2alpha1.KindInfo, raw *unstructured.Unstructured, what part) (*unstructured.Unstructured, error) {
	o := metav1.UpdateOptions{FieldManager: Manager}
	if what == status {
		return s.resource(info).UpdateStatus(ctx, raw, o)
	}
	return s.resource(info).Update(ctx, raw, o)
}

// apply lets change edit a resource, and puts what it did to the part that it may touch into a copy of the tree that the cluster
// has. What this program does not know of the tree stays as it is.
func apply(info v2alpha1.KindInfo, old *unstructured.Unstructured, change func(v2alpha1.Object) error, what part) (*unstructured.Unstructured, bool, error) {
	before, err := decode(info, old)
	if err != nil {
		return nil, false, err
	}
	after := v2alpha1.DeepCopy(before)
	if err := change(after); err != nil {
		return nil, false, err
	}
	keepIdentity(after, before)
	was, err := manifest.Tree(before)
	if err != nil {
		return nil, false, err
	}
	wanted, err := manifest.Tree(after)
	if err != nil {
		return nil, false, err
	}
	if what == status {
		was, wanted = map[string]any{"status": was["status"]}, map[string]any{"status": wanted["status"]}
	} else {
		delete(was, "status")
		delete(wanted, "status")
	}
	edited := old.DeepCopy()
	merge(edited.Object, was, wanted)
	return edited, !reflect.DeepEqual(old.Object, edited.Object), nil
}

// keepIdentity undoes changes of what nobody may change, and of what the server looks after.
func keepIdentity(o, old v2alpha1.Object) {
	o.SetName(old.GetName())
	o.SetNamespace(old.GetNamespace())
	o.SetUID(old.GetUID())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	o.SetGeneration(old.GetGeneration())
	o.SetResourceVersion(old.GetResourceVersion())
	o.SetManagedFields(old.GetManagedFields())
	v2alpha1.SetTypeMeta(o)
}

// merge changes tree by what differs between was and wanted, which are both trees without nulls and empty maps.
func merge(tree, was, wanted map[string]any) {
	for k, old := range was {
		if wanted[k] != nil {
			continue
		}
		inner, isMap := tree[k].(map[string]any)
		known, wasMap := old.(map[string]any)
		if isMap && wasMap { // what of it is not known to this program stays
			merge(inner, known, nil)
		}
		if len(inner) == 0 {
			delete(tree, k)
		}
	}
	for k, want := range wanted {
		if want != nil && !reflect.DeepEqual(was[k], want) {
			tree[k] = merged(tree[k], was[k], want)
		}
	}
}

func merged(value, was, want any) any {
	switch want := want.(type) {
	case map[string]any:
		inner, ok := value.(map[string]any)
		if !ok {
			inner = map[string]any{}
		}
		known, _ := was.(map[string]any) // none of another type
		merge(inner, known, want)
		return inner
	case []any: // a list is written as a whole, but items that stay where they are keep what is not known of them
		items, _ := value.([]any)
		known, _ := was.([]any)
		for i := range want {
			if i < len(items) && i < len(known) && reflect.DeepEqual(known[i], want[i]) {
				want[i] = items[i]
			}
		}
		return want
	}
	return want
}
