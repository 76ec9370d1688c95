package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// established waits until the definitions are served.
func (c cluster) established(ctx context.Context, all []*unstructured.Unstructured, say op.Progress) error {
	for _, o := range all {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		err := c.await(ctx, o, "definition "+o.GetName(), say, func(_ context.Context, now *unstructured.Unstructured) (bool, string, error) {
			if now == nil {
				return false, "it is not there", nil
			}
			if status, _, message := condition(now, "NamesAccepted"); status == "False" {
				return false, "", fault.New(fault.Conflict, "the cluster refuses the definition "+o.GetName()+": "+message, "")
			}
			status, _, message := condition(now, "Established")
			return status == "True", message, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// available waits until the controller is, as it is to be now.
func (c cluster) available(ctx context.Context, all []*unstructured.Unstructured, say op.Progress) error {
	i := slices.IndexFunc(all, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Deployment" })
	if i < 0 {
		return nil
	}
	return c.await(ctx, all[i], "the controller", say, func(ctx context.Context, now *unstructured.Unstructured) (bool, string, error) {
		if now == nil {
			return false, "", fault.New(fault.Conflict, "somebody has deleted the controller meanwhile", "run it again")
		}
		ok, missing, err := rolledOut(now)
		if ok || err != nil {
			return ok, missing, err
		}
		why, final := c.podTrouble(ctx, now.GetNamespace())
		if final {
			return false, "", fault.New(fault.Failed, "the controller cannot start: "+why, "`install --image IMAGE`, with an image that the cluster can get")
		}
		if why != "" {
			missing = why
		}
		return false, missing, nil
	})
}

// rolledOut tells whether all pods of a deployment are those of its present spec, and available.
func rolledOut(o *unstructured.Unstructured) (ok bool, missing string, err error) {
	n := func(fields ...string) int64 {
		v, _, _ := unstructured.NestedInt64(o.Object, fields...)
		return v
	}
	if n("status", "observedGeneration") < o.GetGeneration() {
		return false, "nobody has looked at it yet", nil
	}
	for _, t := range []string{"Progressing", "ReplicaFailure"} {
		status, reason, message := condition(o, t)
		if t == "Progressing" && status == "False" || t == "ReplicaFailure" && status == "True" && reason == "FailedCreate" {
			return false, "", fault.New(fault.Failed, "the controller does not start: "+message, fmt.Sprintf("`kubectl describe deployment %s -n %s`", o.GetName(), o.GetNamespace()))
		}
	}
	want := n("spec", "replicas")
	switch {
	case n("status", "updatedReplicas") < want || n("status", "availableReplicas") < want:
		return false, fmt.Sprintf("%d of %d pods are available", n("status", "availableReplicas"), want), nil
	case n("status", "replicas") > want:
		return false, "the old one ends", nil
	}
	return true, "", nil
}

// hopeless are the reasons for which a container will never start as it is.
var hopeless = []string{"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"}

// podTrouble is what a pod of the controller says is wrong, if one does.
func (c cluster) podTrouble(ctx context.Context, namespace string) (why string, final bool) {
	pods, err := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(namespace).
		List(ctx, metav1.ListOptions{LabelSelector: names.Application + "=" + names.Controller})
	if err != nil {
		return "", false // it is only to tell more
	}
	slices.SortStableFunc(pods.Items, func(a, b unstructured.Unstructured) int {
		return b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time)
	})
	for _, pod := range pods.Items[:min(1, len(pods.Items))] { // what keeps older ones from running is no news
		containers, _, _ := unstructured.NestedSlice(pod.Object, "status", "containerStatuses")
		for _, container := range containers {
			m, ok := container.(map[string]any)
			if !ok {
				continue
			}
			reason, _, _ := unstructured.NestedString(m, "state", "waiting", "reason")
			message, _, _ := unstructured.NestedString(m, "state", "waiting", "message")
			if reason != "" && reason != "ContainerCreating" {
				return causeOf(reason, message), slices.Contains(hopeless, reason)
			}
		}
		if status, reason, message := condition(&pod, "PodScheduled"); status == "False" {
			return reason + ": " + message, false
		}
	}
	return "", false
}

// causeOf is why a container waits. Of an image that cannot be pulled two reasons take turns, for one cause.
func causeOf(reason, message string) string {
	if _, why, ok := strings.Cut(message, ": ErrImagePull: "); ok && reason == "ImagePullBackOff" {
		reason, message = "ErrImagePull", why
	}
	if message == "" {
		return reason
	}
	return reason + ": " + message
}

// condition is what an object says of itself.
func condition(o *unstructured.Unstructured, kind string) (status, reason, message string) {
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range all {
		if m, ok := c.(map[string]any); ok && m["type"] == kind {
			text := func(key string) string { s, _ := m[key].(string); return s }
			return text("status"), text("reason"), text("message")
		}
	}
	return "", "", ""
}
