// Package v2alpha1 holds the resources of the API group skupper.io, version v2alpha1, one kind a file, and how their
// conditions add up to a status.
//
// The JSON names are the contract with every other implementation: they never change. Resources are validated little
// here (as in the API server); package validate has the rules.
//
// +kubebuilder:object:generate=true
// +groupName=skupper.io
package v2alpha1
