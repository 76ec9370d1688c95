package site

import (
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// Desired is all that has to be done for a namespace.
type Desired struct {
	// Site is the active site with its new status; nil if there is none, and then no router is to run.
	Site     *v2alpha1.Site
	SiteID   string
	RouterID string
	// Config of the router; nil if none is to run. It refers to files that Profiles lists.
	Config *config.Config
	// Certificates to have, each after the one that signs it. Nothing else is to be kept but what the user brought.
	Certificates []CertificateWant
	// Profiles are the directories of TLS files the configuration refers to.
	Profiles []Profile
	// Proxies are the password files the configuration refers to.
	Proxies []Proxy
	// RouterAccesses in force with their new status, the one that Plan made for the site's link access included.
	RouterAccesses []*v2alpha1.RouterAccess
	// SecuredAccesses to have, so that the router accesses are reached (Kubernetes).
	SecuredAccesses []*v2alpha1.SecuredAccess
	// Routers to run, the first one with Config (Kubernetes).
	Routers []Router
	// Obsolete are resources that a controller made once and nobody wants any more.
	Obsolete []v2alpha1.Object
	// StaticLinks are links for other sites to use as they are.
	StaticLinks []StaticLink
	// Exposures are the services to make for listeners (Kubernetes).
	Exposures []Exposure
	// Statuses are copies of the resources given, with their new status, sorted by kind and name.
	Statuses []v2alpha1.Object
	// WaitingFor says in plain words what keeps the site from being as wanted; empty if nothing does.
	WaitingFor []string
	// Ports given to listeners of the router, by their name. They are to come back as Observed.Ports.
	Ports map[string]int
}

// Router is one of the routers of a site.
type Router struct {
	Group  string // name of everything it consists of
	Config *config.Config
}

// CertificateWant is a key pair to have.
type CertificateWant struct {
	Name    string
	CA      string // name of the CA that signs; empty: it signs itself
	Subject string
	Hosts   []string
	Client  bool
	Server  bool
	Signing bool
	// Brought is what the user brought under this name: take it instead of making one. nil: make one, or keep the one
	// made before while it is valid and covers Hosts.
	Brought *pki.Pair
}

// Profile is a directory of TLS files: <CertDir>/<Name>/{ca.crt,tls.crt,tls.key}.
type Profile struct {
	Name        string
	Credentials string // name of the key pair that goes there
	CAOnly      bool   // ca.crt alone
}

// Proxy is a file with the password for a proxy: <ProxyDir>/<Name>/password.txt.
type Proxy struct {
	Name     string
	Password []byte
}

// Exposure is a host name in the namespace under which the router is reached.
type Exposure struct {
	Host  string
	Ports []ExposedPort
}

// ExposedPort leads clients to a listener of the router.
type ExposedPort struct {
	Name       string
	Port       int // that clients use
	TargetPort int // of the router
}
