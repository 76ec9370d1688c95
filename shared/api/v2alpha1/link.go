package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Link is a connection from this site's router to that of another site.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=links,shortName=ln
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the link"
// +kubebuilder:printcolumn:name="Remote Site",type=string,JSONPath=`.status.remoteSiteName`,description="The name of the site linked to"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the link"
type Link struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   LinkSpec   `json:"spec,omitempty"`
	Status LinkStatus `json:"status,omitempty"`
}

// LinkList is a list of links.
//
// +kubebuilder:object:root=true
type LinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Link `json:"items"`
}

// LinkSpec is what is wanted of a link.
type LinkSpec struct {
	// Endpoints of the other site. The first whose name is the role of this site's router is used.
	Endpoints []Endpoint `json:"endpoints"`
	// TLSCredentials names the secret with the client certificate that the other site issued.
	// +optional
	TLSCredentials string `json:"tlsCredentials,omitempty"`
	// Cost steers traffic towards cheaper links. Less than 1 counts as 1.
	// +optional
	Cost int `json:"cost,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// LinkStatus is the state of a link.
type LinkStatus struct {
	Status `json:",inline"`
	// RemoteSiteID identifies the site linked to.
	// +optional
	RemoteSiteID string `json:"remoteSiteId,omitempty"`
	// RemoteSiteName is the name of the site linked to.
	// +optional
	RemoteSiteName string `json:"remoteSiteName,omitempty"`
}

// GetStatus is the common part of the status.
func (l *Link) GetStatus() *Status { return &l.Status.Status }

// EffectiveCost is the cost of the link's connection, 1 or more.
func (l *Link) EffectiveCost() int { return max(l.Spec.Cost, 1) }

// EndpointFor is the first endpoint for a router role.
func (l *Link) EndpointFor(role string) (Endpoint, bool) {
	for _, e := range l.Spec.Endpoints {
		if e.Name == role {
			return e, true
		}
	}
	return Endpoint{}, false
}
