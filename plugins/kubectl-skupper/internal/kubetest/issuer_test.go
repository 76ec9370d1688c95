//go:build kube

package kubetest

import (
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
)

// TestGrantNamesItsIssuer has a grant whose authority is not there, then is none, and then signs.
func TestGrantNamesItsIssuer(t *testing.T) {
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}, Spec: v2alpha1.AccessGrantSpec{Issuer: "mine", RedemptionsAllowed: 2}})
	says := func(status v2alpha1.StatusType, text string) {
		t.Helper()
		await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool {
			return !g.IsReady() && g.Status.StatusType == status && strings.Contains(g.Status.Message, text)
		})
	}
	now := time.Now()
	ca, err := pki.NewP256CA("mine", now)
	if err != nil {
		t.Fatal(err)
	}
	// Its routers do not know this one, whoever it is of.
	create(t, secretOf(ns, "mine", ca))
	says(v2alpha1.StatusPending, `spec.issuer: "mine" is no authority of this site: want skupper-site-ca`)
	refuses := func() {
		t.Helper()
		g := &v2alpha1.AccessGrant{}
		get(t, g, ns, "g")
		if code, body := newClaimant(t, g).post(g.Status.Code); code != 500 || !strings.Contains(body, "Could not get issuer") {
			t.Errorf("%d %s", code, body)
		}
	}
	refuses()
	create(t, &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "own"}, Spec: v2alpha1.RouterAccessSpec{TLSCredentials: "own", Issuer: "mine",
		Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter}}}})
	refuses() // as long as it is not configured
	if err := admin.Delete(t.Context(), secretOf(ns, "mine", ca)); err != nil {
		t.Fatal(err)
	}
	changeStatus(t, &v2alpha1.RouterAccess{}, ns, "own", func(a *v2alpha1.RouterAccess) { a.SetConfigured(nil) })
	says(v2alpha1.StatusPending, `spec.issuer: CA "`+ns+`/mine" not found`)
	leaf, err := pki.Issue(ca, pki.Request{Subject: "no-ca", Client: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	create(t, secretOf(ns, "mine", leaf))
	says(v2alpha1.StatusError, `spec.issuer: "`+ns+`/mine" is no CA that can sign`)
	refuses()
	change(t, &corev1.Secret{}, ns, "mine", func(s *corev1.Secret) { s.Data = secretOf(ns, "mine", ca).Data })
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", (*v2alpha1.AccessGrant).IsReady)
	code, body := newClaimant(t, g).post(g.Status.Code, "name", "tok")
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	docs, err := manifest.Options{}.Read(strings.NewReader(body), "the answer")
	if err != nil {
		t.Fatal(err)
	}
	s := docs[0].Object.(*v2alpha1.Secret)
	p := pki.Pair{CA: ca.Cert, Cert: s.Data["tls.crt"], Key: s.Data["tls.key"]}
	if err := pki.Verify(p, time.Now()); err != nil || string(s.Data["ca.crt"]) != string(ca.Cert) {
		t.Errorf("not signed by the grant's issuer: %v", err)
	}
	if err := admin.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mine"}}); err != nil {
		t.Fatal(err)
	}
	says(v2alpha1.StatusPending, "not found")
}

// TestRedeemByKey has a grant claimed by its name, which must have been allowed, and needs the code all the same.
func TestRedeemByKey(t *testing.T) {
	for name, allowed := range map[string]bool{"allowed": true, "not-allowed": false} {
		t.Run(name, func(t *testing.T) {
			s := separate(false)
			s.Grants.ByKey = allowed
			start(t, s)
			ns := newNamespace(t, s.Prefix)
			newSite(t, ns)
			g := newGrant(t, ns, "g", 1)
			c := newClaimant(t, g)
			listens(t, s.Grants.BaseURL) // a grant can be ready a little before every replica's server is
			url := "https://" + s.Grants.BaseURL + "/" + ns + "/"
			want := map[bool][]int{true: {403, 404, 200, 404}, false: {404, 404, 404, 200}}[allowed]
			for i, try := range []struct{ url, code string }{{url + "g", "wrong"}, {url + "other", c.right}, {url + "g", c.right}, {c.url, c.right}} {
				if code, body := c.send("POST", try.url, try.code, "name", "tok"); code != want[i] {
					t.Errorf("%d: %d %s, want %d", i, code, body, want[i])
				}
			}
			await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == 1 })
		})
	}
}

// listens waits until somebody listens at an address.
func listens(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
