package kubehost

import (
	"context"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/shared/host"
)

var _ host.Completer = Host{}

// CompleteFlag implements host.Completer.
func (h Host) CompleteFlag(ctx context.Context, c *cli.Context, flag string) (values []string, known bool) {
	switch flag {
	case "output":
		if lists(c) {
			return append(slices.Clone(formats), tableFormats...), true
		}
		return formats, true
	case "namespace":
		return h.objects(ctx, c, "namespaces", false), true
	case "service-account":
		return h.objects(ctx, c, "serviceaccounts", true), true
	case "site-namespace", "connector-namespace":
		return h.objects(ctx, c, "namespaces", false), true
	case "context", "cluster", "user":
		return names(c, flag), true
	case "platform":
		return []string{platform}, true
	case "scope":
		return []string{"cluster", "namespace"}, true
	case "dry-run":
		return []string{dryClient, dryServer}, true
	case "image-pull-policy":
		return pullPolicies, true
	case "enable-access-type":
		return slices.DeleteFunc(slices.Clone(accessTypes), func(t string) bool { return t == "default" }), true
	}
	return nil, false
}

// names are those of the kubeconfig.
func names(c *cli.Context, what string) []string {
	flags, err := connection(c)
	if err != nil {
		return nil
	}
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	switch what {
	case "context":
		return slices.Sorted(maps.Keys(raw.Contexts))
	case "cluster":
		return slices.Sorted(maps.Keys(raw.Clusters))
	}
	return slices.Sorted(maps.Keys(raw.AuthInfos))
}

// objects are the names of core objects, of the namespace or of the cluster.
func (h Host) objects(ctx context.Context, c *cli.Context, resource string, namespaced bool) (values []string) {
	flags, err := connection(c)
	if err != nil {
		return nil
	}
	config, namespace, err := h.config(flags)
	if err != nil {
		return nil
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil
	}
	all := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource})
	var list dynamic.ResourceInterface = all
	if namespaced {
		list = all.Namespace(namespace)
	}
	found, err := list.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	for _, o := range found.Items {
		values = append(values, o.GetName())
	}
	return values
}
