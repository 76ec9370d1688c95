package scope

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Includes reports whether the controller looks after a resource: its namespace is in the scope, or the resource belongs
// to the grant server of this very controller, in the namespace it runs in, which it needs whatever the scope says. Own is
// that namespace, or empty.
func Includes(ctx context.Context, s Scope, own string, key types.NamespacedName) (bool, error) {
	if own != "" && key.Namespace == own && (key.Name == names.GrantServer || key.Name == names.GrantServerCA) {
		return true, nil
	}
	return s.Controls(ctx, key.Namespace)
}

// Wake makes a reconciler look at all resources of a kind in a namespace when the ConfigMap there that says whose the
// namespace is comes, goes or changes. It is for a watch of ConfigMaps; of others it takes no notice.
func Wake(reader client.Reader, newList func() client.ObjectList) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, obj client.Object) []reconcile.Request {
		if obj.GetName() != names.ControlMap {
			return nil
		}
		return Requests(ctx, reader, newList(), client.InNamespace(obj.GetNamespace()))
	})
}

// Requests are those for all resources of a list that the options choose. What cannot be listed is left out: the reader is
// a cache, which fails only when it ends.
func Requests(ctx context.Context, reader client.Reader, list client.ObjectList, opts ...client.ListOption) []reconcile.Request {
	if err := reader.List(ctx, list, opts...); err != nil {
		return nil
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil
	}
	out := make([]reconcile.Request, 0, len(items))
	for _, item := range items {
		if o, ok := item.(client.Object); ok {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)})
		}
	}
	return out
}
