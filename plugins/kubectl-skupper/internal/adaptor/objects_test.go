package adaptor

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
)

// TestEarlierControllers annotate no Secret, or with one profile alone: the router starts with what is meant all the same.
func TestEarlierControllers(t *testing.T) {
	secret := func(name, context string) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeTLS,
			Data: map[string][]byte{fileCA: []byte("ca of " + name), fileCert: []byte("c"), fileKey: []byte("k")}}
		if context != "" {
			s.Annotations = map[string]string{names.TLSProfileContext: context}
		}
		return s
	}
	for name, tt := range map[string]struct {
		secrets []*corev1.Secret
		ordinal int
		from    string // empty: it lacks something
	}{
		"by-name":           {[]*corev1.Secret{secret("east-profile", "")}, 0, "east-profile"},
		"by-trimmed-name":   {[]*corev1.Secret{secret("east", "")}, 0, "east"},
		"another-name":      {[]*corev1.Secret{secret("west", "")}, 0, ""},
		"was-replaced":      {[]*corev1.Secret{secret("east", "")}, 1, ""},
		"others-annotated":  {[]*corev1.Secret{secret("east", ""), secret("west", `[{"profileName":"west","ordinal":0}]`)}, 0, ""},
		"one-profile-alone": {[]*corev1.Secret{secret("x", `{"profileName":"east-profile","ordinal":2}`)}, 2, "x"},
		"damaged":           {[]*corev1.Secret{secret("east", `{"ordinal":2}`)}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]credential{}
			for _, s := range tt.secrets {
				if c, ok := readSecret(s); ok {
					all[s.Name] = c
				}
			}
			dir := t.TempDir()
			cfg := &config.Config{SSLProfiles: []config.SSLProfile{{Name: "east-profile", CACertFile: "ca", CertFile: "c", PrivateKeyFile: "k", Ordinal: tt.ordinal}}}
			d := newDisk(dir, dir)
			d.byName = true
			lacks, _ := d.writeCredentials(cfg, all)
			if (len(lacks) == 0) != (tt.from != "") {
				t.Fatalf("lacks %q", lacks)
			}
			if text, _ := os.ReadFile(filepath.Join(dir, "east-profile", fileCA)); tt.from != "" && string(text) != "ca of "+tt.from {
				t.Errorf("the files are those of %q", text)
			}
		})
	}
}
