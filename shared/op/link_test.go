package op

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// material is a local site's own: the endpoints it knows, and a credential of any name.
type material []v2alpha1.Endpoint

func (m material) Endpoints(context.Context) ([]v2alpha1.Endpoint, error) { return m, nil }
func (m material) Credential(_ context.Context, name string) (*v2alpha1.Secret, error) {
	s := &v2alpha1.Secret{ObjectMeta: named(name), Type: v2alpha1.SecretTypeTLS, Data: map[string][]byte{"tls.key": []byte("k")}}
	s.UID, s.Labels = "u", map[string]string{"a": "b"}
	return s, nil
}

func at(hosts ...string) (m material) {
	for _, h := range hosts {
		m = append(m, v2alpha1.Endpoint{Name: "inter-router", Host: h, Port: "55671", Group: "skupper-router"},
			v2alpha1.Endpoint{Name: "edge", Host: h, Port: "45671", Group: "skupper-router"})
	}
	return m
}

func generateLink() GenerateLink { return GenerateLink{Cost: 1, Generate: true, Timeout: time.Minute} }

func TestGenerateLinkChoosesHosts(t *testing.T) {
	all := at("0.0.0.0", "::", "west.example", "10.0.0.1", "fe80::1", "127.0.0.1", "::1", "localhost", "169.254.1.1")
	for _, tc := range []struct {
		name  string
		host  string
		all   material
		hosts string
		kind  fault.Kind
		text  string
	}{
		{"all-that-others-reach", "", all, "west.example 10.0.0.1", 0, ""},
		{"one", "10.0.0.1", all, "10.0.0.1", 0, ""},
		{"one-in-other-letters", "WEST.example.", all, "west.example", 0, ""},
		{"one-ipv6-in-other-form", "0:0:0:0:0:0:0:1", all, "::1", 0, ""},
		{"loopback-if-asked-for", "127.0.0.1", all, "127.0.0.1", 0, ""},
		{"unknown", "other.example", all, "", fault.Missing, `site west is not known as "other.example", so its certificate would not fit: it is known as west.example, 10.0.0.1`},
		{"nowhere", "0.0.0.0", at("0.0.0.0"), "", fault.Missing, "it is known as nothing"},
		{"only-loopback", "", at("127.0.0.1", "localhost"), "", fault.Failed, "other machines cannot reach site west at any of its addresses (127.0.0.1, localhost)"},
		{"only-unspecified", "", at("0.0.0.0"), "", fault.Failed, "site west has no address that other machines can reach"},
		{"none-yet", "", nil, "", fault.Failed, "site west has no address for links yet: OK"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := generateLink()
			c.Host = tc.host
			did, err := c.Run(t.Context(), Ports{Store: newMemory(west()), Links: tc.all}, nil)
			wantKind(t, err, tc.kind, tc.text)
			if err != nil {
				return
			}
			var hosts []string
			for _, e := range did.Links[0].Spec.Endpoints {
				if e.Name == "edge" {
					hosts = append(hosts, e.Host)
				}
			}
			if got := strings.Join(hosts, " "); got != tc.hosts {
				t.Errorf("hosts %q, want %q", got, tc.hosts)
			}
			if did.Secret.Name != "link-west" || did.Secret.UID != "" || did.Secret.Labels != nil || did.Links[0].Spec.TLSCredentials != "link-west" {
				t.Errorf("secret %+v for link %+v", did.Secret.ObjectMeta, did.Links[0].Spec)
			}
		})
	}
}

func TestGenerateLinkNames(t *testing.T) {
	two := append(at("a.example"), v2alpha1.Endpoint{Name: "inter-router", Host: "b.example", Port: "1", Group: "skupper-router-2"})
	for _, tc := range []struct {
		name  string
		verb  GenerateLink
		all   material
		links string
	}{
		{"one-router", generateLink(), at("a.example"), "link-west:link-west:1"},
		{"two-routers", generateLink(), two, "link-west-1:link-west:1 link-west-2:link-west:1"},
		{"name", GenerateLink{Name: "x", Cost: 7, Generate: true, Timeout: time.Minute}, at("a.example"), "x:x:7"},
		{"no-cost-is-1", GenerateLink{Generate: true, Timeout: time.Minute}, at("a.example"), "link-west:link-west:1"},
		{"secret-there-already", GenerateLink{Name: "x", Cost: 1, Credential: "s", Timeout: time.Minute}, at("a.example"), "x:s:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			did, err := tc.verb.Run(t.Context(), Ports{Store: newMemory(west()), Links: tc.all}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range did.Links {
				got = append(got, fmt.Sprintf("%s:%s:%d", l.Name, l.Spec.TLSCredentials, l.Spec.Cost))
			}
			if strings.Join(got, " ") != tc.links || (did.Secret != nil) != tc.verb.Generate {
				t.Errorf("links %q, secret %v; want %q", got, did.Secret != nil, tc.links)
			}
		})
	}
}

// In a cluster the credential is asked for with a Certificate, and stays.
func TestGenerateLinkByCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := west()
		s.Spec.DefaultIssuer, s.Status.Endpoints = "ca", at("a.example", "b.example")
		m := newMemory(s)
		m.delay = time.Second
		m.controller, m.makes = settled, &v2alpha1.Secret{ObjectMeta: named("link-west")}
		for range 2 {
			did, err := generateLink().Run(t.Context(), Ports{Store: m}, nil)
			if err != nil || did.Secret == nil {
				t.Fatal(err)
			}
		}
		c := must[*v2alpha1.Certificate](t, m, "link-west")
		if c.Spec.CA != "ca" || !c.Spec.Client || c.Spec.Subject != "a.example,b.example" || c.Spec.Hosts != nil {
			t.Errorf("asked for %+v", c.Spec)
		}
		m.controller = nil
		if err := m.Delete(t.Context(), "Secret", "link-west"); err != nil {
			t.Fatal(err)
		}
		_, err := generateLink().Run(t.Context(), Ports{Store: m}, nil)
		wantKind(t, err, fault.Late, "secret link-west is not there after 1m: the certificate is not issued yet")
	})
}

func TestGenerateLinkNeedsLinkAccess(t *testing.T) {
	for _, tc := range []struct {
		name  string
		store *memory
		kind  fault.Kind
		text  string
	}{
		{"no-site", newMemory(), fault.Missing, "there is no site in namespace default"},
		{"off", newMemory(&v2alpha1.Site{ObjectMeta: named("west")}), fault.Failed, "site west accepts no links"},
		{"none", newMemory(&v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: "none"}}), fault.Failed, "site west accepts no links"},
		{"edge", newMemory(&v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: "default", Edge: true}}), fault.Failed, "site west is an edge site"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := generateLink().Run(t.Context(), Ports{Store: tc.store, Links: at("a")}, nil)
			wantKind(t, err, tc.kind, tc.text)
			_, err = IssueToken{1, time.Minute, 1, time.Minute}.Run(t.Context(), Ports{Store: tc.store}, nil, nil)
			wantKind(t, err, tc.kind, tc.text)
		})
	}
}

func TestUpdateLinkIsAPatch(t *testing.T) {
	l := &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{Endpoints: at("a"), Cost: 5, TLSCredentials: "old", Settings: map[string]string{"a": "b"}}}
	m := newMemory(west(), l, &v2alpha1.Secret{ObjectMeta: named("new")})
	none := Wait{For: WaitNone}
	if did, err := (UpdateLink{Name: "l", Credential: ptr("new"), Wait: none}).Run(t.Context(), Ports{Store: m}, nil); err != nil || did.Did != Updated {
		t.Fatal(did.Did, err)
	}
	got := must[*v2alpha1.Link](t, m, "l").Spec
	if got.Cost != 5 || got.TLSCredentials != "new" || len(got.Endpoints) != 2 || got.Settings["a"] != "b" {
		t.Errorf("got %+v", got)
	}
	if did, err := (UpdateLink{Name: "l", Cost: ptr(5), Wait: none}).Run(t.Context(), Ports{Store: m}, nil); err != nil || did.Did != Unchanged {
		t.Error(did.Did, err)
	}
	if did, err := (UpdateLink{Name: "l", Cost: ptr(0), Wait: none}).Run(t.Context(), Ports{Store: m}, nil); err != nil || did.Did != Updated || must[*v2alpha1.Link](t, m, "l").Spec.Cost != 1 {
		t.Error(did.Did, err)
	}
	_, err := UpdateLink{Name: "l", Credential: ptr("no"), Wait: none}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Missing, `there is no secret "no" in namespace default`)
	_, err = UpdateLink{Name: "x", Cost: ptr(5), Wait: none}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Missing, `there is no link "x" in namespace default`)
}

func TestDeleteLinkDropsItsSecret(t *testing.T) {
	link := func(name string) *v2alpha1.Link {
		return &v2alpha1.Link{ObjectMeta: named(name), Spec: v2alpha1.LinkSpec{TLSCredentials: "s"}}
	}
	secret := func() *v2alpha1.Secret { return &v2alpha1.Secret{ObjectMeta: named("s")} }
	for _, tc := range []struct {
		name, left string
		store      *memory
	}{
		{"only-user", "", newMemory(link("l"), secret())},
		{"another-link-uses-it", "Link/m Secret/s", newMemory(link("l"), link("m"), secret())},
		{"a-listener-uses-it", "Listener/x Secret/s", newMemory(link("l"), secret(), &v2alpha1.Listener{ObjectMeta: named("x"), Spec: v2alpha1.ListenerSpec{TLSCredentials: "s"}})},
		{"a-certificate-makes-it", "Certificate/s Secret/s", newMemory(link("l"), secret(), &v2alpha1.Certificate{ObjectMeta: named("s")})},
		{"no-secret", "", newMemory(link("l"))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sys := &fakeSystem{}
			if _, err := (DeleteLink{Name: "l", Gone: aGone}).Run(t.Context(), Ports{Store: tc.store, System: sys}, nil); err != nil {
				t.Fatal(err)
			}
			if got := tc.store.names(); got != tc.left || sys.wakes != 1 {
				t.Errorf("left %q, want %q; told the system %d times", got, tc.left, sys.wakes)
			}
		})
	}
	_, err := DeleteLink{Name: "l", Gone: aGone}.Run(t.Context(), Ports{Store: newMemory()}, nil)
	wantKind(t, err, fault.Missing, `there is no link "l" in namespace default`)
}
