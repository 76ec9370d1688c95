package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Certificate asks for a key pair, which ends up in a secret of the same name.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=certificates
// +kubebuilder:printcolumn:name="CA",type=string,JSONPath=`.spec.ca`,description="The certificate authority that signs"
// +kubebuilder:printcolumn:name="Server",type=boolean,JSONPath=`.spec.server`,description="Whether the certificate is for a server"
// +kubebuilder:printcolumn:name="Client",type=boolean,JSONPath=`.spec.client`,description="Whether the certificate is for a client"
// +kubebuilder:printcolumn:name="Signing",type=boolean,JSONPath=`.spec.signing`,description="Whether the certificate can sign others"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the certificate"
// +kubebuilder:printcolumn:name="Expiration",type=string,JSONPath=`.status.expiration`,description="When the certificate expires"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the certificate"
type Certificate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   CertificateSpec   `json:"spec,omitempty"`
	Status CertificateStatus `json:"status,omitempty"`
}

// CertificateList is a list of certificates.
//
// +kubebuilder:object:root=true
type CertificateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Certificate `json:"items"`
}

// CertificateSpec is what is wanted of a certificate.
type CertificateSpec struct {
	// CA names the secret of the certificate authority that signs; empty for one that signs itself.
	CA string `json:"ca"`
	// Subject is the common name.
	Subject string `json:"subject"`
	// Hosts the certificate is for.
	// +optional
	Hosts []string `json:"hosts,omitempty"`
	// +optional
	Client bool `json:"client,omitempty"`
	// +optional
	Server bool `json:"server,omitempty"`
	// Signing makes it a certificate authority.
	// +optional
	Signing bool `json:"signing,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// CertificateStatus is the state of a certificate.
type CertificateStatus struct {
	Status `json:",inline"`
	// Expiration is when the certificate expires, in RFC 3339.
	// +optional
	// +kubebuilder:validation:Format=date-time
	Expiration string `json:"expiration,omitempty"`
}

// GetStatus is the common part of the status.
func (c *Certificate) GetStatus() *Status { return &c.Status.Status }
