package kubestore

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Controllers are the Deployments of controllers in all namespaces. The error is the API server's.
func Controllers(ctx context.Context, client dynamic.Interface) ([]unstructured.Unstructured, error) {
	found, err := client.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}).
		List(ctx, metav1.ListOptions{LabelSelector: names.AppName + "=" + names.Controller})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}
