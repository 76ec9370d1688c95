//go:build kube

package kubetest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/access"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/grants"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
)

func TestG41GrantBecomesReady(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}})
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", (*v2alpha1.AccessGrant).IsReady)
	if g.Spec.RedemptionsAllowed != 1 || g.Status.URL != "https://"+base.Grants.BaseURL+"/"+string(g.UID) ||
		!regexp.MustCompile(`^[A-Za-z0-9]{24}$`).MatchString(g.Status.Code) || g.Status.StatusType != v2alpha1.StatusReady || g.Status.Message != "OK" {
		t.Errorf("got %+v", g)
	}
	if _, err := pki.ParseCerts([]byte(g.Status.CA)); err != nil {
		t.Error(err)
	}
	if end, err := time.Parse(time.RFC3339, g.Status.ExpirationTime); err != nil || time.Until(end) > 15*time.Minute || time.Until(end) < 10*time.Minute {
		t.Errorf("ends %s, %v", g.Status.ExpirationTime, err)
	}
	// What is out stays, whatever becomes of the spec.
	change(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) {
		g.Spec.Code, g.Spec.ExpirationWindow, g.Spec.RedemptionsAllowed = "other", "9h", 3
	})
	now := await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool {
		return g.Status.Condition(v2alpha1.ConditionProcessed).ObservedGeneration == g.Generation
	})
	if now.Status.Code != g.Status.Code || now.Status.ExpirationTime != g.Status.ExpirationTime {
		t.Errorf("got %+v", now.Status)
	}
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "chosen"}, Spec: v2alpha1.AccessGrantSpec{Code: "sesame"}})
	if g := await(t, &v2alpha1.AccessGrant{}, ns, "chosen", (*v2alpha1.AccessGrant).IsReady); g.Status.Code != "sesame" {
		t.Errorf("code %q", g.Status.Code)
	}
}

func TestG44AnswersOfTheGrantServer(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	g := newGrant(t, ns, "g", 1)
	c := newClaimant(t, g)
	want := func(what string, code, wantCode int, body, wantBody string) {
		t.Helper()
		if code != wantCode || wantBody != "" && body != wantBody+"\n" {
			t.Errorf("%s: %d %q, want %d %q", what, code, body, wantCode, wantBody)
		}
	}
	code, body := c.send("GET", c.url, "")
	want("GET", code, 405, body, "Only POST is supported")
	code, body = c.send("POST", "https://"+base.Grants.BaseURL+"/6f1f6dbe-0000-4000-8000-000000000000", c.right)
	want("unknown", code, 404, body, "No such claim")
	code, body = c.post("wrong")
	want("wrong code", code, 403, body, "Redemption of access token refused")
	code, body = c.post(c.right, "name", "tok", "subject", "east")
	want("right", code, 200, body, "")
	if !strings.HasPrefix(body, "---\n") {
		t.Errorf("body %q", body)
	}
	code, body = c.post(c.right, "name", "tok")
	want("used up", code, 404, body, "No such access granted")
	code, body = c.post("wrong")
	want("used up and wrong", code, 404, body, "No such access granted")

	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "short"}, Spec: v2alpha1.AccessGrantSpec{ExpirationWindow: "1s"}})
	short := await(t, &v2alpha1.AccessGrant{}, ns, "short", func(g *v2alpha1.AccessGrant) bool {
		return g.Status.StatusType == v2alpha1.StatusError && strings.HasPrefix(g.Status.Message, "expired at ")
	})
	c = newClaimant(t, short)
	code, body = c.post(c.right)
	want("expired", code, 404, body, "No such claim")
}

func TestG45OnlyTLS13AndARightCertificate(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	g := newGrant(t, ns, "g", 1)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(g.Status.CA))
	conf := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	conn, err := tls.Dial("tcp", base.Grants.BaseURL, conf)
	if err != nil {
		t.Fatal(err)
	}
	if v := conn.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("version %x", v)
	}
	conn.Close()
	conf.MaxVersion = tls.VersionTLS12
	if conn, err := tls.Dial("tcp", base.Grants.BaseURL, conf); err == nil {
		conn.Close()
		t.Error("TLS 1.2 was accepted")
	}
}

// redeem gives what a successful claim is answered with.
func redeem(t *testing.T, g *v2alpha1.AccessGrant, name, subject string) (*v2alpha1.Secret, []*v2alpha1.Link) {
	t.Helper()
	c := newClaimant(t, g)
	code, body := c.post(c.right, "name", name, "subject", subject)
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	docs, err := manifest.Options{}.Read(strings.NewReader(body), "answer")
	if err != nil {
		t.Fatal(err)
	}
	var links []*v2alpha1.Link
	for _, d := range docs[1:] {
		links = append(links, d.Object.(*v2alpha1.Link))
	}
	return docs[0].Object.(*v2alpha1.Secret), links
}

func TestG46AnswerIsASecretAndLinks(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	s, links := redeem(t, newGrant(t, ns, "g", 1), "tok", "east")
	if s.Name != "tok" || s.Type != v2alpha1.SecretTypeTLS || len(links) != 1 || links[0].Name != "tok" || links[0].Spec.TLSCredentials != "tok" || len(links[0].Spec.Endpoints) != 2 {
		t.Errorf("got %+v, %+v", s, links)
	}
}

func TestG47CertificateOfTheClaimant(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	newAccess(t, ns, "skupper-router", "local")
	server := await(t, &corev1.Secret{}, ns, "skupper-site-server", func(*corev1.Secret) bool { return true })
	s, _ := redeem(t, newGrant(t, ns, "g", 1), "tok", "c0ffee")
	certs, err := pki.ParseCerts(s.Data["tls.crt"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.Data["ca.crt"])
	if _, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if certs[0].Subject.CommonName != "c0ffee" {
		t.Errorf("subject %v", certs[0].Subject)
	}
}

func TestG48RedemptionsAreCounted(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	g := newGrant(t, ns, "g", 3)
	c := newClaimant(t, g)
	for i := 1; i <= 3; i++ {
		if code, body := c.post(c.right, "name", "tok"); code != 200 {
			t.Fatalf("%d: %d %s", i, code, body)
		}
		await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == i })
	}
	if code, _ := c.post(c.right, "name", "tok"); code != 404 {
		t.Errorf("one more: %d", code)
	}
}

// storm redeems a grant by many at once, n times in all, and counts the successes.
func storm(t *testing.T, n, at int, pick func(i int) *claimant) int {
	t.Helper()
	var served, other atomic.Int64
	var wg sync.WaitGroup
	next := make(chan int)
	for range at {
		wg.Go(func() {
			for i := range next {
				c := pick(i)
				switch code, body := c.post(c.right, "name", fmt.Sprintf("tok-%d", i)); code {
				case 200:
					served.Add(1)
				case 404, 503:
				default:
					other.Add(1)
					t.Errorf("%d %s", code, body)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return int(served.Load())
}

func TestG49ConcurrentRedemption(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	c := newClaimant(t, newGrant(t, ns, "g", 1))
	if got := storm(t, 20, 20, func(int) *claimant { return c }); got != 1 {
		t.Errorf("a grant for one was redeemed %d times", got)
	}
	await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == 1 })
}

// TestG90TwoServersCountTogether has the same grants redeemed at two servers at once, as while one controller replaces another. It runs
// alone: the second one sees to the namespaces of all tests.
func TestG90TwoServersCountTogether(t *testing.T) {
	second := base
	second.Grants.Port, second.Own = freePort(), newNamespace(t, "own-")
	second.Grants.BaseURL = base.Grants.BaseURL // or the two would write each other's statuses over
	if err := makeServerCredentials(t.Context(), second.Own, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	// It must name the same authority.
	var s corev1.Secret
	get(t, &s, base.Own, "skupper-grant-server")
	change(t, &corev1.Secret{}, second.Own, "skupper-grant-server", func(o *corev1.Secret) { o.Data = s.Data })
	start(t, second)
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	const uses = 25
	g := newGrant(t, ns, "g", uses)
	here, there := newClaimant(t, g), newClaimant(t, g)
	there.url = "https://127.0.0.1:" + strconv.Itoa(second.Grants.Port) + "/" + string(g.UID)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(second.Grants.Port)); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("the second server does not listen")
		}
	}
	got := 0
	for range 10 { // who was told to come again comes again
		got += storm(t, 2*uses, 8, func(i int) *claimant { return []*claimant{here, there}[i%2] })
		if got >= uses {
			break
		}
	}
	if got != uses {
		t.Errorf("redeemed %d times, want %d", got, uses)
	}
	await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == uses })
}

func TestG91FailureCostsNothing(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	g := newGrant(t, ns, "g", 1)
	c := newClaimant(t, g)
	for _, step := range []struct {
		want  string
		after func()
	}{
		{"Site not yet defined for " + ns, func() {
			create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "site"}, Spec: v2alpha1.SiteSpec{LinkAccess: "default"}})
		}},
		{"Could not get issuer for requested certificate", func() {
			newCertificate(t, ns, "skupper-site-ca", v2alpha1.CertificateSpec{Subject: "CA", Signing: true})
		}},
		{"No valid endpoints found for site", func() {
			changeStatus(t, &v2alpha1.Site{}, ns, "site", func(s *v2alpha1.Site) {
				s.Status.Endpoints = []v2alpha1.Endpoint{{Name: "edge", Host: "h", Port: "1"}}
			})
		}},
	} {
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			code, body := c.post(c.right, "name", "tok")
			if code == 500 && body == step.want+"\n" {
				break
			}
			if time.Now().After(end) || code == 200 {
				t.Fatalf("%d %q, want %q", code, body, step.want)
			}
		}
		step.after()
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if code, body := c.post(c.right, "name", "tok"); code == 200 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d %s", code, body)
		}
	}
	await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == 1 })
}

func TestG92NamesAreValidated(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	c := newClaimant(t, newGrant(t, ns, "g", 1))
	for _, h := range [][2]string{{"name", "../x"}, {"name", "A"}, {"name", strings.Repeat("n", 254)}, {"subject", "a,b"}, {"subject", strings.Repeat("s", 254)}} {
		if code, body := c.post(c.right, h[0], h[1]); code != 400 {
			t.Errorf("%s %.10q: %d %s", h[0], h[1], code, body)
		}
	}
	if code, _ := c.post(c.right, "name", "tok"); code != 200 {
		t.Errorf("a use was lost: %d", code)
	}
}

func TestG50TwoRoutersTwoLinks(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns, "skupper-router", "skupper-router-2")
	_, links := redeem(t, newGrant(t, ns, "g", 1), "tok", "east")
	if len(links) != 2 || links[0].Name != "tok-1" || links[1].Name != "tok-2" || links[0].Spec.TLSCredentials != "tok" || links[1].Spec.TLSCredentials != "tok" ||
		links[0].Spec.Endpoints[0].Group != "skupper-router" || links[1].Spec.Endpoints[1].Group != "skupper-router-2" {
		t.Errorf("got %+v", links)
	}
}

func TestG56EdgeSitesGrantNothing(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	change(t, &v2alpha1.Site{}, ns, "site", func(s *v2alpha1.Site) { s.Spec.Edge = true })
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}})
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.StatusType == v2alpha1.StatusError })
	if c := g.Status.Condition(v2alpha1.ConditionProcessed); c == nil || c.Status != "False" || g.Status.Message != "Edge sites cannot accept incoming links from remote sites" {
		t.Errorf("got %+v", g.Status)
	}
	cl := newClaimant(t, g)
	if code, body := cl.post(cl.right); code != 500 || !strings.HasPrefix(body, "Edge sites cannot accept") {
		t.Errorf("%d %s", code, body)
	}
	change(t, &v2alpha1.Site{}, ns, "site", func(s *v2alpha1.Site) { s.Spec.Edge = false })
	await(t, &v2alpha1.AccessGrant{}, ns, "g", (*v2alpha1.AccessGrant).IsReady)
}

func TestG57GrantsAreDisabled(t *testing.T) {
	t.Parallel()
	s := base
	s.Prefix, s.Grants = "off-", grants.Config{}
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}})
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.Message != "" })
	if g.Status.Message != "AccessGrants are not enabled" || g.Status.StatusType != "" || len(g.Status.Conditions) != 0 {
		t.Errorf("got %+v", g.Status)
	}
}

func TestGrantWithAWrongDuration(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}, Spec: v2alpha1.AccessGrantSpec{ExpirationWindow: "1 day"}})
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.Status.StatusType == v2alpha1.StatusError })
	if !strings.HasPrefix(g.Status.Message, `Invalid duration "1 day": `) || g.Status.ExpirationTime != "" {
		t.Errorf("got %+v", g.Status)
	}
	c := newClaimant(t, g)
	if code, body := c.post(c.right); code != 500 || body != "Corrupted claim\n" {
		t.Errorf("%d %s", code, body)
	}
}

// TestGrantServerConfiguresItself has the controller expose its server, and follows that through another address and another authority.
func TestGrantServerConfiguresItself(t *testing.T) {
	t.Parallel()
	s := base
	s.Prefix, s.Own = "auto-", newNamespace(t, "own-")
	s.Access = access.Config{Default: access.LoadBalancer}
	s.Grants = grants.Config{Enabled: true, Autoconfigure: true, Port: freePort(), PodName: "skupper-controller-5d4f8c9b7-x2x2x"}
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}, Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: 9}})
	pending := func(text string) {
		t.Helper()
		await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool {
			return g.Status.StatusType == v2alpha1.StatusPending && strings.Contains(g.Status.Message, text)
		})
	}
	pending("find the pod of this controller")
	create(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.Own, Name: s.Grants.PodName, Labels: map[string]string{"application": "skupper-controller", "pod-template-hash": "5d4f8c9b7"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "skupper-controller-5d4f8c9b7", UID: "u"}}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "controller", Image: "x"}}}})
	sa := await(t, &v2alpha1.SecuredAccess{}, s.Own, "skupper-grant-server", func(*v2alpha1.SecuredAccess) bool { return true })
	if len(sa.Spec.Selector) != 1 || sa.Spec.Selector["application"] != "skupper-controller" || sa.Spec.Ports[0].Port != s.Grants.Port || sa.Spec.Ports[0].Name != "https" || len(sa.OwnerReferences) != 1 {
		t.Errorf("got %+v, %v", sa.Spec, sa.OwnerReferences)
	}
	pending("no address yet")
	balance(t, s.Own, "skupper-grant-server", corev1.LoadBalancerIngress{IP: "127.0.0.1"})
	at := func(host string) func(*v2alpha1.AccessGrant) bool {
		return func(g *v2alpha1.AccessGrant) bool {
			return g.IsReady() && strings.HasPrefix(g.Status.URL, "https://"+net.JoinHostPort(host, strconv.Itoa(s.Grants.Port))+"/")
		}
	}
	g := await(t, &v2alpha1.AccessGrant{}, ns, "g", at("127.0.0.1"))
	redeem(t, g, "tok", "east")
	balance(t, s.Own, "skupper-grant-server", corev1.LoadBalancerIngress{IP: "127.0.0.2"})
	redeem(t, await(t, &v2alpha1.AccessGrant{}, ns, "g", at("127.0.0.2")), "tok", "east")
	old := g.Status.CA
	if err := admin.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Own, Name: "skupper-grant-server-ca"}}); err != nil {
		t.Fatal(err)
	}
	g = await(t, &v2alpha1.AccessGrant{}, ns, "g", func(g *v2alpha1.AccessGrant) bool { return g.IsReady() && g.Status.CA != old })
	redeem(t, g, "tok", "east")
	change(t, &v2alpha1.SecuredAccess{}, s.Own, "skupper-grant-server", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = "local" })
	await(t, &v2alpha1.AccessGrant{}, ns, "g", at("skupper-grant-server."+s.Own))
	if err := admin.Delete(t.Context(), &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Namespace: s.Own, Name: "skupper-grant-server"}}); err != nil {
		t.Fatal(err)
	}
	await(t, &v2alpha1.SecuredAccess{}, s.Own, "skupper-grant-server", func(n *v2alpha1.SecuredAccess) bool { return n.UID != sa.UID })
}

// A Secret of the server's name in a namespace of users is no matter of the server.
func TestServerCredentialsElsewhereAreNobodys(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	if err := makeServerCredentials(t.Context(), ns, "evil.example"); err != nil {
		t.Fatal(err)
	}
	newSite(t, ns)
	redeem(t, newGrant(t, ns, "g", 1), "tok", "east")
}
