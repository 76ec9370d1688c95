package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccessToken is a claim to be redeemed at another site for a link to it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=accesstokens,shortName=token;to
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.spec.url`,description="Where the token is redeemed"
// +kubebuilder:printcolumn:name="Redeemed",type=boolean,JSONPath=`.status.redeemed`,description="Whether the token has been redeemed"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the token"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the token"
type AccessToken struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AccessTokenSpec   `json:"spec,omitempty"`
	Status AccessTokenStatus `json:"status,omitempty"`
}

// AccessTokenList is a list of tokens.
//
// +kubebuilder:object:root=true
type AccessTokenList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessToken `json:"items"`
}

// AccessTokenSpec is what is needed to redeem.
type AccessTokenSpec struct {
	// URL is where the token is redeemed; https only.
	URL string `json:"url"`
	// Code is the secret to show.
	Code string `json:"code"`
	// CA is the certificate, in PEM, that alone is trusted when redeeming.
	CA string `json:"ca"`
	// LinkCost is the cost of the links made. 0 leaves it unset.
	// +optional
	LinkCost int `json:"linkCost,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// AccessTokenStatus is the state of a token.
type AccessTokenStatus struct {
	Status `json:",inline"`
	// Redeemed reports whether the token has been redeemed.
	// +optional
	Redeemed bool `json:"redeemed,omitempty"`
}

// GetStatus is the common part of the status.
func (a *AccessToken) GetStatus() *Status { return &a.Status.Status }
