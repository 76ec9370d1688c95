package grantserver

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"sigs.k8s.io/yaml"
)

// answer is the body of a successful redemption: a Secret, then a Link for each group of endpoints.
func answer(name string, c Credentials) ([]byte, error) {
	data := map[string][]byte{
		v2alpha1.SecretKeyCA:   c.Pair.CA,
		v2alpha1.SecretKeyCert: c.Pair.Cert,
	}
	if c.Pair.Key != nil {
		data[v2alpha1.SecretKeyKey] = c.Pair.Key
	}
	docs := []any{map[string]any{
		"apiVersion": v2alpha1.SecretAPIVersion, "kind": v2alpha1.KindSecret, "type": v2alpha1.SecretTypeTLS,
		"metadata": map[string]string{"name": name}, "data": data,
	}}
	all := groups(c.Endpoints)
	if len(all) == 0 {
		return nil, grant.NoEndpoints
	}
	for i, endpoints := range all {
		link := name
		if len(all) > 1 {
			link = fmt.Sprintf("%s-%d", name, i+1)
		}
		docs = append(docs, map[string]any{
			"apiVersion": v2alpha1.APIVersion, "kind": v2alpha1.KindLink,
			"metadata": map[string]string{"name": link},
			"spec":     v2alpha1.LinkSpec{Endpoints: endpoints, TLSCredentials: name},
		})
	}
	var out bytes.Buffer
	for _, doc := range docs {
		text, err := yaml.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("write the answer: %w", err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.Bytes(), nil
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
