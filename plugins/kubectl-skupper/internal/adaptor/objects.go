package adaptor

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// credential is what is kept of a Secret.
type credential struct {
	profiles []profileContext
	fault    string            // why it is for no profile, though it has an annotation
	files    map[string][]byte // ca.crt, tls.crt, tls.key; only if it is for a profile, or may be by its name
	password []byte            // of a proxy; nil: it is not one
}

// profileContext says that a Secret is for a TLS profile.
type profileContext struct {
	Profile string `json:"profileName"`
	Ordinal uint64 `json:"ordinal"`
}

// The files of a TLS profile.
const (
	fileCA   = corev1.ServiceAccountRootCAKey // ca.crt
	fileCert = corev1.TLSCertKey
	fileKey  = corev1.TLSPrivateKeyKey
)

// readSecret keeps what a Secret has for the router. One whose annotation is of no use is kept without its content, for messages.
func readSecret(s *corev1.Secret) (c credential, ok bool) {
	if s.Type == corev1.SecretTypeBasicAuth {
		c.password = append([]byte{}, s.Data[corev1.BasicAuthPasswordKey]...)
	}
	text, annotated := s.Annotations[names.TLSProfileContext]
	if annotated {
		var err error
		if c.profiles, err = readContext(text); err != nil {
			c.fault = fmt.Sprintf("annotation %s is not a list of profiles: %v", names.TLSProfileContext, err)
		}
	}
	if len(c.profiles) > 0 || !annotated && (s.Type == corev1.SecretTypeTLS || len(s.Data[fileCA]) > 0) {
		c.files = map[string][]byte{}
		for _, name := range []string{fileCA, fileCert, fileKey} {
			if data, has := s.Data[name]; has {
				c.files[name] = data
			}
		}
	}
	return c, annotated || c.password != nil || s.Type == corev1.SecretTypeTLS || len(s.Data[fileCA]) > 0
}

// readContext reads for which profiles a Secret is: a list of them, or one alone.
func readContext(text string) (list []profileContext, err error) {
	if err = json.Unmarshal([]byte(text), &list); err == nil {
		return list, nil
	}
	var one profileContext
	if json.Unmarshal([]byte(text), &one) == nil && one.Profile != "" {
		return []profileContext{one}, nil
	}
	return nil, err
}

// secrets reads the Secrets of a namespace but for those that are big, many and never ours.
func (c clients) secrets(namespace string) reader[*corev1.Secret] {
	api := c.core.Secrets(namespace)
	others := fields.AndSelectors(
		fields.OneTermNotEqualSelector("type", string(corev1.SecretTypeServiceAccountToken)),
		fields.OneTermNotEqualSelector("type", string(corev1.SecretTypeDockerConfigJson)),
		fields.OneTermNotEqualSelector("type", "helm.sh/release.v1"),
	)
	return reader[*corev1.Secret]{
		what: "secrets", watch: api.Watch, only: metav1.ListOptions{FieldSelector: others.String()},
		list: pointers(api.List, func(l *corev1.SecretList) ([]corev1.Secret, metav1.ListMeta) { return l.Items, l.ListMeta }),
	}
}

// readConfig keeps the text of a router's configuration.
func readConfig(m *corev1.ConfigMap) (string, bool) {
	text, ok := m.Data[names.ConfigKey]
	return text, ok
}

// configMap reads the one ConfigMap of a name.
func (c clients) configMap(namespace, name string) reader[*corev1.ConfigMap] {
	api := c.core.ConfigMaps(namespace)
	return reader[*corev1.ConfigMap]{
		what: "configmap " + name, watch: api.Watch, only: metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()},
		list: pointers(api.List, func(l *corev1.ConfigMapList) ([]corev1.ConfigMap, metav1.ListMeta) { return l.Items, l.ListMeta }),
	}
}

// pods reads the pods of a namespace.
func (c clients) pods(namespace string) reader[*corev1.Pod] {
	api := c.core.Pods(namespace)
	return reader[*corev1.Pod]{
		what: "pods", watch: api.Watch,
		list: pointers(api.List, func(l *corev1.PodList) ([]corev1.Pod, metav1.ListMeta) { return l.Items, l.ListMeta }),
	}
}
