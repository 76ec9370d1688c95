package namespace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// applyWhole brings an object to what is wanted by server-side apply: fields that others add stay, fields that are not wanted
// any more go. It asks the server only if the object is not as it was applied last: the digest of that is kept with it.
func (r *reconciler) applyWhole(ctx context.Context, wanted, live client.Object) error {
	tree, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wanted)
	if err != nil {
		return fmt.Errorf("render %s: %w", describe(wanted), err)
	}
	delete(tree, "status")
	prune(tree)
	text, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("render %s: %w", describe(wanted), err)
	}
	sum := sha256.Sum256(text)
	mark := hex.EncodeToString(sum[:16])
	if live != nil && live.GetAnnotations()[names.Applied] == mark {
		is, err := runtime.DefaultUnstructuredConverter.ToUnstructured(live)
		if err == nil && covers(is, withoutType(tree)) {
			return nil
		}
	}
	u := &unstructured.Unstructured{Object: tree}
	annotations := u.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[names.Applied] = mark
	u.SetAnnotations(annotations)
	if err := r.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), owner, client.ForceOwnership); err != nil {
		return creation{fmt.Errorf("apply %s: %w", describe(wanted), err)}
	}
	return nil
}

// withoutType is the tree without apiVersion and kind, which objects of a cache do not have.
func withoutType(tree map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range tree {
		if k != "apiVersion" && k != "kind" {
			out[k] = v
		}
	}
	return out
}

// prune takes out what is nothing: fields that Go types always have.
func prune(tree map[string]any) {
	for k, v := range tree {
		switch v := v.(type) {
		case nil:
			delete(tree, k)
		case map[string]any:
			prune(v)
			if len(v) == 0 && (k == "resources" || k == "strategy" || k == "securityContext" || k == "status") {
				delete(tree, k)
			}
		case []any:
			for _, e := range v {
				if m, ok := e.(map[string]any); ok {
					prune(m)
				}
			}
		}
	}
}

// covers reports whether all that is wanted is there. Lists may have more, and in another order.
func covers(is, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		m, ok := is.(map[string]any)
		if !ok {
			return len(want) == 0 && is == nil
		}
		for k, v := range want {
			if !covers(m[k], v) {
				return false
			}
		}
		return true
	case []any:
		list, _ := is.([]any)
		for _, w := range want {
			found := false
			for _, e := range list {
				if found = covers(e, w); found {
					break
				}
			}
			if !found {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(is) == fmt.Sprint(want)
}
