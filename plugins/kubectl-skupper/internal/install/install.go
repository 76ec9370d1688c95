package install

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/deploy"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubestore"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// Install puts the controller into a cluster, or changes the one that is there.
type Install struct {
	Options deploy.Options
	DryRun  bool // ask the server whether it would, and change nothing
	Force   bool // replace a controller that something else has put there
	Wait    bool // until the controller is available
	Timeout time.Duration
}

// Objects are all that is put into the cluster: first the definitions, then the controller.
func (c Install) Objects() ([]*unstructured.Unstructured, error) {
	all, err := deploy.Definitions()
	if err != nil {
		return nil, err
	}
	controller, err := deploy.Objects(c.Options)
	return append(all, controller...), err
}

// Run installs. What it did until an error is told too.
func (c Install) Run(ctx context.Context, client dynamic.Interface, say op.Progress) ([]Done, error) {
	all, err := c.Objects()
	if err != nil {
		return nil, err
	}
	k := cluster{client}
	if err := c.free(ctx, k, all); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var did []Done
	absent := map[string]bool{} // namespaces that only a run in earnest makes
	defined := false
	for _, o := range all {
		if o.GetKind() != "CustomResourceDefinition" && !defined && !c.DryRun { // the controller needs them from its first moment
			defined = true
			if err := k.established(within, all, say); err != nil {
				return did, inTime(ctx, within, c.Timeout, err, "run it again")
			}
		}
		one, err := c.put(within, k, o, absent)
		if err != nil {
			return did, inTime(ctx, within, c.Timeout, err, "run it again")
		}
		did = append(did, Named(o, one))
	}
	if c.DryRun || !c.Wait {
		return did, nil
	}
	hint := fmt.Sprintf("`kubectl get pods -n %s -l %s=%s`", namespaceOf(all), names.Application, names.Controller)
	return did, inTime(ctx, within, c.Timeout, k.available(within, all, say), hint)
}

func namespaceOf(all []*unstructured.Unstructured) string { return all[len(all)-1].GetNamespace() }

// put applies one object and tells what that did.
func (c Install) put(ctx context.Context, k cluster, o *unstructured.Unstructured, absent map[string]bool) (string, error) {
	old, err := k.get(ctx, o)
	if err != nil {
		return "", err
	}
	if c.DryRun && old == nil {
		if o.GetKind() == "Namespace" {
			absent[o.GetName()] = true
		}
		if absent[o.GetNamespace()] { // the server refuses to think of what is in a namespace that there is not
			return "created", nil
		}
	}
	options := metav1.ApplyOptions{FieldManager: kubestore.Manager, Force: true}
	if c.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	now, err := k.of(o).Apply(ctx, o.GetName(), o, options)
	switch {
	case err != nil:
		return "", explain(ctx, "patch", o, err)
	case old == nil:
		return "created", nil
	case same(old, now):
		return "unchanged", nil
	}
	return "configured", nil
}

// same compares objects but for what the server keeps books of.
func same(a, b *unstructured.Unstructured) bool {
	a, b = a.DeepCopy(), b.DeepCopy()
	for _, o := range []*unstructured.Unstructured{a, b} {
		for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
			unstructured.RemoveNestedField(o.Object, "metadata", field)
		}
		delete(o.Object, "status")
		if len(o.GetLabels()) == 0 {
			o.SetLabels(nil)
		}
		if len(o.GetAnnotations()) == 0 {
			o.SetAnnotations(nil)
		}
	}
	x, errX := json.Marshal(a.Object)
	y, errY := json.Marshal(b.Object)
	return errX == nil && errY == nil && string(x) == string(y)
}

// free refuses to change a controller that something else has installed, and to have two that want the whole cluster.
func (c Install) free(ctx context.Context, k cluster, all []*unstructured.Unstructured) error {
	for _, o := range all {
		switch o.GetKind() {
		case "Deployment":
			if err := c.ours(ctx, k, o); err != nil {
				return err
			}
		case "ClusterRoleBinding":
			if err := soleOf(ctx, k, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Install) ours(ctx context.Context, k cluster, o *unstructured.Unstructured) error {
	old, err := k.get(ctx, o)
	if err != nil || old == nil || managed(old) {
		return err
	}
	if !c.Force {
		return fault.New(fault.Conflict, fmt.Sprintf("namespace %s has a controller already that something else has installed, with image %s", o.GetNamespace(), image(old)),
			"`install --force` replaces it; its sites stay")
	}
	if c.DryRun {
		return nil
	}
	// Applied over the other one, its volumes and flags would stay.
	return explain(ctx, "delete", o, k.of(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{}))
}

// managed tells that an object was made by this package.
func managed(o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(o.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
		return f.Manager == kubestore.Manager && f.Operation == metav1.ManagedFieldsOperationApply
	})
}

func image(o *unstructured.Unstructured) string {
	containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if m, ok := c.(map[string]any); ok {
			return fmt.Sprint(m["image"])
		}
	}
	return "none"
}

// soleOf refuses a second controller of the cluster: its role can be bound to one namespace's only.
func soleOf(ctx context.Context, k cluster, o *unstructured.Unstructured) error {
	old, err := k.get(ctx, o)
	if err != nil || old == nil {
		return err
	}
	here, there := subjectNamespaces(o), subjectNamespaces(old)
	if slices.Equal(here, there) || len(there) == 0 {
		return nil
	}
	other := strings.Join(there, ", ")
	return fault.New(fault.Conflict, "the cluster has a controller already, in namespace "+other,
		"`install --namespace "+other+"` changes that one; --scope namespace makes one for a namespace alone")
}

func subjectNamespaces(o *unstructured.Unstructured) []string {
	found := map[string]bool{}
	subjects, _, _ := unstructured.NestedSlice(o.Object, "subjects")
	for _, s := range subjects {
		if m, ok := s.(map[string]any); ok && m["namespace"] != nil {
			found[fmt.Sprint(m["namespace"])] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
