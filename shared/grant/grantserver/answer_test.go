package grantserver

import (
	"bytes"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/pki"
)

// The Secret is written as it would be by what writes all else, whatever its name.
func TestSecretAsYAML(t *testing.T) {
	long := []byte("-----BEGIN CERTIFICATE-----\n" + strings.Repeat("x y\n", 999))
	for _, name := range []string{"west", "null", "1e3", "a: b # c", "---", "\"", "ä\n", strings.Repeat("n", 253)} {
		for _, key := range [][]byte{nil, long} {
			var got bytes.Buffer
			if err := writeSecret(&got, name, pki.Pair{CA: []byte("-"), Cert: long, Key: key}); err != nil {
				t.Fatal(err)
			}
			data := map[string][]byte{"ca.crt": []byte("-"), "tls.crt": long}
			if key != nil {
				data["tls.key"] = key
			}
			want, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data, "metadata": map[string]string{"name": name}})
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != "---\n"+string(want) {
				t.Errorf("%q: got %.300q, want %.300q", name, got.String(), want)
			}
		}
	}
}

// A Signer reads an authority once, and again when there is another; one that is of no use is not kept.
func TestSignerReadsOnce(t *testing.T) {
	var s Signer
	ca := newStage(t, Options{}).ca
	first, err := s.authority(ca)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.authority(ca); err != nil || again != first {
		t.Errorf("it was read again: %v", err)
	}
	ca.Cert = append([]byte("#\n"), ca.Cert...)
	if other, err := s.authority(ca); err != nil || other == first {
		t.Errorf("another text is the same authority: %v", err)
	}
	for i := range 2 * maxAuthorities {
		ca.Cert = append(ca.Cert, '\n')
		if _, err := s.authority(ca); err != nil || len(s.read) > maxAuthorities {
			t.Fatalf("%d: %d are kept, %v", i, len(s.read), err)
		}
	}
	kept := len(s.read)
	ca.Key = nil
	if _, err := s.authority(ca); err == nil || len(s.read) != kept {
		t.Errorf("without a key: %v", err)
	}
}
