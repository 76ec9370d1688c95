package v2alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Object is any resource: the twelve kinds of the group, and Secret.
//
// +kubebuilder:object:generate=false
type Object interface {
	metav1.Object
	runtime.Object
}

// StatusOf is the part of obj's status that all kinds share, to read or change in place; nil for a Secret, which has
// no status.
func StatusOf(obj Object) *Status {
	if o, ok := obj.(interface{ GetStatus() *Status }); ok {
		return o.GetStatus()
	}
	return nil
}

// KindOf is the kind of obj by its Go type, whatever its type meta says; empty for foreign types.
func KindOf(obj Object) string {
	switch obj.(type) {
	case *Site:
		return KindSite
	case *Listener:
		return KindListener
	case *MultiKeyListener:
		return KindMultiKeyListener
	case *Connector:
		return KindConnector
	case *AttachedConnector:
		return KindAttachedConnector
	case *AttachedConnectorBinding:
		return KindAttachedConnectorBinding
	case *Link:
		return KindLink
	case *AccessGrant:
		return KindAccessGrant
	case *AccessToken:
		return KindAccessToken
	case *RouterAccess:
		return KindRouterAccess
	case *SecuredAccess:
		return KindSecuredAccess
	case *Certificate:
		return KindCertificate
	case *Secret:
		return KindSecret
	}
	return ""
}

// SetTypeMeta fills in apiVersion and kind, which clients of an API server leave empty and files must have.
func SetTypeMeta(obj Object) {
	if k, ok := Lookup(KindOf(obj)); ok {
		obj.GetObjectKind().SetGroupVersionKind(k.GroupVersionKind())
	}
}

// DeepCopy is a deep copy of obj as an Object.
func DeepCopy(obj Object) Object {
	c, _ := obj.DeepCopyObject().(Object) // a copy has the type of its original
	return c
}
