package site

import (
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StaticLink is a link to this site through one of its hosts, for another site to use without redeeming a token.
type StaticLink struct {
	File   string // link-<router access>-<host>.yaml
	Host   string
	Client string // name of the client key pair that goes into the secret
	Link   *v2alpha1.Link
}

// Documents are the secret with the client's key pair, and the link. They hold a private key. connect may be nil; it
// is the connect.json that tools expect beside the key pair.
func (s StaticLink) Documents(client pki.Pair, connect []byte) []v2alpha1.Object {
	secret := &v2alpha1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: s.Link.Spec.TLSCredentials},
		Type:       v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{
			v2alpha1.SecretKeyCA: client.CA, v2alpha1.SecretKeyCert: client.Cert, v2alpha1.SecretKeyKey: client.Key,
		},
	}
	if connect != nil {
		secret.Data["connect.json"] = connect
	}
	v2alpha1.SetTypeMeta(secret)
	return []v2alpha1.Object{secret, s.Link.DeepCopy()}
}
