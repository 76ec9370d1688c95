package adaptor

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	appsv1 "k8s.io/client-go/kubernetes/typed/apps/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// clients are the parts of the API that are used.
type clients struct {
	core   corev1.CoreV1Interface
	apps   appsv1.AppsV1Interface
	leases coordinationv1.CoordinationV1Interface
}

// connect makes the clients. Nothing is sent yet.
func connect(to *rest.Config, version string) (clients, error) {
	conf := rest.CopyConfig(to)
	conf.ContentType = runtime.ContentTypeProtobuf // a fifth of the memory that JSON needs
	conf.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	conf.QPS = -1 // what is written is bounded here already, and what the server bears it says itself
	conf.UserAgent = "kube-adaptor/" + version
	web, err := rest.HTTPClientFor(conf) // one set of connections for all
	if err != nil {
		return clients{}, fmt.Errorf("reach the API server: %w", err)
	}
	core, err := corev1.NewForConfigAndClient(conf, web)
	if err != nil {
		return clients{}, fmt.Errorf("reach the API server: %w", err)
	}
	apps, err := appsv1.NewForConfigAndClient(conf, web)
	if err != nil {
		return clients{}, fmt.Errorf("reach the API server: %w", err)
	}
	leases, err := coordinationv1.NewForConfigAndClient(conf, web)
	if err != nil {
		return clients{}, fmt.Errorf("reach the API server: %w", err)
	}
	return clients{core, apps, leases}, nil
}
