package site

import (
	"context"
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// PlatformKubernetes is the platform with pods and services. All others (podman, docker, linux) are local.
const PlatformKubernetes = "kubernetes"

// Resources is all that is wanted in one namespace, and the facts about its host that Plan needs. Plan changes none of
// it.
type Resources struct {
	Namespace string
	Platform  string // PlatformKubernetes, podman, docker or linux
	Version   string // of this program

	// Sites usually is one. If there are more, ActiveSite (a UID), or else the oldest, is the active one.
	Sites      []*v2alpha1.Site
	ActiveSite string

	Listeners         []*v2alpha1.Listener
	MultiKeyListeners []*v2alpha1.MultiKeyListener
	Connectors        []*v2alpha1.Connector
	Links             []*v2alpha1.Link
	RouterAccesses    []*v2alpha1.RouterAccess
	Certificates      []*v2alpha1.Certificate
	Secrets           []*v2alpha1.Secret
	// Others have their status computed elsewhere (grants, tokens) or nowhere (kinds this platform has not).
	Others []v2alpha1.Object

	// RouterSuffix makes the router's id unique in the network: <site>-<suffix>. It must stay the same over restarts.
	RouterSuffix string
	// SiteID is the identity of an active site that has no UID yet.
	SiteID     string
	Hostname   string   // of this machine; may be empty
	Addresses  []string // IP addresses of this machine, in order of preference; unusable ones are left out by Plan
	TakenPorts []int    // TCP ports in use on this machine
	CertDir    string   // directory of the TLS profiles, as the router sees it: <CertDir>/<profile>/ca.crt
	ProxyDir   string   // directory of the proxy profiles, as the router sees it: <ProxyDir>/<profile>/password.txt

	Given    map[string]pki.Pair // key pairs and CAs that the user brought, by name: they win over everything
	Certs    map[string]pki.Pair // key pairs and CAs that exist already, by name
	Ordinals map[string]int      // by credentials: how often they were replaced; may be nil

	// Targets are the pods that a connector's selector finds, by the connector's name, or by namespace/name for those of
	// AttachedConnectors (Kubernetes).
	Targets map[string][]Target

	// AttachedConnectors of any namespace that name this one as their site's, and the Bindings here (Kubernetes).
	AttachedConnectors []*v2alpha1.AttachedConnector
	Bindings           []*v2alpha1.AttachedConnectorBinding

	// SecuredAccesses are what router accesses are reached through, and TakenHosts the names of services that are not for
	// listeners (Kubernetes).
	SecuredAccesses []*v2alpha1.SecuredAccess
	TakenHosts      []string

	// AccessTypes are the values of a site's link access that can be had; empty: all.
	AccessTypes []string

	// Faults are what is wrong with Sites, and what keeps RouterAccesses from being reached, that only the caller can see, by
	// their UID.
	Faults map[string]error
	// Refused is why services for listeners cannot be made, by their host (Kubernetes).
	Refused map[string]error

	// Controller is who does all this, for the site's status; may be nil.
	Controller *v2alpha1.Controller
}

// Target is a pod that a connector leads to.
type Target struct{ Name, IP, UID string }

// Gather reads all resources of the store. The facts about the host are left for the caller.
func Gather(ctx context.Context, s Store) (Resources, error) {
	r := Resources{Namespace: s.Namespace()}
	all, err := s.List(ctx, "")
	if err != nil {
		return r, fmt.Errorf("read the resources of namespace %s: %w", s.Namespace(), err)
	}
	for _, o := range all {
		r.Add(o)
	}
	return r, nil
}

// Add sorts an object into its place.
func (r *Resources) Add(o v2alpha1.Object) {
	switch o := o.(type) {
	case *v2alpha1.Site:
		r.Sites = append(r.Sites, o)
	case *v2alpha1.Listener:
		r.Listeners = append(r.Listeners, o)
	case *v2alpha1.MultiKeyListener:
		r.MultiKeyListeners = append(r.MultiKeyListeners, o)
	case *v2alpha1.Connector:
		r.Connectors = append(r.Connectors, o)
	case *v2alpha1.Link:
		r.Links = append(r.Links, o)
	case *v2alpha1.RouterAccess:
		r.RouterAccesses = append(r.RouterAccesses, o)
	case *v2alpha1.AttachedConnectorBinding:
		r.Bindings = append(r.Bindings, o)
	case *v2alpha1.Certificate:
		r.Certificates = append(r.Certificates, o)
	case *v2alpha1.Secret:
		r.Secrets = append(r.Secrets, o)
	default:
		r.Others = append(r.Others, o)
	}
}
