package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AttachedConnector offers workloads of its namespace through the site of another namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=attachedconnectors,shortName=acnr
// +kubebuilder:printcolumn:name="Port",type=integer,JSONPath=`.spec.port`,description="The port of the workload"
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.spec.selector`,description="The selector that finds the pods of the workload"
// +kubebuilder:printcolumn:name="Site Namespace",type=string,JSONPath=`.spec.siteNamespace`,description="The namespace of the site"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the attachedconnector"
type AttachedConnector struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AttachedConnectorSpec   `json:"spec,omitempty"`
	Status AttachedConnectorStatus `json:"status,omitempty"`
}

// AttachedConnectorList is a list of attached connectors.
//
// +kubebuilder:object:root=true
type AttachedConnectorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AttachedConnector `json:"items"`
}

// AttachedConnectorSpec is what is wanted of an attached connector.
type AttachedConnectorSpec struct {
	// SiteNamespace is the namespace of the site to go through.
	SiteNamespace string `json:"siteNamespace"`
	// Selector finds the pods of the workload, as a Kubernetes label selector.
	Selector string `json:"selector"`
	// Port is the port of the workload.
	Port int `json:"port"`
	// TLSCredentials names a secret of the site's namespace. Empty: no TLS.
	// +optional
	TLSCredentials string `json:"tlsCredentials,omitempty"`
	// UseClientCert shows the certificate of TLSCredentials to the workload.
	// +optional
	UseClientCert bool `json:"useClientCert,omitempty"`
	// Type is the transport; tcp or empty.
	// +optional
	Type string `json:"type,omitempty"`
	// IncludeNotReadyPods connects to pods that are running but not ready.
	// +optional
	IncludeNotReadyPods bool `json:"includeNotReadyPods,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// AttachedConnectorStatus is the state of an attached connector.
type AttachedConnectorStatus struct {
	Status `json:",inline"`
	// SelectedPods are the pods the selector found.
	// +optional
	SelectedPods []PodDetails `json:"selectedPods,omitempty"`
}

// GetStatus is the common part of the status.
func (a *AttachedConnector) GetStatus() *Status { return &a.Status.Status }
