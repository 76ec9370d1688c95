package grantserver

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"sigs.k8s.io/yaml"
)

// answer is the body of a successful redemption: a Secret, then a Link for each group of endpoints.
func answer(name string, c Credentials) ([]byte, error) {
	all := groups(c.Endpoints)
	if len(all) == 0 {
		return nil, grant.NoEndpoints
	}
	var out bytes.Buffer
	if err := writeSecret(&out, name, c.Pair); err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	for i, endpoints := range all {
		link := name
		if len(all) > 1 {
			link = fmt.Sprintf("%s-%d", name, i+1)
		}
		text, err := yaml.Marshal(map[string]any{
			"apiVersion": v2alpha1.APIVersion, "kind": v2alpha1.KindLink,
			"metadata": map[string]string{"name": link},
			"spec":     v2alpha1.LinkSpec{Endpoints: endpoints, TLSCredentials: name},
		})
		if err != nil {
			return nil, fmt.Errorf("write the answer: %w", err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.Bytes(), nil
}

// writeSecret writes the Secret. What is in base64 needs no quotes, and looking for what does would take an eighth of the time that a
// redemption takes.
func writeSecret(out *bytes.Buffer, name string, p pki.Pair) error {
	meta, err := yaml.Marshal(map[string]any{"kind": v2alpha1.KindSecret, "metadata": map[string]string{"name": name}, "type": v2alpha1.SecretTypeTLS})
	if err != nil {
		return err
	}
	out.WriteString("---\napiVersion: " + v2alpha1.SecretAPIVersion + "\ndata:\n")
	for _, d := range []struct {
		key  string
		text []byte
	}{{v2alpha1.SecretKeyCA, p.CA}, {v2alpha1.SecretKeyCert, p.Cert}, {v2alpha1.SecretKeyKey, p.Key}} {
		if len(d.text) > 0 {
			out.WriteString("  " + d.key + ": " + base64.StdEncoding.EncodeToString(d.text) + "\n")
		}
	}
	out.Write(meta)
	return nil
}

// groups sorts the endpoints that links can use by their group, which stands for one router, in the order in which the
// groups first occur. Endpoints without host or port are of no use to anybody.
func groups(endpoints []v2alpha1.Endpoint) [][]v2alpha1.Endpoint {
	var out [][]v2alpha1.Endpoint
	var names []string
	for _, e := range endpoints[:min(len(endpoints), maxEndpoints)] {
		if e.Name != "inter-router" && e.Name != "edge" || e.Host == "" || e.Port == "" {
			continue
		}
		i := slices.Index(names, e.Group)
		if i < 0 {
			i = len(names)
			names, out = append(names, e.Group), append(out, nil)
		}
		out[i] = append(out[i], e)
	}
	return out
}
