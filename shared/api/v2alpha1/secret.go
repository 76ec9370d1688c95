package v2alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Secret is the part of the core group's Secret that links and listeners need: the TLS credentials they name. It
// spares local sites the whole core API. It is read and written as documents; a cluster client uses its own type.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Secret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Immutable *bool             `json:"immutable,omitempty"`
	Data      map[string][]byte `json:"data,omitempty"`
	// StringData is read and merged into Data by MergeStringData; it is never written.
	StringData map[string]string `json:"stringData,omitempty"`
	Type       string            `json:"type,omitempty"`
}

// Types of secrets and keys of their data.
const (
	SecretTypeTLS       = "kubernetes.io/tls"
	SecretTypeBasicAuth = "kubernetes.io/basic-auth"
	SecretTypeOpaque    = "Opaque"

	SecretKeyCA   = "ca.crt"
	SecretKeyCert = "tls.crt"
	SecretKeyKey  = "tls.key"
)

// MergeStringData moves StringData over Data, as the API server does.
func (s *Secret) MergeStringData() {
	for k, v := range s.StringData {
		if s.Data == nil {
			s.Data = map[string][]byte{}
		}
		s.Data[k] = []byte(v)
	}
	s.StringData = nil
}

// IsTLSCredentials reports whether the secret can serve as TLS credentials: it is of the TLS type, or of no special
// type and has a CA certificate.
func (s *Secret) IsTLSCredentials() bool {
	switch s.Type {
	case SecretTypeTLS:
		return true
	case SecretTypeOpaque, "":
		return len(s.Data[SecretKeyCA]) > 0
	}
	return false
}
