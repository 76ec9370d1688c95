package kubestore

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

var _ op.Workloads = Workloads{}

// Workloads finds the pods of the workloads of a namespace.
type Workloads struct {
	Client    dynamic.Interface
	Namespace string
}

// Selector implements op.Workloads.
func (w Workloads) Selector(ctx context.Context, kind, name string) (string, error) {
	resource := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: kind + "s"}
	switch kind {
	case "deployment", "daemonset", "statefulset":
	case "service":
		resource.Group = ""
	default:
		return "", fault.New(fault.Usage, fmt.Sprintf("a %s is no workload, want deployment, service, daemonset or statefulset", kind), "")
	}
	raw, err := w.Client.Resource(resource).Namespace(w.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", fault.New(fault.Missing, fmt.Sprintf("there is no %s %s in namespace %s", kind, name, w.Namespace), "`kubectl get "+resource.Resource+" -n "+w.Namespace+"`")
	}
	if err != nil {
		return "", explain(ctx, call{verb: "get", resource: resource.GroupResource(), name: name, namespace: w.Namespace}, err)
	}
	selector, err := selectorOf(raw, kind == "service")
	if err != nil {
		return "", fmt.Errorf("read the selector of %s %s: %w", kind, name, err)
	}
	if selector.Empty() {
		return "", fault.New(fault.Usage, fmt.Sprintf("%s %s selects no pods", kind, name), "name what runs its servers with --selector or --host")
	}
	return selector.String(), nil
}

// selectorOf reads spec.selector: a service has plain labels there, workloads have rules.
func selectorOf(raw *unstructured.Unstructured, plain bool) (labels.Selector, error) {
	if plain {
		set, _, err := unstructured.NestedStringMap(raw.Object, "spec", "selector")
		return labels.SelectorFromSet(set), err
	}
	tree, _, err := unstructured.NestedMap(raw.Object, "spec", "selector")
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var rules metav1.LabelSelector
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, err
	}
	return metav1.LabelSelectorAsSelector(&rules)
}
