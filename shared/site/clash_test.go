package site

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func meta(name string, age int) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "west", UID: types.UID("uid-" + name), CreationTimestamp: metav1.Unix(1e9-int64(age), 0)}
}

func tlsSecret(name string) *v2alpha1.Secret {
	return &v2alpha1.Secret{ObjectMeta: meta(name, 0), Type: v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{v2alpha1.SecretKeyCA: []byte("a"), v2alpha1.SecretKeyCert: []byte("b"), v2alpha1.SecretKeyKey: []byte("c")}}
}

func accessWith(name, creds string, age int, roles ...string) *v2alpha1.RouterAccess {
	ra := &v2alpha1.RouterAccess{ObjectMeta: meta(name, age), Spec: v2alpha1.RouterAccessSpec{TLSCredentials: creds, GenerateTLSCredentials: true}}
	for i, r := range roles {
		ra.Spec.Roles = append(ra.Spec.Roles, v2alpha1.RouterAccessRole{Name: r, Port: 40000 + 10*age + i})
	}
	return ra
}

// TestListenerAndProfileNames has credentials that are called like the listener of a router access: the router tells entities apart by
// name alone, whatever they are.
func TestListenerAndProfileNames(t *testing.T) {
	for name, objects := range map[string][]v2alpha1.Object{
		"its-own":      {accessWith("my", "my-edge", 1, "edge"), tlsSecret("my-edge")},
		"both-roles":   {accessWith("my", "my-inter-router", 1, "edge", "inter-router"), tlsSecret("my-inter-router")},
		"of-a-younger": {accessWith("a", "b-edge", 2, "edge"), accessWith("b", "c", 1, "edge"), tlsSecret("b-edge"), tlsSecret("c")},
		"of-an-older":  {accessWith("a", "b-edge", 1, "edge"), accessWith("b", "c", 2, "edge"), tlsSecret("b-edge"), tlsSecret("c")},
		"of-a-connector": {accessWith("b", "c", 2, "edge"), tlsSecret("b-edge"), tlsSecret("c"), &v2alpha1.Connector{ObjectMeta: meta("web", 1),
			Spec: v2alpha1.ConnectorSpec{Host: "h", Port: 1, RoutingKey: "web", TLSCredentials: "b-edge", UseClientCert: true}}},
	} {
		d, err := Plan(inCluster(westSite(), objects...), Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, o := range d.Statuses {
			if s := v2alpha1.StatusOf(o); !s.IsTrue(v2alpha1.ConditionConfigured) {
				t.Errorf("%s: %s %s: %s", name, v2alpha1.KindOf(o), o.GetName(), s.Message)
			}
		}
		for _, l := range d.Config.Listeners {
			if l.SSLProfile != "" && !slices.ContainsFunc(d.Profiles, func(p Profile) bool { return p.Name == l.SSLProfile }) {
				t.Errorf("%s: listener %s has profile %q, which there is not", name, l.Name, l.SSLProfile)
			}
		}
	}
}

// TestConnectorNames has a Connector and an AttachedConnector of one name, or a pod called like the address of another: what would be
// the same entity of the router is refused for the second, which says so.
func TestConnectorNames(t *testing.T) {
	web := &v2alpha1.Connector{ObjectMeta: meta("web", 1), Spec: v2alpha1.ConnectorSpec{Selector: "app=web", Port: 80, RoutingKey: "web", ExposePodsByName: true}}
	attached := &v2alpha1.AttachedConnector{ObjectMeta: meta("web", 0), Spec: v2alpha1.AttachedConnectorSpec{SiteNamespace: "west", Selector: "app=web", Port: 80}}
	attached.Namespace = "apps"
	binding := &v2alpha1.AttachedConnectorBinding{ObjectMeta: meta("web", 0), Spec: v2alpha1.AttachedConnectorBindingSpec{ConnectorNamespace: "apps", RoutingKey: "web2", ExposePodsByName: true}}
	for name, tt := range map[string]struct {
		here, there  []Target
		fault, other string // of the Connector, of the AttachedConnector
		connectors   int
	}{
		"apart":     {[]Target{{Name: "web-0", IP: "10.0.0.1"}}, []Target{{Name: "app-0", IP: "10.0.0.2"}}, "", "", 4},
		"pods":      {[]Target{{Name: "web-0", IP: "10.0.0.1"}}, []Target{{Name: "web-0", IP: "10.0.0.2"}, {Name: "web-1", IP: "10.0.0.3"}}, "", "like that of Connector web", 5},
		"addresses": {[]Target{{Name: "web-0", IP: "10.0.0.9"}}, []Target{{Name: "app-0", IP: "10.0.0.9"}}, "", "like that of Connector web", 3},
		"own":       {[]Target{{Name: "web-0", IP: "10.0.0.1"}, {Name: "10.0.0.1", IP: "10.0.0.2"}}, nil, "like the address of another", "No matches", 3},
	} {
		in := inCluster(westSite(), web, binding)
		in.AttachedConnectors = []*v2alpha1.AttachedConnector{attached}
		in.Targets = map[string][]Target{"web": tt.here, "apps/web": tt.there}
		d, err := Plan(in, Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(d.Config.TCPConnectors) != tt.connectors {
			t.Errorf("%s: got %+v", name, d.Config.TCPConnectors)
		}
		for _, o := range d.Statuses {
			want := ""
			switch o.(type) {
			case *v2alpha1.Connector:
				want = tt.fault
			case *v2alpha1.AttachedConnector:
				want = tt.other
			default:
				continue
			}
			c := v2alpha1.StatusOf(o).Condition(v2alpha1.ConditionConfigured)
			if want == "" && c.Message != v2alpha1.MessageOK || !strings.Contains(c.Message, want) {
				t.Errorf("%s: %s says %q", name, v2alpha1.KindOf(o), c.Message)
			}
		}
	}
}

// TestRefusedConfiguration has a mistake of the program: nobody gets a configuration, but the site tells of it, always in the same way.
func TestRefusedConfiguration(t *testing.T) {
	in := inCluster(westSite())
	in.Ordinals = map[string]int{LocalServer: -1}
	for i := range 2 {
		d, err := Plan(in, Observed{Now: time.Unix(1e9+int64(i), 0)})
		if err == nil || d.Site == nil || d.Config != nil || len(d.Statuses) != 1 {
			t.Fatalf("got %+v, %v", d, err)
		}
		c := d.Site.Status.Condition(v2alpha1.ConditionConfigured)
		if c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "ordinal") || c.LastTransitionTime.Unix() != 1e9 {
			t.Errorf("got %+v", c)
		}
		in.Sites[0] = d.Site
	}
}

// TestReservedCredentials has router accesses whose credentials would replace what every site has for itself.
func TestReservedCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		ra       *v2alpha1.RouterAccess
		platform string
		secrets  []v2alpha1.Object
		refused  bool
	}{
		"authority":        {accessWith("a", SiteCA, 1, "edge"), PlatformKubernetes, []v2alpha1.Object{tlsSecret(SiteCA)}, true},
		"local-authority":  {accessWith("a", LocalCA, 1, "edge"), PlatformKubernetes, nil, true},
		"local-server":     {accessWith("a", LocalServer, 1, "edge"), PlatformKubernetes, nil, true},
		"shared-server":    {accessWith("a", SiteServer, 1, "edge"), PlatformKubernetes, nil, false},
		"here-authority":   {accessWith("a", ServiceCA, 1, "edge"), "podman", nil, true},
		"here-client":      {accessWith("a", LocalClient, 1, "edge"), "podman", nil, true},
		"here-own":         {accessWith("a", "b", 1, "edge"), "podman", nil, false},
		"here-certificate": {accessWith("a", "mine", 1, "edge"), "podman", []v2alpha1.Object{&v2alpha1.Certificate{ObjectMeta: meta("mine", 1), Spec: v2alpha1.CertificateSpec{Subject: "s", Signing: true}}}, true},
	} {
		in := inCluster(westSite(), append(tt.secrets, tt.ra)...)
		if in.Platform = tt.platform; in.Platform != PlatformKubernetes {
			in.RouterSuffix = "x"
		}
		d, err := Plan(in, Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := d.RouterAccesses[0].Status.Condition(v2alpha1.ConditionConfigured)
		if strings.Contains(c.Message, "choose another name") != tt.refused || tt.refused && len(d.SecuredAccesses) > 0 {
			t.Errorf("%s: %q, %d to make reachable", name, c.Message, len(d.SecuredAccesses))
		}
		for _, name := range []string{SiteCA, LocalCA} {
			if !slices.ContainsFunc(d.Certificates, func(w CertificateWant) bool { return w.Name == name && w.Signing }) {
				t.Errorf("authority %s is not wanted any more", name)
			}
		}
	}
}
