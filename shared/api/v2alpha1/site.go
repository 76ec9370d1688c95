package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Site is a place on the network where application workloads run. A namespace has one.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=sites,shortName=st
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the site"
// +kubebuilder:printcolumn:name="Sites In Network",type=integer,JSONPath=`.status.sitesInNetwork`,description="The number of sites in the network"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the site"
type Site struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SiteSpec   `json:"spec,omitempty"`
	Status SiteStatus `json:"status,omitempty"`
}

// SiteList is a list of sites.
//
// +kubebuilder:object:root=true
type SiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Site `json:"items"`
}

// SiteSpec is what is wanted of a site.
type SiteSpec struct {
	// ServiceAccount is the service account the router runs under. Empty: one is made.
	// +optional
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// LinkAccess says how links from other sites are accepted: none or empty (not at all), default, or the name of an
	// access type such as route or loadbalancer.
	// +optional
	LinkAccess string `json:"linkAccess,omitempty"`
	// DefaultIssuer is the certificate authority that signs when none is named.
	// +optional
	DefaultIssuer string `json:"defaultIssuer,omitempty"`
	// Edge runs the router in edge mode: it makes links but takes none.
	// +optional
	Edge bool `json:"edge,omitempty"`
	// HA runs two routers. It cannot be combined with Edge.
	// +optional
	HA bool `json:"ha,omitempty"`
	// Settings are extra options; see the Setting constants.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// Keys of the site settings.
const (
	SettingRouterLogging         = "router-logging"               // comma-separated [MODULE:]level[+]
	SettingDataConnectionCount   = "router-data-connection-count" // connections per link, or auto
	SettingDisableAntiAffinity   = "disable-anti-affinity"        // boolean
	SettingSize                  = "size"                         // name of a sizing profile
	SettingTLSPriorValidRevision = "tls-prior-valid-revisions"    // how many replaced certificates stay valid
	SettingIngressClassName      = "ingressClassName"
	SettingAdvertise             = "advertise"           // comma-separated hosts by which other sites reach this one
	SettingProxyConfiguration    = "proxy-configuration" // of a Link: name of a basic-auth secret
)

// LinkAccess values with a fixed meaning.
const (
	LinkAccessNone    = "none"
	LinkAccessDefault = "default"
)

// SiteStatus is the state of a site.
type SiteStatus struct {
	Status `json:",inline"`
	// Endpoints are where other sites can link to this one.
	// +optional
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// SitesInNetwork counts the sites that can be reached, this one included.
	// +optional
	SitesInNetwork int `json:"sitesInNetwork,omitempty"`
	// Network describes the sites that can be reached.
	// +optional
	Network []SiteRecord `json:"network,omitempty"`
	// DefaultIssuer is the certificate authority in use.
	// +optional
	DefaultIssuer string `json:"defaultIssuer,omitempty"`
	// Controller says who looks after the site.
	// +optional
	Controller *Controller `json:"controller,omitempty"`
}

// Controller is who looks after a site.
type Controller struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// +optional
	Version string `json:"version,omitempty"`
}

// SiteRecord describes a site of the network.
type SiteRecord struct {
	// +optional
	ID string `json:"id,omitempty"`
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// +optional
	Platform string `json:"platform,omitempty"`
	// +optional
	Version string `json:"version,omitempty"`
	// +optional
	Links []LinkRecord `json:"links,omitempty"`
	// +optional
	Services []ServiceRecord `json:"services,omitempty"`
}

// LinkRecord describes a link made by a site.
type LinkRecord struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	RemoteSiteID string `json:"remoteSiteId,omitempty"`
	// +optional
	RemoteSiteName string `json:"remoteSiteName,omitempty"`
	// +optional
	Operational bool `json:"operational,omitempty"`
}

// ServiceRecord describes a routing key a site uses.
type ServiceRecord struct {
	// +optional
	RoutingKey string `json:"routingKey,omitempty"`
	// Connectors are the names of those that offer the service.
	// +optional
	Connectors []string `json:"connectors,omitempty"`
	// Listeners are the names of those that use it.
	// +optional
	Listeners []string `json:"listeners,omitempty"`
}

// DefaultIssuerName is the certificate authority of a site that names none.
const DefaultIssuerName = "skupper-site-ca"

// GetStatus is the common part of the status.
func (s *Site) GetStatus() *Status { return &s.Status.Status }

// AcceptsLinks reports whether the spec asks for link access.
func (s *Site) AcceptsLinks() bool {
	return s.Spec.LinkAccess != "" && s.Spec.LinkAccess != LinkAccessNone
}

// Issuer is the certificate authority that signs when none is named.
func (s *Site) Issuer() string {
	switch {
	case s.Spec.DefaultIssuer != "":
		return s.Spec.DefaultIssuer
	case s.Status.DefaultIssuer != "":
		return s.Status.DefaultIssuer
	}
	return DefaultIssuerName
}
