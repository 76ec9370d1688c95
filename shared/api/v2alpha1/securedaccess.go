package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SecuredAccess exposes pods outside their cluster with a certificate for where they end up.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=securedaccesses
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the secured access"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the secured access"
type SecuredAccess struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SecuredAccessSpec   `json:"spec,omitempty"`
	Status SecuredAccessStatus `json:"status,omitempty"`
}

// SecuredAccessList is a list of secured accesses.
//
// +kubebuilder:object:root=true
type SecuredAccessList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SecuredAccess `json:"items"`
}

// SecuredAccessSpec is what is wanted of a secured access.
type SecuredAccessSpec struct {
	// AccessType is how the pods are exposed. Empty: the controller's default.
	// +optional
	AccessType string `json:"accessType,omitempty"`
	// Selector finds the pods.
	Selector map[string]string `json:"selector"`
	// Ports to expose.
	Ports []SecuredAccessPort `json:"ports"`
	// Certificate names the certificate to make.
	// +optional
	Certificate string `json:"certificate,omitempty"`
	// Issuer is the certificate authority that signs it. Empty: the certificate is made by somebody else.
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// SecuredAccessPort is a port to expose.
type SecuredAccessPort struct {
	Name string `json:"name"`
	Port int    `json:"port"`
	// TargetPort is the port of the pods. 0: the same.
	// +optional
	TargetPort int `json:"targetPort,omitempty"`
	// +optional
	Protocol string `json:"protocol,omitempty"`
}

// SecuredAccessStatus is the state of a secured access.
type SecuredAccessStatus struct {
	Status `json:",inline"`
	// Endpoints are where the pods can be reached.
	// +optional
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// CA is the certificate, in PEM, that signed.
	// +optional
	CA string `json:"ca,omitempty"`
}

// GetStatus is the common part of the status.
func (s *SecuredAccess) GetStatus() *Status { return &s.Status.Status }
