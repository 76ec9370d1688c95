package namespace

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// noCopy reads objects of the cache as they are: nothing here changes what it read.
const noCopy = client.UnsafeDisableDeepCopyOption(true)

// world is what there is in a namespace. All of it belongs to the cache.
type world struct {
	namespace string
	resources site.Resources
	observed  site.Observed
	network   network.Status

	originals    map[string]client.Object // of the kinds whose status is written here, by key
	certificates map[string]*v2alpha1.Certificate
	tokens       []*v2alpha1.AccessToken
	secrets      map[string]*corev1.Secret // credentials
	services     map[string]*corev1.Service
	deployments  map[string]*appsv1.Deployment
	configs      map[string]*corev1.ConfigMap // of routers
	templates    []workload.Template
	sizings      []*corev1.ConfigMap
	pods         []*corev1.Pod
	again        time.Duration    // until it must be looked at again, though nothing changes; 0: never
	foreign      map[string]error // what keeps a site, by its UID, from being made: a configuration that is somebody else's
}

func key(o client.Object) string {
	k, _ := o.(v2alpha1.Object)
	return v2alpha1.KindOf(k) + "/" + o.GetNamespace() + "/" + o.GetName()
}

// gather reads a namespace from the cache.
func (r *reconciler) gather(ctx context.Context, ns string) (*world, error) {
	w := &world{namespace: ns, originals: map[string]client.Object{}, certificates: map[string]*v2alpha1.Certificate{},
		secrets: map[string]*corev1.Secret{}, services: map[string]*corev1.Service{}, deployments: map[string]*appsv1.Deployment{},
		configs: map[string]*corev1.ConfigMap{}}
	w.resources = site.Resources{Namespace: ns, Platform: site.PlatformKubernetes, Version: r.Version, CertDir: names.CertDir, ProxyDir: names.ProxyDir,
		AccessTypes: r.AccessTypes, Controller: &r.Controller, Targets: map[string][]site.Target{}, Ordinals: map[string]int{}}
	w.observed.Now = r.now()
	for _, read := range []func(context.Context, *world) error{r.readKinds, r.readAttached, r.readCore, r.readConfigMaps} {
		if err := read(ctx, w); err != nil {
			return nil, fmt.Errorf("read namespace %s: %w", ns, err)
		}
	}
	w.selectPods()
	w.observed.Running, w.observed.NotReady = running(w.pods)
	w.remark()
	w.remarkAuthority()
	w.judge()
	if err := w.rememberPorts(); err != nil {
		r.Log.Warn().Err(err).Str("namespace", ns).Msg("router-configuration.damaged") // it is made anew
	}
	r.tell(ns, w.observed.Blind)
	return w, nil
}

// readKinds reads the resources of the group.
func (r *reconciler) readKinds(ctx context.Context, w *world) error {
	for _, k := range v2alpha1.Kinds() {
		switch k.Kind {
		case v2alpha1.KindAttachedConnector, v2alpha1.KindAccessGrant:
			continue
		case v2alpha1.KindMultiKeyListener:
			if !r.MultiKey {
				continue
			}
		}
		list, ok := k.NewList().(client.ObjectList)
		if !ok {
			continue
		}
		if err := r.client.List(ctx, list, client.InNamespace(w.namespace), noCopy); err != nil {
			return err
		}
		err := apimeta.EachListItem(list, w.sort)
		if err != nil {
			return err
		}
	}
	return nil
}

// readAttached reads the connectors of other namespaces that go through this one's site.
func (r *reconciler) readAttached(ctx context.Context, w *world) error {
	var list v2alpha1.AttachedConnectorList
	if err := r.client.List(ctx, &list, client.MatchingFields{indexSiteNamespace: w.namespace}, noCopy); err != nil {
		return err
	}
	for i := range list.Items {
		a := &list.Items[i]
		ours, err := r.Scope.Controls(ctx, a.Namespace)
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		w.resources.AttachedConnectors = append(w.resources.AttachedConnectors, a)
		w.originals[key(a)] = a
		if !w.binds(a) { // others may have made any number of them
			continue
		}
		pods, err := r.pods(ctx, a.Namespace)
		if err != nil {
			return err
		}
		w.resources.Targets[a.Namespace+"/"+a.Name] = targets(pods, a.Spec.Selector, a.Spec.IncludeNotReadyPods)
	}
	return nil
}

// binds reports whether this namespace lets a connector of another one be attached.
func (w *world) binds(a *v2alpha1.AttachedConnector) bool {
	return slices.ContainsFunc(w.resources.Bindings, func(b *v2alpha1.AttachedConnectorBinding) bool {
		return b.Name == a.Name && b.Spec.ConnectorNamespace == a.Namespace
	})
}

func (r *reconciler) pods(ctx context.Context, ns string) ([]*corev1.Pod, error) {
	var list corev1.PodList
	if err := r.client.List(ctx, &list, client.InNamespace(ns), noCopy); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}

// readCore reads what is of the cluster's own kinds.
func (r *reconciler) readCore(ctx context.Context, w *world) (err error) {
	in := client.InNamespace(w.namespace)
	var secrets corev1.SecretList
	var services corev1.ServiceList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&secrets, &services, &deployments} {
		if err := r.client.List(ctx, list, in, noCopy); err != nil {
			return err
		}
	}
	for _, s := range pointers(secrets.Items) {
		if isCredential(s) {
			w.secrets[s.Name] = s
			w.resources.Add(credential(s))
		}
	}
	for _, s := range pointers(services.Items) {
		w.services[s.Name] = s
		if _, ours := s.Labels[names.Listener]; !ours {
			w.resources.TakenHosts = append(w.resources.TakenHosts, s.Name)
		}
	}
	for _, d := range pointers(deployments.Items) {
		w.deployments[d.Name] = d
	}
	w.pods, err = r.pods(ctx, w.namespace)
	return err
}

// readConfigMaps reads the routers' configurations, what is known of the network, and label templates.
func (r *reconciler) readConfigMaps(ctx context.Context, w *world) error {
	spaces := []string{w.namespace}
	if r.Namespace != "" && r.Namespace != w.namespace {
		spaces = append(spaces, r.Namespace)
	}
	var templates []*corev1.ConfigMap
	for _, ns := range spaces {
		var list corev1.ConfigMapList
		if err := r.client.List(ctx, &list, client.InNamespace(ns), noCopy); err != nil {
			return err
		}
		for _, cm := range pointers(list.Items) {
			_, isConfig := cm.Labels[names.RouterConfig]
			_, isTemplate := cm.Labels[names.LabelTemplate]
			_, isSizing := cm.Labels[names.SiteSizing]
			if isSizing && ns == r.Namespace {
				w.sizings = append(w.sizings, cm)
			}
			switch {
			case isTemplate:
				templates = append(templates, cm)
			case ns != w.namespace:
			case isConfig, cm.Name == names.Router, cm.Name == names.SecondRouter:
				w.configs[cm.Name] = cm
			case cm.Name == names.NetworkStatus:
				w.readNetwork(cm)
			}
		}
	}
	w.templates = workload.ReadTemplates(templates, w.namespace)
	if cm := w.configs[names.Router]; cm != nil {
		w.resources.ActiveSite = siteOwner(cm)
	}
	r.missNetwork(w)
	return nil
}

// siteOwner is the UID of the site that an object belongs to; empty if it belongs to none.
func siteOwner(o client.Object) string {
	for _, ref := range o.GetOwnerReferences() {
		if ref.Kind == v2alpha1.KindSite && ref.APIVersion == v2alpha1.APIVersion {
			return string(ref.UID)
		}
	}
	return ""
}

// selectPods finds the pods of the connectors.
func (w *world) selectPods() {
	for _, c := range w.resources.Connectors {
		if c.Spec.Selector != "" {
			w.resources.Targets[c.Name] = targets(w.pods, c.Spec.Selector, c.Spec.IncludeNotReadyPods)
		}
	}
}

// rememberPorts reads back what was decided before: the ports of listeners.
func (w *world) rememberPorts() (damaged error) {
	w.observed.Ports = map[string]int{}
	old, known := &config.Config{}, ""
	if cm := w.configs[names.Router]; cm != nil {
		parsed, err := config.Parse([]byte(cm.Data[names.ConfigKey]))
		if err != nil {
			damaged = fmt.Errorf("ConfigMap %s: %w", cm.Name, err)
		} else {
			old, known = parsed, cm.Annotations[names.TLSDigests]
		}
	}
	for i := range old.TCPListeners {
		if n, err := config.PortNumber(old.TCPListeners[i].Port); err == nil {
			w.observed.Ports[old.TCPListeners[i].Name] = n
		}
	}
	w.ordinals(old, known)
	return damaged
}

// readNetwork reads what the adaptor publishes. Its values come from other sites.
func (w *world) readNetwork(cm *corev1.ConfigMap) {
	text := cm.Data[names.NetworkKey]
	if text == "" {
		return
	}
	var status network.Status
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		w.observed.Blind = fmt.Sprintf("what is said of links and other sites is old, as ConfigMap %s cannot be read (%v): delete it, it is made anew", cm.Name, err)
		return
	}
	w.network = status
	all := status.SiteRecords()
	w.observed.Network = make([]v2alpha1.SiteRecord, 0, len(all))
	for _, s := range all {
		rec := v2alpha1.SiteRecord{ID: s.ID, Name: s.Name, Namespace: s.Namespace, Platform: s.Platform, Version: s.Version}
		for _, l := range s.Links {
			rec.Links = append(rec.Links, v2alpha1.LinkRecord{Name: l.Name, RemoteSiteID: l.RemoteSiteID, RemoteSiteName: l.RemoteSiteName, Operational: l.Operational})
		}
		for _, k := range s.Services {
			rec.Services = append(rec.Services, v2alpha1.ServiceRecord{RoutingKey: k.RoutingKey, Connectors: k.Connectors, Listeners: k.Listeners})
		}
		w.observed.Network = append(w.observed.Network, rec)
	}
}

// linksOf are the states of the links that a site made.
func linksOf(status network.Status, id string) map[string]site.LinkState {
	out := map[string]site.LinkState{}
	for _, l := range status.LinksOf(id) {
		out[l.Name] = site.LinkState{Up: l.Operational, RemoteSite: l.RemoteSiteID, RemoteName: l.RemoteSiteName, LastError: l.Message}
	}
	return out
}
