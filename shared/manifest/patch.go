package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Patch applies the difference between before and after, both read from doc, to doc, and gives the new document as
// YAML. Fields that the Go types do not know stay as they are, at any depth. A list that changed is replaced as a whole,
// but an item that is equal but for its unknown fields, at the same place, keeps them. doc is one YAML or JSON document.
func Patch(doc []byte, before, after v2alpha1.Object) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("change %s %s: %w", v2alpha1.KindOf(after), after.GetName(), err)
	}
	nodes, err := parse(doc)
	if err != nil {
		return fail(err)
	}
	if len(nodes) != 1 || nodes[0].kind != object {
		return fail(fmt.Errorf("there are %d documents, want one", len(nodes)))
	}
	tree, err := parseTree(nodes[0].bytes())
	if err != nil {
		return fail(err)
	}
	old, err := Tree(before)
	if err != nil {
		return fail(err)
	}
	want, err := Tree(after)
	if err != nil {
		return fail(err)
	}
	if v2alpha1.KindOf(after) == v2alpha1.KindSecret {
		// What stood in stringData is in the data of both objects, and would win over a change of it: write all data.
		delete(tree, "stringData")
		delete(tree, "data")
		delete(old, "data")
	}
	out, err := yaml.Marshal(prune(merge(tree, old, want)))
	if err != nil {
		return fail(err)
	}
	return out, nil
}

// merge changes tree by what differs between old and want.
func merge(tree, old, want map[string]any) map[string]any {
	if tree == nil {
		tree = map[string]any{}
	}
	for k := range old {
		if _, stays := want[k]; !stays {
			delete(tree, k)
		}
	}
	for k, w := range want {
		o, had := old[k]
		if had && reflect.DeepEqual(o, w) {
			continue
		}
		tree[k] = mergeValue(tree[k], o, w)
	}
	return tree
}

func mergeValue(t, o, w any) any {
	wm, isMap := w.(map[string]any)
	wl, isList := w.([]any)
	switch {
	case isMap:
		tm, _ := t.(map[string]any)
		om, _ := o.(map[string]any)
		return merge(tm, om, wm)
	case isList:
		tl, _ := t.([]any)
		ol, _ := o.([]any)
		for i := range wl {
			if i < len(tl) && i < len(ol) && reflect.DeepEqual(ol[i], wl[i]) {
				wl[i] = tl[i]
			}
		}
		return wl
	}
	return w
}

// Equal reports whether two objects would be written alike.
func Equal(a, b v2alpha1.Object) bool {
	ta, errA := Tree(a)
	tb, errB := Tree(b)
	if errA != nil || errB != nil {
		return false
	}
	ja, errA := json.Marshal(ta)
	jb, errB := json.Marshal(tb)
	return errA == nil && errB == nil && bytes.Equal(ja, jb)
}
