package namespace

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.uber.org/multierr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// apply makes what the site consists of. What takes others longest comes first: certificates. One thing that cannot be made
// does not keep the others from being made, but for the configuration: services must not lead to ports that it has not.
func (r *reconciler) apply(ctx context.Context, w *world, d site.Desired, f *failures) {
	render := r.render(w, d.Site)
	note := func(err error) { f.note(forSite(d), err) }
	for _, c := range d.Certificates {
		note(r.applyCertificate(ctx, w, render, c))
	}
	r.applyAccesses(ctx, w, d, f)
	r.removeObsolete(ctx, d, f)
	var account *corev1.ServiceAccount
	if d.Site.Spec.ServiceAccount == "" {
		var err error
		account, err = r.applyAccount(ctx, render)
		note(err)
	}
	if err := r.annotateSecrets(ctx, w, d); err != nil {
		note(err)
		return
	}
	digests := w.usedDigests(d)
	for _, rt := range d.Routers {
		cm, err := render.ConfigMap(rt.Group, rt.Config, digests)
		if err == nil {
			err = r.applyConfig(ctx, w.configs[rt.Group], cm)
		}
		if err != nil {
			note(err)
			return
		}
		deployment := render.Deployment(rt.Group, rt.Config)
		renew(deployment, w.deployments[rt.Group], account, w.pods)
		note(r.applyDeployment(ctx, w.deployments[rt.Group], deployment))
	}
	f.note(teller{}, r.removeSecond(ctx, w, d))
	note(r.applyWhole(ctx, render.LocalService(), present(w.services[names.RouterLocal])))
	r.applyServices(ctx, w, render, d, f)
}

// applyDeployment runs a router. A selector cannot be changed: one that another version made with another goes first.
func (r *reconciler) applyDeployment(ctx context.Context, live, wanted *appsv1.Deployment) error {
	if live != nil && !equality.Semantic.DeepEqual(live.Spec.Selector, wanted.Spec.Selector) {
		if live.DeletionTimestamp != nil {
			return nil
		}
		return r.remove(ctx, live)
	}
	return r.applyWhole(ctx, wanted, present(live))
}

// present is nil, and not a nil pointer, if there is no object.
func present[T any, P interface {
	*T
	client.Object
}](p P) client.Object {
	if p == nil {
		return nil
	}
	return p
}

// applyAccount makes the account of the router pods with its rights.
func (r *reconciler) applyAccount(ctx context.Context, render workload.Render) (*corev1.ServiceAccount, error) {
	account := &corev1.ServiceAccount{}
	if there, err := r.get(ctx, account, render.Site.Namespace); err != nil {
		return nil, err
	} else if !there {
		account = render.ServiceAccount()
		if err := r.create(ctx, account); err != nil {
			return nil, err
		}
	}
	return account, r.applyRights(ctx, render)
}

func (r *reconciler) applyRights(ctx context.Context, render workload.Render) error {
	var role rbacv1.Role
	var binding rbacv1.RoleBinding
	for _, o := range []struct{ wanted, live client.Object }{{render.Role(), &role}, {render.RoleBinding(), &binding}} {
		there, err := r.get(ctx, o.live, render.Site.Namespace)
		if err != nil {
			return err
		}
		if !there {
			o.live = nil
		}
		if err := r.applyWhole(ctx, o.wanted, o.live); err != nil {
			return err
		}
	}
	return nil
}

// get reads the object named like the router.
func (r *reconciler) get(ctx context.Context, into client.Object, ns string) (there bool, err error) {
	err = r.client.Get(ctx, types.NamespacedName{Namespace: ns, Name: names.Router}, into, noCopy)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func (r *reconciler) create(ctx context.Context, o client.Object) error {
	if err := r.client.Create(ctx, o, owner); err != nil {
		return creation{fmt.Errorf("create %s: %w", describe(o), err)}
	}
	return nil
}

func (r *reconciler) update(ctx context.Context, o client.Object) error {
	if err := r.client.Update(ctx, o, owner); err != nil {
		return fmt.Errorf("update %s: %w", describe(o), err)
	}
	return nil
}

// remove deletes exactly the object that was seen.
func (r *reconciler) remove(ctx context.Context, o client.Object) error {
	uid := o.GetUID()
	err := r.client.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s: %w", describe(o), err)
	}
	return nil
}

// owner is who the server is told manages the fields.
const owner = client.FieldOwner(names.Controller)

func describe(o client.Object) string {
	kind := fmt.Sprintf("%T", o)
	return fmt.Sprintf("%s %s/%s", kind[strings.LastIndexByte(kind, '.')+1:], o.GetNamespace(), o.GetName())
}

// adopt gives an object the labels, annotations and owner of the wanted one, and reports whether it had not had them. An owner
// of the same kind with another identity is gone: it gives way.
func adopt(o, wanted client.Object) (changed bool) {
	labels, annotations := maps.Clone(o.GetLabels()), maps.Clone(o.GetAnnotations())
	if add(&labels, wanted.GetLabels()) {
		o.SetLabels(labels)
		changed = true
	}
	if add(&annotations, wanted.GetAnnotations()) {
		o.SetAnnotations(annotations)
		changed = true
	}
	for _, ref := range wanted.GetOwnerReferences() {
		kept := []metav1.OwnerReference{}
		for _, old := range o.GetOwnerReferences() {
			if old.Kind != ref.Kind || old.APIVersion != ref.APIVersion {
				kept = append(kept, old)
			}
		}
		kept = append(kept, ref)
		if !sameOwners(kept, o.GetOwnerReferences()) {
			o.SetOwnerReferences(kept)
			changed = true
		}
	}
	return changed
}

func sameOwners(a, b []metav1.OwnerReference) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		found := false
		for _, y := range b {
			found = found || x.UID == y.UID
		}
		if !found {
			return false
		}
	}
	return true
}

func add(to *map[string]string, more map[string]string) (changed bool) {
	for k, v := range more {
		if old, ok := (*to)[k]; !ok || old != v {
			if *to == nil {
				*to = map[string]string{}
			}
			(*to)[k], changed = v, true
		}
	}
	return changed
}

// applyConfig writes a router's configuration, with the version that the plan was made of.
func (r *reconciler) applyConfig(ctx context.Context, live, wanted *corev1.ConfigMap) error {
	if live == nil {
		return r.create(ctx, wanted)
	}
	after := live.DeepCopy()
	if !adopt(after, wanted) && equality.Semantic.DeepEqual(live.Data, wanted.Data) {
		return nil
	}
	if live.Immutable != nil && *live.Immutable { // by somebody's hand: nothing in it can be changed any more
		if err := r.remove(ctx, live); err != nil {
			return err
		}
		return r.create(ctx, wanted)
	}
	after.Data = wanted.Data
	return r.update(ctx, after)
}

// removeSecond removes the second router of a site that has one no more.
func (r *reconciler) removeSecond(ctx context.Context, w *world, d site.Desired) error {
	if len(d.Routers) > 1 {
		return nil
	}
	var faults error
	for _, o := range []client.Object{present[appsv1.Deployment](w.deployments[names.SecondRouter]), present[corev1.ConfigMap](w.configs[names.SecondRouter])} {
		if o != nil && siteOwner(o) != "" {
			faults = multierr.Append(faults, r.remove(ctx, o))
		}
	}
	return faults
}

// applyServices makes the services of the listeners, and removes those that no listener needs.
func (r *reconciler) applyServices(ctx context.Context, w *world, render workload.Render, d site.Desired, f *failures) {
	wanted := map[string]bool{}
	for _, e := range d.Exposures {
		wanted[e.Host] = true
		f.note(teller{host: e.Host}, r.applyService(ctx, w.services[e.Host], render.ListenerService(e, e.Ports[0].Name)))
	}
	for name, s := range w.services {
		_, listener := s.Labels[names.Listener]
		_, controlled := s.Annotations[names.Controlled]
		if listener && controlled && !wanted[name] && s.DeletionTimestamp == nil {
			f.note(teller{}, r.remove(ctx, s))
		}
	}
}

func (r *reconciler) applyService(ctx context.Context, live, wanted *corev1.Service) error {
	if live == nil {
		return r.create(ctx, wanted)
	}
	if _, ok := live.Labels[names.Listener]; ok { // which of several listeners it is called after does not matter
		wanted.Labels[names.Listener] = live.Labels[names.Listener]
	}
	after := live.DeepCopy()
	changed := adopt(after, wanted)
	if !equality.Semantic.DeepEqual(after.Spec.Selector, wanted.Spec.Selector) {
		after.Spec.Selector, changed = wanted.Spec.Selector, true
	}
	if after.Spec.Type == corev1.ServiceTypeExternalName { // by somebody's hand: clients are sent elsewhere
		after.Spec.Type, after.Spec.ExternalName, changed = corev1.ServiceTypeClusterIP, "", true
	}
	if !samePorts(after.Spec.Ports, wanted.Spec.Ports) {
		for i := range wanted.Spec.Ports { // what the cluster has given stays
			for _, old := range live.Spec.Ports {
				if old.Port == wanted.Spec.Ports[i].Port {
					wanted.Spec.Ports[i].NodePort = old.NodePort
				}
			}
		}
		after.Spec.Ports, changed = wanted.Spec.Ports, true
	}
	if !changed {
		return nil
	}
	return r.update(ctx, after)
}

func samePorts(a, b []corev1.ServicePort) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Port != b[i].Port || a[i].TargetPort != b[i].TargetPort || a[i].Protocol != b[i].Protocol {
			return false
		}
	}
	return true
}

// applyCertificate asks for a certificate. One that a user made stands; one of a site that is gone goes, with its keys.
func (r *reconciler) applyCertificate(ctx context.Context, w *world, render workload.Render, want site.CertificateWant) error {
	wanted, live := render.Certificate(want), w.certificates[want.Name]
	if live == nil {
		return r.create(ctx, wanted)
	}
	if _, ok := live.Annotations[names.Controlled]; !ok {
		return nil
	}
	if uid := siteOwner(live); uid != "" && uid != string(render.Site.UID) {
		if live.DeletionTimestamp != nil {
			return nil
		}
		return r.remove(ctx, live)
	}
	after := live.DeepCopy()
	changed := adopt(after, wanted)
	spec := wanted.Spec
	spec.Settings = live.Spec.Settings
	for _, h := range live.Spec.Hosts { // of other owners
		if !slices.Contains(spec.Hosts, h) {
			spec.Hosts = append(spec.Hosts, h)
		}
	}
	if !changed && equality.Semantic.DeepEqual(spec, live.Spec) {
		return nil
	}
	after.Spec = spec
	return r.update(ctx, after)
}

// applyAccesses makes the router access that goes with the site's link access, and what makes router accesses reachable.
func (r *reconciler) applyAccesses(ctx context.Context, w *world, d site.Desired, f *failures) {
	owners := map[string]metav1.OwnerReference{}
	live := map[string]*v2alpha1.RouterAccess{}
	for _, ra := range w.resources.RouterAccesses {
		live[ra.Name] = ra
	}
	for _, ra := range d.RouterAccesses {
		uid, err := r.applyRouterAccess(ctx, d.Site, live[ra.Name], ra)
		if err != nil {
			f.note(forSite(d), err)
			continue
		}
		owners[ra.Name] = metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindRouterAccess, Name: ra.Name, UID: uid}
	}
	have := map[string]*v2alpha1.SecuredAccess{}
	for _, sa := range w.resources.SecuredAccesses {
		have[sa.Name] = sa
	}
	if !planned(d.RouterAccesses, names.Router) { // what connects the two routers of a site has no resource of its own
		owners[names.Router] = workload.Owner(d.Site)
	}
	for _, sa := range d.SecuredAccesses {
		if ref, ok := owners[sa.Annotations[names.RouterAccess]]; ok {
			sa.OwnerReferences = []metav1.OwnerReference{ref}
			f.note(teller{uid: ref.UID}, r.applySecuredAccess(ctx, have[sa.Name], sa))
		}
	}
}

// removeObsolete removes what nobody wants any more.
func (r *reconciler) removeObsolete(ctx context.Context, d site.Desired, f *failures) {
	for _, o := range d.Obsolete {
		f.note(teller{}, r.remove(ctx, o))
	}
}

func planned(all []*v2alpha1.RouterAccess, name string) bool {
	return slices.ContainsFunc(all, func(ra *v2alpha1.RouterAccess) bool { return ra.Name == name })
}

func (r *reconciler) applyRouterAccess(ctx context.Context, s *v2alpha1.Site, live, wanted *v2alpha1.RouterAccess) (types.UID, error) {
	if live == nil {
		fresh := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: wanted.Name, Namespace: wanted.Namespace, Annotations: wanted.Annotations,
			OwnerReferences: []metav1.OwnerReference{workload.Owner(s)}}, Spec: wanted.Spec}
		err := r.create(ctx, fresh)
		return fresh.UID, err
	}
	if _, ok := live.Annotations[names.Controlled]; !ok || live.Name != names.Router {
		return live.UID, nil
	}
	after := live.DeepCopy()
	wanted.OwnerReferences = []metav1.OwnerReference{workload.Owner(s)}
	if !adopt(after, wanted) && equality.Semantic.DeepEqual(live.Spec, wanted.Spec) {
		return live.UID, nil
	}
	after.Spec = wanted.Spec
	return live.UID, r.update(ctx, after)
}

func (r *reconciler) applySecuredAccess(ctx context.Context, live, wanted *v2alpha1.SecuredAccess) error {
	if live == nil {
		return r.create(ctx, wanted)
	}
	after := live.DeepCopy()
	if !adopt(after, wanted) && equality.Semantic.DeepEqual(live.Spec, wanted.Spec) {
		return nil
	}
	after.Spec = wanted.Spec
	return r.update(ctx, after)
}
