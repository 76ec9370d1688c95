package site

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestIssuerByMistake names an authority that there is not, and then none: the site's own must be in use again.
func TestIssuerByMistake(t *testing.T) {
	s := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", Namespace: "west", UID: "u"}, Spec: v2alpha1.SiteSpec{LinkAccess: "default"}}
	given := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "west"}, Type: v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{v2alpha1.SecretKeyCA: {1}, v2alpha1.SecretKeyCert: {1}, v2alpha1.SecretKeyKey: {1}}}
	for _, step := range []struct{ spec, status, fault string }{
		{"", "skupper-site-ca", ""},
		{"nope", "skupper-site-ca", `spec.defaultIssuer: CA "west/nope" not found`},
		{"", "skupper-site-ca", ""},
		{"mine", "mine", ""},
		{"", "mine", ""}, // links that others have stay good, though somebody rebuilt the spec
	} {
		s.Spec.DefaultIssuer = step.spec
		d, err := Plan(Resources{Namespace: "west", Platform: PlatformKubernetes, AccessTypes: []string{"local"}, Sites: []*v2alpha1.Site{s}, Secrets: []*v2alpha1.Secret{given}}, Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Fatal(err)
		}
		s = d.Site
		if c := s.Status.Condition(v2alpha1.ConditionConfigured); s.Status.DefaultIssuer != step.status || c == nil || strings.Contains(c.Message, "defaultIssuer") != (step.fault != "") ||
			!strings.Contains(c.Message, step.fault) {
			t.Errorf("spec %q: issuer %q, %+v", step.spec, s.Status.DefaultIssuer, c)
		}
	}
}
