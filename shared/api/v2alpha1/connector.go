package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Connector offers local workloads to the network under a routing key.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=connectors,shortName=cnr
// +kubebuilder:printcolumn:name="Routing Key",type=string,JSONPath=`.spec.routingKey`,description="The key that the listeners share"
// +kubebuilder:printcolumn:name="Port",type=integer,JSONPath=`.spec.port`,description="The port of the workload"
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.host`,description="The host of the workload"
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.spec.selector`,description="The selector that finds the pods of the workload"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the connector"
// +kubebuilder:printcolumn:name="Has Matching Listener",type=boolean,JSONPath=`.status.hasMatchingListener`,description="Whether a listener with the same routing key exists in the network"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the connector"
type Connector struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ConnectorSpec   `json:"spec,omitempty"`
	Status ConnectorStatus `json:"status,omitempty"`
}

// ConnectorList is a list of connectors.
//
// +kubebuilder:object:root=true
type ConnectorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Connector `json:"items"`
}

// ConnectorSpec is what is wanted of a connector. It has a selector or a host, never both: a field that is not used
// must be absent, not empty.
//
// +kubebuilder:validation:ExactlyOneOf=selector;host
type ConnectorSpec struct {
	// RoutingKey names the service: listeners and connectors with the same key belong together.
	RoutingKey string `json:"routingKey"`
	// Port is the port of the workload.
	Port int `json:"port"`
	// Selector finds the pods of the workload, as a Kubernetes label selector.
	// +optional
	Selector string `json:"selector,omitempty"`
	// Host is the name or address of the workload.
	// +optional
	Host string `json:"host,omitempty"`
	// TLSCredentials names the secret with what is needed to connect with TLS. Empty: no TLS.
	// +optional
	TLSCredentials string `json:"tlsCredentials,omitempty"`
	// UseClientCert shows the certificate of TLSCredentials to the workload.
	// +optional
	UseClientCert bool `json:"useClientCert,omitempty"`
	// VerifyHostname checks that the workload's certificate is for its host.
	// +optional
	VerifyHostname bool `json:"verifyHostname,omitempty"`
	// Type is the transport; tcp or empty.
	// +optional
	Type string `json:"type,omitempty"`
	// ExposePodsByName offers each pod under its own name too.
	// +optional
	ExposePodsByName bool `json:"exposePodsByName,omitempty"`
	// IncludeNotReadyPods connects to pods that are running but not ready.
	// +optional
	IncludeNotReadyPods bool `json:"includeNotReadyPods,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// ConnectorStatus is the state of a connector.
type ConnectorStatus struct {
	Status `json:",inline"`
	// HasMatchingListener reports whether a listener with the same routing key exists in the network.
	// +optional
	HasMatchingListener bool `json:"hasMatchingListener,omitempty"`
	// SelectedPods are the pods the selector found.
	// +optional
	SelectedPods []PodDetails `json:"selectedPods,omitempty"`
}

// PodDetails identifies a pod behind a connector.
type PodDetails struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	IP string `json:"ip,omitempty"`
}

// GetStatus is the common part of the status.
func (c *Connector) GetStatus() *Status { return &c.Status.Status }
