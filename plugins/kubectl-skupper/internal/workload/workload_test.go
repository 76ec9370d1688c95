package workload

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/deploy"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

var update = flag.Bool("update", false, "write what is rendered now into testdata")

// plain is the site that the tests start from and change one thing of.
func plain() Render {
	return Render{
		Site:   &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", Namespace: "ns", UID: "site-uid"}},
		Images: Images{Router: Image{Name: "router:1", Pull: "Always"}, Adaptor: Image{Name: "adaptor:1"}},
	}
}

func interior() *config.Config {
	return &config.Config{Router: config.Router{ID: "west-${HOSTNAME}", Mode: config.ModeInterior}}
}

func TestGolden(t *testing.T) {
	everything := func(r Render) []any {
		cm, err := r.ConfigMap(names.Router, interior(), map[string]string{"skupper-local-server": "abc"})
		if err != nil {
			t.Fatal(err)
		}
		return []any{cm, r.Role(), r.RoleBinding(), r.ServiceAccount(), r.Deployment(names.Router, interior()), r.LocalService(),
			r.ListenerService(site.Exposure{Host: "backend", Ports: []site.ExposedPort{{Name: "backend", Port: 8080, TargetPort: 1024}}}, "backend"),
			r.Certificate(site.CertificateWant{Name: "skupper-local-server", CA: "skupper-local-ca", Subject: "skupper-router-local", Hosts: []string{"a", "b"}, Server: true})}
	}
	for name, c := range map[string]struct {
		change func(*Render)
		render func(Render) []any
	}{
		"plain": {func(*Render) {}, everything},
		"ha": {func(r *Render) {
			r.Site.Spec.HA = true
		}, func(r Render) []any { return []any{r.Deployment(names.SecondRouter, interior())} }},
		"own-account-no-context": {func(r *Render) {
			r.Site.Spec.ServiceAccount, r.Plain = "mine", true
		}, func(r Render) []any { return []any{r.Deployment(names.Router, interior())} }},
		"dressed": {func(r *Render) {
			r.Templates = []Template{
				ReadTemplate(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
					Labels:      map[string]string{names.LabelTemplate: "", "team": "a", "hidden": "x", names.Component: "other"},
					Annotations: map[string]string{"note": "n", corev1.LastAppliedConfigAnnotation: "x"}}, Data: map[string]string{"exclude": "hidden", "kind": "Service"}}),
				{Labels: map[string]string{"team": "b", "all": "yes"}},
				{Name: "other", Labels: map[string]string{"no": "no"}},
			}
		}, func(r Render) []any { return []any{r.LocalService(), r.Role()} }},
		"sized": {func(r *Render) {
			var err error
			if r.Sizing, err = Size([]*corev1.ConfigMap{size("big", false)}, "big"); err != nil {
				t.Fatal(err)
			}
		}, func(r Render) []any { return []any{r.Deployment(names.Router, interior())} }},
	} {
		t.Run(name, func(t *testing.T) {
			r := plain()
			c.change(&r)
			var b bytes.Buffer
			for _, o := range c.render(r) {
				text, err := yaml.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "---\n%s", text)
			}
			file := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(want, b.Bytes()) {
				t.Errorf("differs from %s (%v; -update writes it):\n%s", file, err, b.String())
			}
		})
	}
}

// TestTemplate has templates that are for some objects only.
func TestTemplate(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string]string
		want map[string]string // besides the object's own
	}{
		"any":             {nil, map[string]string{"team": "a", "hidden": "x"}},
		"selected":        {map[string]string{"labelSelector": "tier in (front,back),!old"}, map[string]string{"team": "a", "hidden": "x"}},
		"other-value":     {map[string]string{"labelSelector": "tier=back"}, nil},
		"other-label":     {map[string]string{"labelSelector": "old"}, nil},
		"not-its-own":     {map[string]string{"labelSelector": "team=a"}, nil},
		"unreadable":      {map[string]string{"labelSelector": "tier in ("}, nil},
		"other-kind":      {map[string]string{"labelSelector": "tier=front", "kind": "Role"}, nil},
		"excluded":        {map[string]string{"exclude": "hidden"}, map[string]string{"team": "a"}},
		"excluded-blanks": {map[string]string{"exclude": "team , hidden "}, map[string]string{}},
	} {
		all := []Template{ReadTemplate(&corev1.ConfigMap{Data: c.data, ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{names.LabelTemplate: "", "team": "a", "hidden": "x"}}})}
		got, _ := dress(all, "Service", "web", map[string]string{"tier": "front"}, nil)
		want := map[string]string{"tier": "front"}
		maps.Copy(want, c.want)
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestTemplatesOrder has the same templates in each order in which a cache may list them.
func TestTemplatesOrder(t *testing.T) {
	template := func(ns, name, team string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{names.LabelTemplate: "", "team": team}}}
	}
	a, b, foreign := template("west", "a", "1"), template("west", "b", "2"), template("a-controller", "0", "3")
	for _, all := range [][]*corev1.ConfigMap{{a, b, foreign}, {foreign, b, a}, {b, foreign, a}} {
		if got, _ := dress(ReadTemplates(all, "west"), "Service", "web", nil, nil); got["team"] != "1" {
			t.Errorf("the team is %s, want that of the first template of the namespace", got["team"])
		}
	}
}

// TestTemplatesLeaveMarksAlone has labels and annotations by which controllers know what is theirs.
func TestTemplatesLeaveMarksAlone(t *testing.T) {
	of := ReadTemplate(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Labels:      map[string]string{names.LabelTemplate: "", names.Listener: "x", names.SecuredAccess: "true", names.SiteSizing: "big", "team": "a"},
		Annotations: map[string]string{names.Controlled: "true", names.Authority: "x", "deployment.kubernetes.io/revision": "7", "note": "n"}}})
	labels, annotations := dress([]Template{of}, "Service", "web", nil, nil)
	if !maps.Equal(labels, map[string]string{"team": "a"}) || !maps.Equal(annotations, map[string]string{"note": "n"}) {
		t.Errorf("got %v and %v", labels, annotations)
	}
}

func size(name string, byDefault bool) *corev1.ConfigMap {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "sizing-" + name, Labels: map[string]string{names.SiteSizing: name}, Annotations: map[string]string{}},
		Data: map[string]string{"router-cpu-request": "500m", "router-memory-limit": "1Gi", "adaptor-memory-request": "32Mi"}}
	if byDefault {
		m.Annotations[names.DefaultSizing] = "true"
	}
	return m
}

func TestSize(t *testing.T) {
	bad := size("bad", false)
	bad.Data["router-cpu-limit"] = "much"
	all := []*corev1.ConfigMap{size("b", true), size("a", false), bad}
	for _, c := range []struct {
		name, want string
		sized      bool
	}{
		{"", "", true}, {"a", "", true}, {"none", `no sizing called "none"`, false}, {"bad", `router-cpu-limit is "much"`, true},
	} {
		s, err := Size(all, c.name)
		if (len(s.Router.Requests) > 0) != c.sized || (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %+v, %v", c.name, s, err)
		}
	}
	if s, err := Size([]*corev1.ConfigMap{size("a", false)}, ""); err != nil || s.Router.Requests != nil {
		t.Errorf("without a default: %+v, %v", s, err)
	}
}

// TestDigest changes with what a running router cannot change, and with nothing else.
func TestDigest(t *testing.T) {
	was := Digest(interior())
	for name, c := range map[string]struct {
		change func(*config.Config)
		rolls  bool
	}{
		"edge":       {func(c *config.Config) { c.Router.Mode = config.ModeEdge }, true},
		"threads":    {func(c *config.Config) { c.Router.DataConnectionCount = "4" }, true},
		"logging":    {func(c *config.Config) { c.Logs = []config.Log{{Module: "ROUTER", Enable: "debug+"}} }, true},
		"a-listener": {func(c *config.Config) { c.TCPListeners = []config.TCPListener{{Name: "x"}} }, false},
	} {
		cfg := interior()
		c.change(cfg)
		if got := Digest(cfg) != was; got != c.rolls {
			t.Errorf("%s: rolls %v, want %v", name, got, c.rolls)
		}
	}
}

// TestRouterRulesAreHeld holds the controller to the rights that it grants: the API server refuses to let anybody grant more.
func TestRouterRulesAreHeld(t *testing.T) {
	held := map[string]bool{}
	each(deploy.Rules(), func(right string) { held[right] = true })
	each(RouterRules(), func(right string) {
		if !held[right] {
			t.Errorf("routers may %s, the controller may not", right)
		}
	})
}

func each(rules []rbacv1.PolicyRule, f func(right string)) {
	for _, r := range rules {
		for _, g := range r.APIGroups {
			for _, res := range r.Resources {
				for _, v := range r.Verbs {
					f(v + " " + g + "/" + res)
				}
			}
		}
	}
}

func TestLabelValue(t *testing.T) {
	long := strings.Repeat("a", 62) + ".b"
	if got := labelValue(long); len(got) > 63 || got == long[:63] {
		t.Errorf("got %q", got)
	}
	if got := labelValue("a.b"); got != "a.b" {
		t.Errorf("got %q", got)
	}
}
