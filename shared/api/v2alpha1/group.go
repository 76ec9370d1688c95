package v2alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// Group is the API group of all kinds here but Secret.
	Group = "skupper.io"
	// Version is the only version, served and stored.
	Version = "v2alpha1"
	// APIVersion is what the field apiVersion of a document says.
	APIVersion = Group + "/" + Version
	// SecretAPIVersion is the apiVersion of a Secret, which belongs to the core group.
	SecretAPIVersion = "v1"
)

// GroupVersion is Group and Version for those who want them as one value.
func GroupVersion() schema.GroupVersion { return schema.GroupVersion{Group: Group, Version: Version} }

// AddToScheme makes the kinds of the group known to s. Secret is left out: a cluster client brings its own.
func AddToScheme(s *runtime.Scheme) error {
	for _, k := range Kinds() {
		s.AddKnownTypes(GroupVersion(), k.New(), k.NewList())
	}
	metav1.AddToGroupVersion(s, GroupVersion())
	return nil
}
