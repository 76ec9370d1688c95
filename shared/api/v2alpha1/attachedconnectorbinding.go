package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AttachedConnectorBinding lets the AttachedConnector of the same name in another namespace use this namespace's site.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=attachedconnectorbindings,shortName=acnrb
// +kubebuilder:printcolumn:name="Routing Key",type=string,JSONPath=`.spec.routingKey`,description="The key that the listeners share"
// +kubebuilder:printcolumn:name="Connector Namespace",type=string,JSONPath=`.spec.connectorNamespace`,description="The namespace of the attachedconnector"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="The status of the attachedconnectorbinding"
// +kubebuilder:printcolumn:name="Has Matching Listener",type=boolean,JSONPath=`.status.hasMatchingListener`,description="Whether a listener with the same routing key exists in the network"
type AttachedConnectorBinding struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AttachedConnectorBindingSpec   `json:"spec,omitempty"`
	Status AttachedConnectorBindingStatus `json:"status,omitempty"`
}

// AttachedConnectorBindingList is a list of bindings.
//
// +kubebuilder:object:root=true
type AttachedConnectorBindingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AttachedConnectorBinding `json:"items"`
}

// AttachedConnectorBindingSpec is what is wanted of a binding.
type AttachedConnectorBindingSpec struct {
	// ConnectorNamespace is the namespace of the AttachedConnector.
	ConnectorNamespace string `json:"connectorNamespace"`
	// RoutingKey names the service.
	RoutingKey string `json:"routingKey"`
	// ExposePodsByName offers each pod under its own name too.
	// +optional
	ExposePodsByName bool `json:"exposePodsByName,omitempty"`
	// Settings are extra options.
	// +optional
	Settings map[string]string `json:"settings,omitempty"`
}

// AttachedConnectorBindingStatus is the state of a binding.
type AttachedConnectorBindingStatus struct {
	Status `json:",inline"`
	// HasMatchingListener reports whether a listener with the same routing key exists in the network.
	// +optional
	HasMatchingListener bool `json:"hasMatchingListener,omitempty"`
}

// GetStatus is the common part of the status.
func (a *AttachedConnectorBinding) GetStatus() *Status { return &a.Status.Status }
