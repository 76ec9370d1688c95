package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RouterAccess makes a site's routers reachable for links of other sites.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=routeraccesses
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the router access"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the router access"
type RouterAccess struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RouterAccessSpec   `json:"spec,omitempty"`
	Status RouterAccessStatus `json:"status,omitempty"`
}

// RouterAccessList is a list of router accesses.
//
// +kubebuilder:object:root=true
type RouterAccessList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RouterAccess `json:"items"`
}

// RouterAccessSpec is what is wanted of a router access.
type RouterAccessSpec struct {
	// AccessType is how the routers are exposed. Empty: the controller's default.
	// +optional
	AccessType string `json:"accessType,omitempty"`
	// Roles are the kinds of connection to accept.
	Roles []RouterAccessRole `json:"roles"`
	// TLSCredentials names the secret with the routers' server certificate.
	TLSCredentials string `json:"tlsCredentials"`
	// GenerateTLSCredentials makes that secret.
	// +optional
	GenerateTLSCredentials bool `json:"generateTlsCredentials,omitempty"`
	// Issuer is the certificate authority that signs it. Empty: the site's default.
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// BindHost is the address to bind. Empty: all.
	// +optional
	BindHost string `json:"bindHost,omitempty"`
	// SubjectAlternativeNames are the hosts the server certificate is for.
	// +optional
	SubjectAlternativeNames []string `json:"subjectAlternativeNames,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// RouterAccessRole is a kind of connection to accept.
type RouterAccessRole struct {
	// Name is inter-router or edge.
	Name string `json:"name"`
	// Port to accept on. 0: the default port of the role.
	// +optional
	Port int `json:"port,omitempty"`
}

// Roles of connections between routers.
const (
	RoleInterRouter = "inter-router"
	RoleEdge        = "edge"
	RoleNormal      = "normal" // for local clients; never in a RouterAccess that a user writes
)

// Default ports of the roles.
const (
	DefaultInterRouterPort = 55671
	DefaultEdgePort        = 45671
)

// EffectivePort is the role's port, or the default one.
func (r RouterAccessRole) EffectivePort() int {
	switch {
	case r.Port != 0:
		return r.Port
	case r.Name == RoleEdge:
		return DefaultEdgePort
	}
	return DefaultInterRouterPort
}

// RouterAccessStatus is the state of a router access.
type RouterAccessStatus struct {
	Status `json:",inline"`
	// Endpoints are where the routers can be reached.
	// +optional
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// GetStatus is the common part of the status.
func (r *RouterAccess) GetStatus() *Status { return &r.Status.Status }

// Credentials is the name of the TLS secret: TLSCredentials, or the name of the resource where that is empty, which
// is allowed on local sites.
func (r *RouterAccess) Credentials() string {
	if r.Spec.TLSCredentials != "" {
		return r.Spec.TLSCredentials
	}
	return r.Name
}
