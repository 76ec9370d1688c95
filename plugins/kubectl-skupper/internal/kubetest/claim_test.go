//go:build kube

package kubetest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

func redeemed(t *v2alpha1.AccessToken) bool { return t.Status.Redeemed }

// foreign is a grant server of another make: no causes, no certificate requests, keys made by the server.
type foreign struct {
	*httptest.Server
	ca      pki.Pair
	claims  atomic.Int64
	subject atomic.Value
}

// newForeign starts one that answers with answer, or, if that is nil, with credentials.
func newForeign(t *testing.T, version uint16, answer http.HandlerFunc) *foreign {
	t.Helper()
	now := time.Now()
	f := &foreign{}
	var err error
	if f.ca, err = pki.NewP256CA("skupper-grant-server-ca", now); err != nil {
		t.Fatal(err)
	}
	p, err := pki.Issue(f.ca, pki.Request{Subject: "skupper-grant-server", Hosts: []string{"127.0.0.1"}}, now)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := p.TLS()
	if err != nil {
		t.Fatal(err)
	}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.claims.Add(1)
		f.subject.Store(r.Header.Get("subject"))
		if answer != nil {
			answer(w, r)
			return
		}
		f.grant(w, r.Header.Get("name"), r.Header.Get("subject"))
	}))
	f.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version}
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

// grant answers as the upstream server does: a Secret and one Link.
func (f *foreign) grant(w io.Writer, name, subject string) {
	p, err := pki.Issue(f.ca, pki.Request{Subject: subject, Hosts: []string{"10.0.0.1", "10.0.0.1"}}, time.Now())
	if err != nil {
		return
	}
	secret, _ := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": map[string]any{"creationTimestamp": nil, "name": name},
		"data": map[string][]byte{"ca.crt": p.CA, "tls.crt": p.Cert, "tls.key": p.Key}})
	link, _ := yaml.Marshal(map[string]any{"apiVersion": "skupper.io/v2alpha1", "kind": "Link", "metadata": map[string]any{"creationTimestamp": nil, "name": name},
		"spec": map[string]any{"endpoints": []any{map[string]any{"group": "skupper-router", "host": "10.0.0.1", "name": "inter-router", "port": "55671"}}, "tlsCredentials": name}, "status": map[string]any{}})
	fmt.Fprintf(w, "---\n%s---\n%s", secret, link)
}

func (f *foreign) token(namespace, name string) *v2alpha1.AccessToken {
	return &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v2alpha1.AccessTokenSpec{URL: f.URL + "/6f1f6dbe", Code: "abcdefghijklmnopqrstuvwx", CA: string(f.ca.Cert)}}
}

func journals(t *testing.T, namespace string) (n int) {
	t.Helper()
	var list corev1.SecretList
	if err := admin.List(t.Context(), &list, inNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Items {
		if strings.HasPrefix(s.Name, "skupper-claim-") {
			n++
		}
	}
	return n
}

func TestG43TokenOfAForeignServer(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	site := newSite(t, ns)
	create(t, f.token(ns, "tok"))
	tok := await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	if tok.Status.StatusType != v2alpha1.StatusReady || tok.Status.Message != "OK" || !tok.Status.IsTrue("Redeemed") {
		t.Errorf("got %+v", tok.Status)
	}
	if f.subject.Load() != string(site.UID) {
		t.Errorf("subject %v, want %s", f.subject.Load(), site.UID)
	}
	s := await(t, &corev1.Secret{}, ns, "tok", func(*corev1.Secret) bool { return true })
	if err := pki.Verify(pairOf(s), time.Now()); err != nil || s.Type != corev1.SecretTypeTLS {
		t.Errorf("%s, %v", s.Type, err)
	}
	for end := time.Now().Add(patience); journals(t, ns) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the journal is left")
		}
	}
}

func TestG53CostAndG54Owner(t *testing.T) {
	t.Parallel()
	granting, claiming := newNamespace(t, base.Prefix), newNamespace(t, base.Prefix)
	newSite(t, granting, "skupper-router", "skupper-router-2")
	site := newSite(t, claiming)
	newToken(t, claiming, "tok", newGrant(t, granting, "g", 1), 7)
	await(t, &v2alpha1.AccessToken{}, claiming, "tok", redeemed)
	owned := func(what string, refs []metav1.OwnerReference) {
		t.Helper()
		if len(refs) != 1 || refs[0].Kind != "Site" || refs[0].APIVersion != "skupper.io/v2alpha1" || refs[0].UID != site.UID || refs[0].Name != site.Name {
			t.Errorf("%s: owners %+v", what, refs)
		}
	}
	for _, name := range []string{"tok-1", "tok-2"} {
		l := await(t, &v2alpha1.Link{}, claiming, name, func(*v2alpha1.Link) bool { return true })
		if l.Spec.Cost != 7 || l.Spec.TLSCredentials != "tok" || len(l.Labels) != 0 {
			t.Errorf("%s: %+v", name, l)
		}
		owned(name, l.OwnerReferences)
	}
	s := await(t, &corev1.Secret{}, claiming, "tok", func(*corev1.Secret) bool { return true })
	owned("tok", s.OwnerReferences)
}

func TestG51WhatIsRefused(t *testing.T) {
	t.Parallel()
	good := newForeign(t, 0, nil)
	old := newForeign(t, tls.VersionTLS12, nil)
	moved := newForeign(t, 0, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good.URL+"/x", http.StatusFound) })
	garbled := newForeign(t, 0, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello: [") })
	denied := newForeign(t, 0, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Redemption of access token refused", http.StatusForbidden)
	})
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	for _, tt := range []struct {
		name   string
		server *foreign
		change func(*v2alpha1.AccessToken)
		want   string
	}{
		{"no-ca", good, func(a *v2alpha1.AccessToken) { a.Spec.CA = "" }, "token does not have a CA"},
		{"http", good, func(a *v2alpha1.AccessToken) { a.Spec.URL = "http" + strings.TrimPrefix(a.Spec.URL, "https") }, "token url scheme must be https"},
		{"no-url", good, func(a *v2alpha1.AccessToken) { a.Spec.URL = "https://a b/%" }, "could not parse token url: "},
		{"other-ca", good, func(a *v2alpha1.AccessToken) { a.Spec.CA = string(old.ca.Cert) }, "Controller got error: "},
		{"old-tls", old, nil, "Controller got error: "},
		{"moved", moved, nil, "Controller got failed response: 302 (Found) "},
		{"denied", denied, nil, "Controller got failed response: 403 (Forbidden) Redemption of access token refused"},
		{"garbled", garbled, nil, "Controller could not decode response"},
	} {
		tok := tt.server.token(ns, tt.name)
		if tt.change != nil {
			tt.change(tok)
		}
		create(t, tok)
		got := await(t, &v2alpha1.AccessToken{}, ns, tt.name, failed)
		if !strings.HasPrefix(got.Status.Message, tt.want) || got.Status.Redeemed {
			t.Errorf("%s: %+v, want %q", tt.name, got.Status, tt.want)
		}
		if get(t, &corev1.Secret{}, ns, tt.name) || get(t, &v2alpha1.Link{}, ns, tt.name) {
			t.Errorf("%s: something was made", tt.name)
		}
	}
	if n := good.claims.Load(); n != 0 {
		t.Errorf("a redirect, or worse, was followed: %d claims", n)
	}
	if n := denied.claims.Load(); n != 1 {
		t.Errorf("who refused was asked %d times at once", n)
	}
}

func TestG52FailureIsRetried(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	addr := freePort()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	tok := f.token(ns, "tok")
	tok.Spec.URL = fmt.Sprintf("https://127.0.0.1:%d/x", addr)
	create(t, tok)
	got := await(t, &v2alpha1.AccessToken{}, ns, "tok", failed)
	if !strings.Contains(got.Status.Message, "nothing listens at") {
		t.Errorf("got %+v", got.Status)
	}
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", addr))
	if err != nil {
		t.Fatal(err)
	}
	late := &http.Server{Handler: f.Config.Handler, TLSConfig: f.TLS.Clone()}
	ended := make(chan error, 1)
	go func() { ended <- late.ServeTLS(ln, "", "") }()
	t.Cleanup(func() { late.Close(); <-ended })
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
}

func TestTokenWaitsForASite(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	create(t, f.token(ns, "tok"))
	got := await(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) bool { return a.Status.Message != "" })
	if got.Status.StatusType != v2alpha1.StatusPending || got.Status.Message != "No active site in namespace" {
		t.Errorf("got %+v", got.Status)
	}
	newSite(t, ns)
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
}

// TestG55RedeemedIsRedeemed has a token whose site is made anew: it is not redeemed for that.
func TestG55RedeemedIsRedeemed(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	site := newSite(t, ns)
	create(t, f.token(ns, "tok"))
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	if err := admin.Delete(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	changeStatus(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) { a.SetRedeemedForDeletedSite(time.Now()) })
	create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "site"}})
	create(t, f.token(ns, "fresh"))
	await(t, &v2alpha1.AccessToken{}, ns, "fresh", redeemed)
	got := await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	if n := f.claims.Load(); n != 2 || got.Status.Message != "Already redeemed for a deleted site" {
		t.Errorf("%d claims; %+v", n, got.Status)
	}
}

func TestWhatIsInTheWayOfARedemption(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok"}, StringData: map[string]string{"password": "x"}})
	create(t, f.token(ns, "tok"))
	got := await(t, &v2alpha1.AccessToken{}, ns, "tok", failed)
	if !strings.HasPrefix(got.Status.Message, `Controller could not create received secret: secrets "tok" already exists`) {
		t.Errorf("got %+v", got.Status)
	}
	if err := admin.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok"}}); err != nil {
		t.Fatal(err)
	}
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	if n := f.claims.Load(); n != 1 {
		t.Errorf("%d claims: what had come was thrown away", n)
	}
}

// TestHalfARedemptionIsAdopted has a Secret and a Link from a redemption that was cut off, by this or another implementation.
func TestHalfARedemptionIsAdopted(t *testing.T) {
	t.Parallel()
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	site := newSite(t, ns)
	owner := []metav1.OwnerReference{{APIVersion: "skupper.io/v2alpha1", Kind: "Site", Name: site.Name, UID: site.UID}}
	s := secretOf(ns, "tok", f.ca)
	s.OwnerReferences = owner
	create(t, s)
	create(t, &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok", OwnerReferences: owner}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "edge"}}}})
	create(t, f.token(ns, "tok"))
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
	l := await(t, &v2alpha1.Link{}, ns, "tok", func(*v2alpha1.Link) bool { return true })
	if l.Spec.TLSCredentials != "tok" || l.Spec.Endpoints[0].Host != "10.0.0.1" {
		t.Errorf("got %+v", l.Spec)
	}
}
