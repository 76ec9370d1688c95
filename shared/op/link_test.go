package op

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// ownMaterial is that of a local site whose addresses come with its status.
type ownMaterial struct {
	material
	store *memory
}

func (m ownMaterial) Endpoints(ctx context.Context) ([]v2alpha1.Endpoint, error) {
	s, err := activeSite(ctx, m.store)
	if err != nil {
		return nil, err
	}
	return s.Status.Endpoints, nil
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

// Whether others can link to a site is a matter of its addresses, whatever gives it them.
func TestNeedsSomewhereToLinkTo(t *testing.T) {
	site := func(access string, hosts ...string) *v2alpha1.Site {
		s := west()
		s.Spec.LinkAccess, s.Status.Endpoints = access, at(hosts...)
		return s
	}
	edge := site(v2alpha1.LinkAccessDefault, "a")
	edge.Spec.Edge = true
	wrong := site("x")
	failing(v2alpha1.ConditionConfigured, "Unsupported value for LinkAccess: x")(wrong)
	partners := &v2alpha1.RouterAccess{ObjectMeta: named("partners")}
	failing(v2alpha1.ConditionConfigured, "port 5 is used")(partners)
	for _, tc := range []struct {
		name string
		objs []v2alpha1.Object
		kind fault.Kind
		text string
		took time.Duration
	}{
		{"no-site", nil, fault.Missing, "there is no site in namespace default", 0},
		{"off", []v2alpha1.Object{site("")}, fault.Failed, "site west accepts no links", 0},
		{"none", []v2alpha1.Object{site("none")}, fault.Failed, "site west accepts no links", 0},
		{"edge", []v2alpha1.Object{edge}, fault.Failed, "site west is an edge site", 0},
		{"link-access", []v2alpha1.Object{site(v2alpha1.LinkAccessDefault, "a")}, 0, "", 0},
		{"only-a-router-access", []v2alpha1.Object{site("", "a"), &v2alpha1.RouterAccess{ObjectMeta: named("partners")}}, 0, "", 0},
		{"no-address", []v2alpha1.Object{site(v2alpha1.LinkAccessDefault)}, fault.Late, "site west is not reachable by other sites after 1m: it has no address for links yet: ", time.Minute},
		{"no-address-of-a-router-access", []v2alpha1.Object{site(""), partners}, fault.Late, "it has no address for links yet: routeraccess partners: port 5 is used", time.Minute},
		{"wrong-access", []v2alpha1.Object{wrong}, fault.Failed, "site west cannot be reached by other sites: Unsupported value for LinkAccess: x", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory(tc.objs...)
				m.controller = granting(testCA(t))
				start := time.Now()
				_, err := GenerateLink{Cost: 1, Credential: "s", Timeout: time.Minute}.Run(t.Context(), Ports{Store: m}, nil)
				wantKind(t, err, tc.kind, tc.text)
				_, err = IssueToken{1, time.Minute, 1, time.Minute}.Run(t.Context(), Ports{Store: m}, io.Discard, nil)
				wantKind(t, err, tc.kind, tc.text)
				if took := time.Since(start); took != 2*tc.took {
					t.Errorf("took %v, want %v", took, 2*tc.took)
				}
				if grants, _ := m.List(t.Context(), v2alpha1.KindAccessGrant); len(grants) > 0 != (err == nil) {
					t.Errorf("left %d grants", len(grants))
				}
			})
		})
	}
}

// What a site hands out waits until it has an address, and so does the window of a token.
func TestWaitsForAnAddress(t *testing.T) {
	for name, ports := range map[string]func(*memory) Ports{
		"cluster": func(m *memory) Ports { return Ports{Store: m} },
		"local":   func(m *memory) Ports { return Ports{Store: m, Links: ownMaterial{store: m}, System: &fakeSystem{}} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := west()
				s.Status.Endpoints = nil
				m := newMemory(s)
				m.controller = granting(testCA(t))
				time.AfterFunc(40*time.Second, func() {
					_ = m.UpdateStatus(context.Background(), v2alpha1.KindSite, "west", func(o v2alpha1.Object) error {
						o.(*v2alpha1.Site).Status.Endpoints = at("a.example")
						return nil
					})
				})
				start := time.Now()
				var said words
				did, err := IssueToken{1, time.Minute, 1, time.Minute}.Run(t.Context(), ports(m), io.Discard, said.say)
				if took := time.Since(start); err != nil || took != 40*time.Second || len(said) == 0 {
					t.Fatalf("%v, took %v, said %q", err, took, said)
				}
				if g := must[*v2alpha1.AccessGrant](t, m, did.Grant); g.CreationTimestamp.Sub(start) < 39*time.Second {
					t.Errorf("the grant was made at %v", g.CreationTimestamp)
				}
			})
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

// fromToken is a secret as the redemption of a token leaves it in a cluster.
func fromToken(name string) *v2alpha1.Secret {
	s := &v2alpha1.Secret{ObjectMeta: named(name), Type: v2alpha1.SecretTypeTLS}
	s.OwnerReferences = []metav1.OwnerReference{{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSite, Name: "west", UID: "u"}}
	return s
}

// On a cluster others have secrets beside those of the network, which a link may use too.
func TestDeleteLinkLeavesWhatOthersOwn(t *testing.T) {
	link := func() *v2alpha1.Link {
		return &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{TLSCredentials: "s"}}
	}
	but := func(change func(*v2alpha1.Secret)) *v2alpha1.Secret {
		s := fromToken("s")
		change(s)
		return s
	}
	const stays = "secret s stays: no token brought it, so others may need it"
	for _, tc := range []struct {
		name   string
		secret *v2alpha1.Secret
		denied string // what the user may not do
		note   string
	}{
		{"came-with-a-token", fromToken("s"), "", ""},
		{"not-there", nil, "", ""},
		{"of-nobody", but(func(s *v2alpha1.Secret) { s.OwnerReferences = nil }), "", stays},
		{"of-another-kind", but(func(s *v2alpha1.Secret) { s.OwnerReferences[0].Kind = "Certificate" }), "", stays},
		{"of-another-group", but(func(s *v2alpha1.Secret) { s.OwnerReferences[0].APIVersion = "example.com/v1" }), "", stays},
		{"of-two", but(func(s *v2alpha1.Secret) {
			s.OwnerReferences = append(s.OwnerReferences, metav1.OwnerReference{Kind: "Deployment"})
		}), "", stays},
		{"of-another-type", but(func(s *v2alpha1.Secret) { s.Type = "Opaque" }), "", stays},
		{"controlled", but(func(s *v2alpha1.Secret) { s.Annotations = map[string]string{"internal.skupper.io/controlled": "true"} }), "", stays},
		{"managed", but(func(s *v2alpha1.Secret) { s.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"} }), "", stays},
		{"no-right-to-delete", fromToken("s"), "Delete Secret", "secret s stays: delete secret s: forbidden"},
		{"no-right-to-look", fromToken("s"), "Get Secret", "secret s stays: look whose secret s is: forbidden"},
		{"no-right-to-look-who-uses-it", fromToken("s"), "List SecuredAccess", "secret s stays: look who uses secret s: forbidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for verb, run := range map[string]func(Ports) ([]Changed, error){
				"link": func(p Ports) ([]Changed, error) {
					did, err := DeleteLink{Name: "l", Gone: aGone}.Run(t.Context(), p, nil)
					return []Changed{did}, err
				},
				"site": func(p Ports) ([]Changed, error) { return DeleteSite{All: true, Gone: aGone}.Run(t.Context(), p, nil) },
			} {
				if verb == "site" && strings.HasPrefix(tc.denied, "List") {
					continue // it cannot delete what it cannot list
				}
				m := newMemory(link())
				if tc.secret != nil {
					m = newMemory(link(), tc.secret)
				}
				if tc.denied != "" {
					m.fail[tc.denied] = fault.New(fault.Denied, "forbidden", "")
				}
				did, err := run(Ports{Store: m})
				if err != nil {
					t.Fatal(err)
				}
				left := ""
				if tc.note != "" {
					left = "Secret/s"
				}
				delete(m.fail, tc.denied)
				if got := m.names(); got != left || strings.Join(did[0].Notes, "") != tc.note || did[0].Kind != v2alpha1.KindLink {
					t.Errorf("%s: left %q, want %q; did %+v", verb, got, left, did)
				}
			}
		})
	}
}
