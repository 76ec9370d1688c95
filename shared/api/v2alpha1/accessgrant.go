package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccessGrant is permission for other sites to redeem access tokens for links to this one.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=accessgrants,shortName=grant;gr
// +kubebuilder:printcolumn:name="Redemptions Allowed",type=integer,JSONPath=`.spec.redemptionsAllowed`,description="How often the grant can be redeemed"
// +kubebuilder:printcolumn:name="Redemptions Made",type=integer,JSONPath=`.status.redemptions`,description="How often the grant has been redeemed"
// +kubebuilder:printcolumn:name="Expiration",type=string,JSONPath=`.status.expirationTime`,description="When the grant expires"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the grant"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the grant"
type AccessGrant struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AccessGrantSpec   `json:"spec,omitempty"`
	Status AccessGrantStatus `json:"status,omitempty"`
}

// AccessGrantList is a list of grants.
//
// +kubebuilder:object:root=true
type AccessGrantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessGrant `json:"items"`
}

// AccessGrantSpec is what is wanted of a grant.
type AccessGrantSpec struct {
	// RedemptionsAllowed is how often the grant can be redeemed. 0 means 1.
	// +optional
	RedemptionsAllowed int `json:"redemptionsAllowed,omitempty"`
	// ExpirationWindow is how long the grant can be redeemed, as a Go duration.
	// +optional
	// +kubebuilder:validation:Format=duration
	ExpirationWindow string `json:"expirationWindow,omitempty"`
	// Code is the secret that must be shown to redeem. Empty: one is made.
	// +optional
	Code string `json:"code,omitempty"`
	// Issuer is the certificate authority that signs. Empty: the site's default.
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// AccessGrantStatus is the state of a grant.
type AccessGrantStatus struct {
	Status `json:",inline"`
	// URL is where the grant is redeemed.
	// +optional
	URL string `json:"url,omitempty"`
	// Code is the secret that must be shown to redeem.
	// +optional
	Code string `json:"code,omitempty"`
	// CA is the certificate, in PEM, to trust when redeeming.
	// +optional
	CA string `json:"ca,omitempty"`
	// Redemptions is how often the grant has been redeemed.
	// +optional
	Redemptions int `json:"redemptions,omitempty"`
	// ExpirationTime is when the grant expires, in RFC 3339.
	// +optional
	// +kubebuilder:validation:Format=date-time
	ExpirationTime string `json:"expirationTime,omitempty"`
}

// GetStatus is the common part of the status.
func (a *AccessGrant) GetStatus() *Status { return &a.Status.Status }
