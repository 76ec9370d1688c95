package site

import "github.com/skupper-plugins/suite/shared/api/v2alpha1"

// CredentialsOf is the secret that a resource uses or makes, empty for none.
func CredentialsOf(o v2alpha1.Object) string {
	switch o := o.(type) {
	case *v2alpha1.Link:
		return o.Spec.TLSCredentials
	case *v2alpha1.Listener:
		return o.Spec.TLSCredentials
	case *v2alpha1.MultiKeyListener:
		return o.Spec.TLSCredentials
	case *v2alpha1.Connector:
		return o.Spec.TLSCredentials
	case *v2alpha1.AttachedConnector:
		return o.Spec.TLSCredentials
	case *v2alpha1.RouterAccess:
		return o.Credentials()
	case *v2alpha1.SecuredAccess:
		return o.Spec.Certificate
	case *v2alpha1.Certificate:
		return o.Name
	}
	return ""
}
