package grantserver

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crypto/x509"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
)

// The rows that claimants of other implementations rely on, body and status to the letter.
func TestAnswers(t *testing.T) {
	fails := func(err error) func(*stage) {
		return func(s *stage) { s.err = func() error { return err } }
	}
	with := func(f func(*grant.Grant)) func(*stage) { return func(s *stage) { s.change("u", f) } }
	for _, tt := range []struct {
		name         string
		change       func(*stage)
		method, path string
		code         string
		header       []string
		status       int
		body         string
		cause        grant.Cause
	}{
		{name: "GET", method: http.MethodGet, status: 405, body: "Only POST is supported\n"},
		{name: "PUT", method: http.MethodPut, status: 405, body: "Only POST is supported\n"},
		{name: "body too long", code: strings.Repeat("x", 1025), status: 400, body: "Request body not valid\n"},
		{name: "body just not too long", code: strings.Repeat("x", 1024), status: 403, body: "Redemption of access token refused\n", cause: grant.Refused},
		{name: "unknown", path: "/v", status: 404, body: "No such claim\n", cause: grant.Unknown},
		{name: "no path", path: "/", status: 404, body: "No such claim\n", cause: grant.Unknown},
		{name: "path of 254", path: "/" + strings.Repeat("u", 254), status: 404, body: "No such claim\n", cause: grant.Unknown},
		{name: "no expiry", change: with(func(g *grant.Grant) { g.ExpiresAt = time.Time{} }), status: 500, body: "Corrupted claim\n", cause: grant.Corrupted},
		{name: "expired", change: with(func(g *grant.Grant) { g.ExpiresAt = time.Now().Add(-time.Second) }), status: 404, body: "No such claim\n", cause: grant.Expired},
		{name: "expired and wrong", code: "x", change: with(func(g *grant.Grant) { g.ExpiresAt = time.Now().Add(-time.Second) }), status: 404, body: "No such claim\n", cause: grant.Expired},
		{name: "used up", change: with(func(g *grant.Grant) { g.Redeemed = 1 }), status: 404, body: "No such access granted\n", cause: grant.UsedUp},
		{name: "used up and wrong", code: "x", change: with(func(g *grant.Grant) { g.Redeemed = 1 }), status: 404, body: "No such access granted\n", cause: grant.UsedUp},
		{name: "wrong code", code: "x", status: 403, body: "Redemption of access token refused\n", cause: grant.Refused},
		{name: "line break", code: code + "\n", status: 403, body: "Redemption of access token refused\n", cause: grant.Refused},
		{name: "no code", code: " ", status: 403, body: "Redemption of access token refused\n", cause: grant.Refused},
		{name: "lookup fails", change: func(s *stage) { s.down = errors.New("etcd is gone") }, status: 503, body: "Internal error\n", cause: grant.Internal},
		{name: "count fails", change: func(s *stage) { s.write = func() error { return errors.New("etcd is gone") } }, status: 503, body: "Internal error\n", cause: grant.Internal},
		{name: "no site", change: fails(grant.NoSite), status: 500, body: "Site not yet defined for west\n", cause: grant.NoSite},
		{name: "no issuer", change: fails(fmt.Errorf("secret x: %w", grant.NoIssuer)), status: 500, body: "Could not get issuer for requested certificate\n", cause: grant.NoIssuer},
		{name: "no endpoints", change: func(s *stage) { s.endpoints = nil }, status: 500, body: "No valid endpoints found for site\n", cause: grant.NoEndpoints},
		{name: "edge", change: fails(grant.Edge), status: 500, body: "Edge sites cannot accept incoming links from remote sites\n", cause: grant.Edge},
		{name: "issue fails", change: fails(errors.New("secret key xyz")), status: 500, body: "Internal error\n", cause: grant.Internal},
		{name: "bad name", header: []string{"name", "bad name/../x"}, status: 400, body: "Header name not valid\n", cause: grant.BadName},
		{name: "name of 250", header: []string{"name", strings.Repeat("n", 250)}, status: 400, body: "Header name not valid\n", cause: grant.BadName},
		{name: "name of 249", header: []string{"name", strings.Repeat("n", 249)}, status: 200},
		{name: "bad subject", header: []string{"subject", "a,CN=b"}, status: 400, body: "Header subject not valid\n", cause: grant.BadName},
		{name: "CSR is no base64", header: []string{"skupper-csr", "!"}, status: 400, body: "Certificate request not valid\n", cause: grant.BadCSR},
		{name: "CSR is none", header: []string{"skupper-csr", "aGVsbG8="}, status: 400, body: "Certificate request not valid\n", cause: grant.BadCSR},
		{name: "right", status: 200},
		{name: "trailing slash", path: "/u/", status: 200},
		{name: "extra headers", header: []string{"x-other", "y", "content-type", "text/yaml"}, status: 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, Options{})
			if tt.change != nil {
				tt.change(s)
			}
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			if tt.path == "" {
				tt.path = "/u"
			}
			if tt.code == "" {
				tt.code = code
			}
			before := s.get("u").Redeemed
			got := s.send(t, tt.method, tt.path, tt.code, tt.header...)
			if got.status != tt.status || tt.body != "" && got.body != tt.body || got.cause != tt.cause {
				t.Errorf("got %d %q (%s), want %d %q (%s)", got.status, got.body, got.cause, tt.status, tt.body, tt.cause)
			}
			if ct := got.header.Get("Content-Type"); ct != "text/plain; charset=utf-8" {
				t.Errorf("content type %q", ct)
			}
			counted := s.get("u").Redeemed - before
			if want := map[bool]int{true: 1}[tt.status == 200]; counted != want {
				t.Errorf("counted %d, want %d", counted, want)
			}
			if log := s.logs.String(); strings.Contains(log, code) || strings.Contains(log, "PRIVATE") {
				t.Errorf("log shows a secret: %s", log)
			}
			if (got.cause == grant.Expired) != (got.header.Get("skupper-expired") != "") {
				t.Errorf("skupper-expired is %q", got.header.Get("skupper-expired"))
			}
		})
	}
}

func decode(t *testing.T, body string) (*v2alpha1.Secret, []*v2alpha1.Link) {
	t.Helper()
	docs, err := manifest.Read(strings.NewReader(body), "answer")
	if err != nil || len(docs) < 2 || !strings.HasPrefix(body, "---\n") {
		t.Fatalf("%v in\n%s", err, body)
	}
	secret, ok := docs[0].Object.(*v2alpha1.Secret)
	if !ok {
		t.Fatalf("first document is a %s", docs[0].Kind)
	}
	var links []*v2alpha1.Link
	for _, d := range docs[1:] {
		links = append(links, d.Object.(*v2alpha1.Link))
	}
	return secret, links
}

func pairOf(s *v2alpha1.Secret) pki.Pair {
	return pki.Pair{CA: s.Data["ca.crt"], Cert: s.Data["tls.crt"], Key: s.Data["tls.key"]}
}

// A claimant that knows nothing of our headers gets a key, and credentials with which a router can connect.
func TestLegacyClaimant(t *testing.T) {
	s := newStage(t, Options{})
	secret, links := decode(t, s.send(t, "POST", "/u", code, "name", "tok", "subject", "6a1b-site").body)
	if secret.Name != "tok" || secret.Type != "kubernetes.io/tls" || secret.Namespace != "" || len(secret.Data) != 3 {
		t.Errorf("secret %+v", secret)
	}
	if err := pki.Verify(pairOf(secret), time.Now()); err != nil {
		t.Error(err)
	}
	m, err := pki.Parse(pairOf(secret))
	if err != nil {
		t.Fatal(err)
	}
	leaf := m.Chain[0]
	if leaf.Subject.CommonName != "6a1b-site" || !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) || m.Key == nil {
		t.Errorf("certificate for %s, usage %v, key %v", leaf.Subject, leaf.ExtKeyUsage, m.Key != nil)
	}
	if slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || len(leaf.DNSNames)+len(leaf.IPAddresses) > 0 {
		t.Error("the claimant could pass itself off as the granting site")
	}
	if string(secret.Data["ca.crt"]) != string(s.ca.Cert) {
		t.Error("ca.crt is not the issuer's certificate")
	}
	if len(links) != 1 || links[0].Name != "tok" || links[0].Spec.TLSCredentials != "tok" || links[0].Spec.Cost != 0 || len(links[0].Spec.Endpoints) != 2 {
		t.Errorf("links %+v", links)
	}
	if c := s.get("u").Claims; len(c) != 1 || c[0].Name != "tok" || c[0].Subject != "6a1b-site" || c[0].Fingerprint != "" || c[0].Serial != leaf.SerialNumber.Text(16) {
		t.Errorf("claims %+v", c)
	}
}

func TestDefaultNames(t *testing.T) {
	s := newStage(t, Options{})
	secret, _ := decode(t, s.send(t, "POST", "/u", code).body)
	m, err := pki.Parse(pairOf(secret))
	if err != nil || secret.Name != "g" || m.Chain[0].Subject.CommonName != "g" {
		t.Errorf("secret %s, %v", secret.Name, err)
	}
}

func TestLinkForEachRouter(t *testing.T) {
	s := newStage(t, Options{})
	s.endpoints = append(endpointsOf("skupper-router", "a.example"), endpointsOf("skupper-router-2", "b.example")...)
	s.endpoints = append(s.endpoints,
		v2alpha1.Endpoint{Name: "metrics", Host: "a.example", Port: "1", Group: "skupper-router"},
		v2alpha1.Endpoint{Name: "edge", Host: "", Port: "1", Group: "pending"})
	_, links := decode(t, s.send(t, "POST", "/u", code, "name", "tok").body)
	if len(links) != 2 || links[0].Name != "tok-1" || links[1].Name != "tok-2" {
		t.Fatalf("links %+v", links)
	}
	for i, host := range []string{"a.example", "b.example"} {
		if e := links[i].Spec.Endpoints; len(e) != 2 || e[0].Host != host || links[i].Spec.TLSCredentials != "tok" {
			t.Errorf("link %d: %+v", i, links[i].Spec)
		}
	}
}

func csrHeader(t *testing.T) string {
	t.Helper()
	csr, _, err := pki.NewCSR("claimant")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(csr)
	return base64.StdEncoding.EncodeToString(block.Bytes)
}

// A claimant with a key of its own is served again for the same use; nobody else is.
func TestOwnKeyServedAgain(t *testing.T) {
	s := newStage(t, Options{})
	mine, other := csrHeader(t), csrHeader(t)
	var serials []string
	for range 3 {
		secret, _ := decode(t, s.send(t, "POST", "/u", code, "name", "tok", "skupper-csr", mine).body)
		if len(secret.Data["tls.key"]) != 0 {
			t.Error("a key came back")
		}
		m, err := pki.Parse(pairOf(secret))
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, m.Chain[0].SerialNumber.String())
	}
	if serials[0] == serials[1] {
		t.Error("the certificate is not fresh")
	}
	if got := s.get("u").Redeemed; got != 1 {
		t.Errorf("counted %d", got)
	}
	for name, h := range map[string][]string{"other key": {"skupper-csr", other}, "no key": nil} {
		if got := s.send(t, "POST", "/u", code, h...); got.cause != grant.UsedUp {
			t.Errorf("%s: %d %s", name, got.status, got.cause)
		}
	}
	if got := s.send(t, "POST", "/u", "x", "skupper-csr", mine); got.status != 404 {
		t.Errorf("right key, wrong code: %d", got.status)
	}
	s.change("u", func(g *grant.Grant) { g.ExpiresAt = time.Now().Add(-time.Second) })
	if got := s.send(t, "POST", "/u", code, "skupper-csr", mine); got.cause != grant.Expired {
		t.Errorf("after the expiry: %d %s", got.status, got.cause)
	}
}

// PEM is accepted in the header too.
func TestCSRAsPEM(t *testing.T) {
	s := newStage(t, Options{})
	csr, _, err := pki.NewCSR("claimant")
	if err != nil {
		t.Fatal(err)
	}
	got := s.send(t, "POST", "/u", code, "skupper-csr", base64.StdEncoding.EncodeToString(csr))
	if got.status != 200 || s.get("u").Claims[0].Fingerprint == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A failed issue, or a failed write, gives the use to whoever waits for it.
func TestFailureGivesTheUseBack(t *testing.T) {
	s := newStage(t, Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	s.err = func() error {
		if calls.Add(1) == 1 {
			close(entered)
			<-release
			return errors.New("no entropy")
		}
		return nil
	}
	var wg sync.WaitGroup
	var first, second reply
	wg.Go(func() { first, _ = s.try("POST", "/u", code) })
	<-entered
	wg.Go(func() { second, _ = s.try("POST", "/u", code) })
	time.Sleep(50 * time.Millisecond) // the second waits
	close(release)
	wg.Wait()
	if first.status != 500 || second.status != 200 || s.get("u").Redeemed != 1 {
		t.Errorf("first %d, second %d, counted %d", first.status, second.status, s.get("u").Redeemed)
	}
}

// Another server counts the same grant at the same time.
func TestCountedElsewhere(t *testing.T) {
	s := newStage(t, Options{})
	s.change("u", func(g *grant.Grant) { g.Allowed = 3 })
	var others atomic.Int32
	s.err = func() error { // between lookup and confirm
		if others.Add(1) == 1 {
			s.change("u", func(g *grant.Grant) { g.Redeemed++ })
		}
		return nil
	}
	if got := s.send(t, "POST", "/u", code); got.status != 200 || s.get("u").Redeemed != 2 {
		t.Errorf("%d, counted %d", got.status, s.get("u").Redeemed)
	}
	others.Store(0)
	if got := s.send(t, "POST", "/u", code); got.cause != grant.UsedUp || s.get("u").Redeemed != 3 {
		t.Errorf("%d %s, counted %d", got.status, got.cause, s.get("u").Redeemed)
	}
	s.change("u", func(g *grant.Grant) { g.Allowed = 9 })
	s.write = func() error { return fault.New(fault.Conflict, "always somebody", "") }
	if got := s.send(t, "POST", "/u", code); got.status != 503 || got.cause != grant.Busy {
		t.Errorf("%d %s", got.status, got.cause)
	}
}
