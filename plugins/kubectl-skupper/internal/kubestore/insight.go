package kubestore

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/op"
)

var _ op.Insight = Inside{}

// Idle implements op.Insight: resources that nobody has looked at want a controller.
func (i Inside) Idle(ctx context.Context) (why, hint string) {
	found, err := Controllers(ctx, i.Client)
	if err != nil { // the namespaces of others are not everybody's to look into
		return "", ""
	}
	if len(found) == 0 {
		return "no controller is installed in the cluster", InstallHint
	}
	for _, d := range found {
		if n, _, _ := unstructured.NestedInt64(d.Object, "status", "availableReplicas"); n > 0 {
			return "", ""
		}
	}
	ns := found[0].GetNamespace()
	return "the controller, in namespace " + ns + ", is not available",
		fmt.Sprintf("`kubectl get pods -n %s -l %s=%s`", ns, names.Application, names.Controller)
}

// Closed implements op.Insight: most often there is nobody who would give a load balancer an address.
func (i Inside) Closed(ctx context.Context) (why, hint string) {
	found, err := i.Client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).Namespace(i.Namespace).
		List(ctx, metav1.ListOptions{LabelSelector: names.SecuredAccess})
	if err != nil {
		return "", ""
	}
	for _, s := range found.Items {
		kind, _, _ := unstructured.NestedString(s.Object, "spec", "type")
		given, _, _ := unstructured.NestedSlice(s.Object, "status", "loadBalancer", "ingress")
		if kind == "LoadBalancer" && len(given) == 0 {
			return "the cluster has given load balancer " + s.GetName() + " no address yet",
				fmt.Sprintf("`kubectl get service %s -n %s`; in a cluster without load balancers have `install --enable-access-type TYPE` enable another way", s.GetName(), i.Namespace)
		}
	}
	return "", ""
}
