package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MultiKeyListener is a listener that spreads its clients over several routing keys.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=multikeylisteners
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the multikeylistener"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Any human readable message relevant to the multikeylistener"
// +kubebuilder:printcolumn:name="HasDestination",type=boolean,JSONPath=`.status.hasDestination`,description="Whether at least one routing key can be reached"
type MultiKeyListener struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MultiKeyListenerSpec   `json:"spec,omitempty"`
	Status MultiKeyListenerStatus `json:"status,omitempty"`
}

// MultiKeyListenerList is a list of multi-key listeners.
//
// +kubebuilder:object:root=true
type MultiKeyListenerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MultiKeyListener `json:"items"`
}

// MultiKeyListenerSpec is what is wanted of a multi-key listener.
type MultiKeyListenerSpec struct {
	// Host is the name or address clients use.
	Host string `json:"host"`
	// Port is the port clients use.
	Port int `json:"port"`
	// Strategy says how a routing key is chosen for each client connection. Its kind cannot change.
	Strategy Strategy `json:"strategy"`
	// TLSCredentials names the secret with the certificate shown to clients. Empty: no TLS.
	// +optional
	TLSCredentials string `json:"tlsCredentials,omitempty"`
	// RequireClientCert refuses clients without a certificate of the CA in TLSCredentials.
	// +optional
	RequireClientCert bool `json:"requireClientCert,omitempty"`
	// Observer says which application protocol is watched for.
	// +optional
	// +kubebuilder:validation:Enum=auto;none;http1;http2
	Observer string `json:"observer,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// Strategy is exactly one way to choose a routing key.
//
// +kubebuilder:validation:ExactlyOneOf=priority;weighted
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.priority) || has(self.priority)",message="strategy is immutable"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.weighted) || has(self.weighted)",message="strategy is immutable"
type Strategy struct {
	// Priority takes the first routing key that can be reached.
	// +optional
	Priority *PriorityStrategy `json:"priority,omitempty"`
	// Weighted spreads connections over the routing keys that can be reached.
	// +optional
	Weighted *WeightedStrategy `json:"weighted,omitempty"`
}

// PriorityStrategy orders routing keys.
type PriorityStrategy struct {
	// RoutingKeys, the most wanted first.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	RoutingKeys []string `json:"routingKeys"`
}

// WeightedStrategy weighs routing keys.
type WeightedStrategy struct {
	// RoutingKeys and their weights, 1 or more.
	// +mapType=granular
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=256
	RoutingKeys map[string]int `json:"routingKeys"`
}

// MultiKeyListenerStatus is the state of a multi-key listener.
type MultiKeyListenerStatus struct {
	Status `json:",inline"`
	// HasDestination reports whether at least one routing key can be reached.
	// +optional
	HasDestination bool `json:"hasDestination,omitempty"`
	// Strategy says which routing keys can be reached.
	// +optional
	Strategy *StrategyStatus `json:"strategy,omitempty"`
}

// StrategyStatus is of the kind of the spec's strategy.
//
// +kubebuilder:validation:ExactlyOneOf=priority;weighted
type StrategyStatus struct {
	// +optional
	Priority *PriorityStrategyStatus `json:"priority,omitempty"`
	// +optional
	Weighted *WeightedStrategyStatus `json:"weighted,omitempty"`
}

// PriorityStrategyStatus lists what can be reached.
type PriorityStrategyStatus struct {
	// RoutingKeysReachable, the most wanted first; empty if none.
	RoutingKeysReachable []string `json:"routingKeysReachable"`
}

// WeightedStrategyStatus lists what can be reached.
type WeightedStrategyStatus struct {
	// RoutingKeysReachable and their weights; empty if none.
	RoutingKeysReachable map[string]int `json:"routingKeysReachable"`
}

// GetStatus is the common part of the status.
func (m *MultiKeyListener) GetStatus() *Status { return &m.Status.Status }
