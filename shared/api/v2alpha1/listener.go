package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Listener is where clients in a site reach a service that may be anywhere on the network.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=listeners,shortName=lnr
// +kubebuilder:printcolumn:name="Routing Key",type=string,JSONPath=`.spec.routingKey`,description="The key that the connectors share"
// +kubebuilder:printcolumn:name="Port",type=integer,JSONPath=`.spec.port`,description="The port to connect to"
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.host`,description="The host to connect to"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the listener"
// +kubebuilder:printcolumn:name="Has Matching Connector",type=boolean,JSONPath=`.status.hasMatchingConnector`,description="Whether a connector with the same routing key exists in the network"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the listener"
type Listener struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ListenerSpec   `json:"spec,omitempty"`
	Status ListenerStatus `json:"status,omitempty"`
}

// ListenerList is a list of listeners.
//
// +kubebuilder:object:root=true
type ListenerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Listener `json:"items"`
}

// ListenerSpec is what is wanted of a listener.
type ListenerSpec struct {
	// RoutingKey names the service: listeners and connectors with the same key belong together.
	RoutingKey string `json:"routingKey"`
	// Host is the name or address clients use.
	Host string `json:"host"`
	// Port is the port clients use.
	Port int `json:"port"`
	// TLSCredentials names the secret with the certificate shown to clients. Empty: no TLS.
	// +optional
	TLSCredentials string `json:"tlsCredentials,omitempty"`
	// Type is the transport; tcp or empty.
	// +optional
	Type string `json:"type,omitempty"`
	// Observer says which application protocol is watched for.
	// +optional
	// +kubebuilder:validation:Enum=auto;none;http1;http2
	Observer string `json:"observer,omitempty"`
	// ExposePodsByName offers each workload behind the service under its own name too.
	// +optional
	ExposePodsByName bool `json:"exposePodsByName,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// ListenerStatus is the state of a listener.
type ListenerStatus struct {
	Status `json:",inline"`
	// HasMatchingConnector reports whether a connector with the same routing key exists in the network.
	// +optional
	HasMatchingConnector bool `json:"hasMatchingConnector,omitempty"`
}

// TypeTCP is the one transport that routers carry.
const TypeTCP = "tcp"

// GetStatus is the common part of the status.
func (l *Listener) GetStatus() *Status { return &l.Status.Status }
