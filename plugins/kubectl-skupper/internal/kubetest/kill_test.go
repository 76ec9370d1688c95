//go:build kube

package kubetest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// another is the set-up of a controller of its own, with a grant server whose credentials are there.
func another(t *testing.T, prefix string) setup {
	t.Helper()
	s := base
	s.Prefix, s.Own = prefix, newNamespace(t, "own-")
	s.Grants.Port = freePort()
	s.Grants.BaseURL = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Grants.Port))
	if err := makeServerCredentials(t.Context(), s.Own, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestG58RestartKeepsGrants(t *testing.T) {
	t.Parallel()
	s := another(t, "k58-")
	c := startChild(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	g := newGrant(t, ns, "g", 3).DeepCopy()
	redeem(t, g, "one", "east")
	redeem(t, g, "two", "east")
	c.kill() // the status may not have been told of the second
	startChild(t, s)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "after"}})
	await(t, &v2alpha1.AccessGrant{}, ns, "after", (*v2alpha1.AccessGrant).IsReady) // it is there again
	now := await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == 2 })
	if now.Status.Code != g.Status.Code || now.Status.ExpirationTime != g.Status.ExpirationTime || now.Status.URL != g.Status.URL || now.Status.CA != g.Status.CA {
		t.Errorf("got %+v, before %+v", now.Status, g.Status)
	}
	redeem(t, g, "three", "east")
	cl := newClaimant(t, g)
	if code, _ := cl.post(cl.right); code != 404 {
		t.Errorf("a fourth of three: %d", code)
	}
}

// TestGrantorKilledMidRedemption kills the granting controller again and again while as many tokens are redeemed as its grant has uses:
// each claimant is served in the end, and none twice.
func TestGrantorKilledMidRedemption(t *testing.T) {
	t.Parallel()
	s := another(t, "kg-")
	c := startChild(t, s)
	granting, claiming := newNamespace(t, s.Prefix), newNamespace(t, base.Prefix)
	newSite(t, granting)
	newSite(t, claiming)
	const uses = 12
	g := newGrant(t, granting, "g", uses)
	for i := range uses {
		newToken(t, claiming, fmt.Sprintf("tok-%d", i), g, 1)
	}
	for range 3 {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		c.kill()
		c = startChild(t, s)
		await(t, &v2alpha1.AccessGrant{}, granting, "g", func(g *v2alpha1.AccessGrant) bool {
			conn, err := net.Dial("tcp", s.Grants.BaseURL)
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
	}
	for i := range uses {
		name := fmt.Sprintf("tok-%d", i)
		await(t, &v2alpha1.AccessToken{}, claiming, name, redeemed)
		await(t, &v2alpha1.Link{}, claiming, name, func(*v2alpha1.Link) bool { return true })
	}
	await(t, &v2alpha1.AccessGrant{}, granting, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == uses })
}

// TestClaimantKilledMidRedemption kills the claiming controller at any moment: the token of a grant for one is redeemed in the end.
func TestClaimantKilledMidRedemption(t *testing.T) {
	t.Parallel()
	s := another(t, "kc-")
	granting, claiming := newNamespace(t, base.Prefix), newNamespace(t, s.Prefix)
	newSite(t, granting)
	c := startChild(t, s)
	newSite(t, claiming)
	for i := range 6 {
		name := fmt.Sprintf("tok-%d", i)
		g := newGrant(t, granting, name, 1)
		newToken(t, claiming, name, g, 1)
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		c.kill()
		c = startChild(t, s)
		await(t, &v2alpha1.AccessToken{}, claiming, name, redeemed)
		await(t, &v2alpha1.Link{}, claiming, name, func(*v2alpha1.Link) bool { return true })
		await(t, &v2alpha1.AccessGrant{}, granting, name, func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == 1 })
	}
}

// TestAnswerSurvivesTheClaimant has a server of another make, which counts each claim: what it answered is not asked for again.
func TestAnswerSurvivesTheClaimant(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	s := another(t, "ka-")
	c := startChild(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	create(t, &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok"}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{}}}) // in the way
	create(t, f.token(ns, "tok"))
	got := await(t, &v2alpha1.AccessToken{}, ns, "tok", failed)
	if !strings.HasPrefix(got.Status.Message, "Controller could not create received link: ") || !get(t, &corev1.Secret{}, ns, "tok") {
		t.Errorf("got %+v", got.Status)
	}
	c.kill()
	if err := admin.Delete(t.Context(), &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok"}}); err != nil {
		t.Fatal(err)
	}
	startChild(t, s)
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	await(t, &v2alpha1.Link{}, ns, "tok", func(l *v2alpha1.Link) bool { return l.Spec.TLSCredentials == "tok" })
	if n := f.claims.Load(); n != 1 {
		t.Errorf("%d claims", n)
	}
}
