package install

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/deploy"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubestore"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// Uninstall takes the controller out of a cluster, and the definitions if nothing needs them any more.
type Uninstall struct {
	Options deploy.Options // an empty Scope: that of the controller that is there
	DryRun  bool           // change nothing
	Force   bool           // delete the definitions, and with them all sites and whatever belongs to them
	Wait    bool           // until all is gone
	Timeout time.Duration
}

// Run uninstalls. What stays, and why, is in the notes. What it did until an error is told too.
func (c Uninstall) Run(ctx context.Context, client dynamic.Interface, say op.Progress) (did []Done, notes []string, err error) {
	definitions, err := deploy.Definitions()
	if err != nil {
		return nil, nil, err
	}
	k := cluster{client}
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	c.Options.Namespace = c.namespace()
	if c.Options.Scope, err = c.scope(within, k); err != nil {
		return nil, nil, inTime(ctx, within, c.Timeout, err, "run it again")
	}
	c.Options.Images.Controller = names.Controller // of no account
	controller, err := deploy.Objects(c.Options)
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(controller)
	var gone []*unstructured.Unstructured
	drop := func(o *unstructured.Unstructured) error {
		old, err := k.get(within, o)
		if err != nil || old == nil {
			return err
		}
		note, err := c.stays(within, k, old)
		if err != nil {
			return err
		}
		if note != "" {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
			return nil
		}
		if err := c.drop(within, k, o); err != nil {
			return err
		}
		did, gone = append(did, Named(o, "deleted")), append(gone, o)
		return nil
	}
	for _, o := range controller {
		if err := drop(o); err != nil {
			return did, notes, inTime(ctx, within, c.Timeout, err, "run it again")
		}
	}
	users, err := c.users(within, k, definitions)
	if err != nil {
		return did, notes, inTime(ctx, within, c.Timeout, err, "run it again")
	}
	if users == "" || c.Force {
		for _, o := range definitions {
			if err := drop(o); err != nil {
				return did, notes, inTime(ctx, within, c.Timeout, err, "run it again")
			}
		}
	} else {
		notes = append(notes, "the definitions of the resources stay: "+users)
	}
	if c.DryRun || !c.Wait {
		return did, notes, nil
	}
	return did, notes, inTime(ctx, within, c.Timeout, k.absent(within, gone, say), "run it again")
}

func (c Uninstall) drop(ctx context.Context, k cluster, o *unstructured.Unstructured) error {
	options := metav1.DeleteOptions{}
	if c.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	err := k.of(o).Delete(ctx, o.GetName(), options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return explain(ctx, "delete", o, err)
}

// stays is why an object is not ours to delete, empty if it is.
func (c Uninstall) stays(ctx context.Context, k cluster, o *unstructured.Unstructured) (string, error) {
	switch o.GetKind() {
	case "Namespace":
		return c.inUse(ctx, k, o), nil
	case "ClusterRole", "ClusterRoleBinding":
		return c.bound(ctx, k, o)
	}
	return "", nil
}

// bound tells whether the role of a cluster's controller is that of another namespace's: there is one role in a cluster.
func (c Uninstall) bound(ctx context.Context, k cluster, o *unstructured.Unstructured) (string, error) {
	binding := o.DeepCopy()
	binding.SetKind("ClusterRoleBinding")
	binding, err := k.get(ctx, binding)
	if err != nil || binding == nil {
		return "", err
	}
	others := subjectNamespaces(binding)
	if len(others) == 0 || slices.Contains(others, c.namespace()) {
		return "", nil
	}
	return "the role of the cluster stays: it is that of the controller in namespace " + strings.Join(others, ", "), nil
}

// inUse is why a namespace is not ours to delete, empty if it is.
func (c Uninstall) inUse(ctx context.Context, k cluster, o *unstructured.Unstructured) string {
	name := o.GetName()
	if !managed(o) {
		return "namespace " + name + " stays: it was not made by install"
	}
	pods, err := k.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(name).
		List(ctx, metav1.ListOptions{LabelSelector: names.Application + "!=" + names.Controller, Limit: 1})
	if err != nil {
		return "namespace " + name + " stays: cannot tell what is in it"
	}
	if len(pods.Items) > 0 {
		return "namespace " + name + " stays: there are other pods in it, such as " + pods.Items[0].GetName()
	}
	sites, err := k.client.Resource(siteResource()).Namespace(name).List(ctx, metav1.ListOptions{Limit: 1})
	if err == nil && len(sites.Items) > 0 {
		return "namespace " + name + " stays: there is a site in it, " + sites.Items[0].GetName()
	}
	return ""
}

// scope is how much the controller that is there looks after. Taking out another than that would leave half of it, and might
// take away what belongs to another controller.
func (c Uninstall) scope(ctx context.Context, k cluster) (deploy.Scope, error) {
	there := &unstructured.Unstructured{}
	there.SetAPIVersion("apps/v1")
	there.SetKind("Deployment")
	there.SetName(names.Controller)
	there.SetNamespace(c.namespace())
	controller, err := k.get(ctx, there)
	if err != nil {
		return "", err
	}
	if controller == nil { // an earlier run may have been stopped halfway
		if c.Options.Scope != "" {
			return c.Options.Scope, nil
		}
		there.SetAPIVersion("rbac.authorization.k8s.io/v1")
		there.SetKind("RoleBinding")
		if rest, err := k.get(ctx, there); err != nil || rest != nil {
			return deploy.Namespace, err
		}
		return deploy.Cluster, nil
	}
	found, whose := deploy.Cluster, "all namespaces"
	if deploy.OfOneNamespace(controller) {
		found, whose = deploy.Namespace, "that namespace only"
	}
	if c.Options.Scope != "" && c.Options.Scope != found {
		return "", fault.New(fault.Conflict, fmt.Sprintf("the controller in namespace %s looks after %s: its scope is %s, not %s", c.namespace(), whose, found, c.Options.Scope),
			"`uninstall --scope "+string(found)+"`")
	}
	return found, nil
}

func siteResource() schema.GroupVersionResource {
	info, _ := v2alpha1.Lookup(v2alpha1.KindSite)
	return info.GroupVersionKind().GroupVersion().WithResource(info.Plural)
}

// users is who needs the definitions: resources that are not the controller's own, and other controllers. Empty if nobody does.
func (c Uninstall) users(ctx context.Context, k cluster, definitions []*unstructured.Unstructured) (string, error) {
	others, err := kubestore.Controllers(ctx, k.client)
	if apierrors.IsForbidden(err) {
		return "there may be other controllers in the cluster, and you have no right to look", nil
	}
	if err != nil {
		return "", kubestore.Explain(ctx, "list", schema.GroupResource{Group: "apps", Resource: "deployments"}, "", "", err)
	}
	for _, d := range others {
		if d.GetNamespace() != c.namespace() {
			return "there is another controller, in namespace " + d.GetNamespace(), nil
		}
	}
	var kinds []string
	for _, o := range definitions {
		n, err := k.left(ctx, o)
		if err != nil {
			return "", err
		}
		if n > 0 {
			kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
			kinds = append(kinds, fmt.Sprintf("%s (%d)", kind, n))
		}
	}
	if len(kinds) == 0 {
		return "", nil
	}
	return "there are resources, whose routers go on running, and whose statuses stand still: " + strings.Join(kinds, ", ") + "; --force deletes them all", nil
}

func (c Uninstall) namespace() string {
	if c.Options.Namespace == "" {
		return deploy.DefaultNamespace
	}
	return c.Options.Namespace
}

// left counts the resources of a definition that do not belong to something else, in all namespaces.
func (c cluster) left(ctx context.Context, definition *unstructured.Unstructured) (n int, err error) {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
	resource := schema.GroupVersionResource{Group: group, Version: v2alpha1.Version, Resource: plural}
	const page = 500
	options := metav1.ListOptions{Limit: page}
	for {
		some, err := c.client.Resource(resource).List(ctx, options)
		if apierrors.IsNotFound(err) { // not defined
			return 0, nil
		}
		if err != nil {
			return n, kubestore.Explain(ctx, "list", resource.GroupResource(), "", "", err)
		}
		for _, o := range some.Items {
			if len(o.GetOwnerReferences()) == 0 {
				n++
			}
		}
		if options.Continue = some.GetContinue(); options.Continue == "" {
			return n, nil
		}
	}
}

// absent waits until objects are gone.
func (c cluster) absent(ctx context.Context, all []*unstructured.Unstructured, say op.Progress) error {
	for _, o := range all {
		err := c.await(ctx, o, Named(o, "").Kind+" "+o.GetName(), say, func(_ context.Context, now *unstructured.Unstructured) (bool, string, error) {
			return now == nil, "still there", nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
