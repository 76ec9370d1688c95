package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// StatusType is the one-word state of a resource; empty while nothing has been computed yet.
type StatusType string

// The states. The reason of a condition is one of them too.
const (
	StatusPending StatusType = "Pending"
	StatusReady   StatusType = "Ready"
	StatusError   StatusType = "Error"
)

// MessageOK is the message of a resource or condition with nothing to complain of.
const MessageOK = "OK"

// Status is what the status of every kind has.
type Status struct {
	// Conditions of the resource, each set by whoever can judge it.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Status is the state that the conditions add up to: Pending, Ready or Error.
	// +optional
	StatusType StatusType `json:"status,omitempty"`
	// Message is a human-readable explanation of the status.
	// +optional
	Message string `json:"message,omitempty"`
}

// Endpoint is where a router can be reached from outside.
type Endpoint struct {
	// Name is the role of the connections accepted: inter-router or edge.
	// +optional
	Name string `json:"name,omitempty"`
	// Host is a host name or IP address.
	// +optional
	Host string `json:"host,omitempty"`
	// Port is the TCP port, as text.
	// +optional
	Port string `json:"port,omitempty"`
	// Group tells the routers of a site apart: endpoints of one group lead to the same router.
	// +optional
	Group string `json:"group,omitempty"`
}
