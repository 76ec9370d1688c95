package redeem

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// granter is a granting site: a real grant server behind a handler that a test may put something before.
type granter struct {
	ca       pki.Pair // of the grant server
	site     pki.Pair // CA of the site
	server   *grantserver.Server
	srv      *httptest.Server
	token    token.Token
	mu       sync.Mutex
	grant    grant.Grant
	requests atomic.Int64
	before   func(w http.ResponseWriter, r *http.Request, next http.Handler) // nil: straight to the server
}

func (g *granter) Grant(_ context.Context, uid string) (grant.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if uid != g.grant.UID {
		return grant.Grant{}, fault.New(fault.Missing, "no such grant", "")
	}
	return g.grant, nil
}

func (g *granter) Confirm(_ context.Context, _ string, r grant.Redemption) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.grant.Redeemed != r.Before() {
		return fault.New(fault.Conflict, "counted by others", "")
	}
	g.grant.Redeemed = r.Count
	g.grant.Claims = append(g.grant.Claims[:len(g.grant.Claims):len(g.grant.Claims)], r.Claims...)
	return nil
}

func (g *granter) Issue(_ context.Context, _ grant.Grant, _, subject string, csr []byte) (grantserver.Credentials, error) {
	return new(grantserver.Signer).Sign(g.site, subject, csr, []v2alpha1.Endpoint{
		{Name: "inter-router", Host: "10.0.0.1", Port: "55671", Group: "skupper-router"},
		{Name: "edge", Host: "10.0.0.1", Port: "45671", Group: "skupper-router"}}, 0, time.Now())
}

func (g *granter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.requests.Add(1)
	if g.before != nil {
		g.before(w, r, g.server)
		return
	}
	g.server.ServeHTTP(w, r)
}

func (g *granter) redeemed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grant.Redeemed
}

// settings of a granter.
type settings struct {
	hosts    []string // of the server's certificate; nil: the right ones
	issued   time.Time
	validity time.Duration // 0: a day
	tls      func(*tls.Config)
}

func newGranter(t testing.TB, set settings) *granter {
	t.Helper()
	now := time.Now()
	if set.issued.IsZero() {
		set.issued = now
	}
	if set.validity == 0 {
		set.validity = 24 * time.Hour
	}
	if set.hosts == nil {
		set.hosts = []string{"127.0.0.1"}
	}
	g := &granter{grant: grant.Grant{UID: "u", Name: "g", Namespace: "west", Code: token.NewCode(), Allowed: 1, ExpiresAt: now.Add(time.Hour)}}
	var err1, err2 error
	g.ca, err1 = pki.NewP256CA("skupper-grant-server-ca", set.issued)
	g.site, err2 = pki.NewP256CA("skupper-site-ca", now)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	pair, err := pki.Issue(g.ca, pki.Request{Subject: "skupper-grant-server", Hosts: set.hosts, Validity: set.validity}, set.issued)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pair.TLS()
	if err != nil {
		t.Fatal(err)
	}
	g.server = grantserver.New(g, g, grantserver.Options{})
	g.srv = httptest.NewUnstartedServer(g)
	g.srv.Config.ErrorLog = nil
	g.srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}
	if set.tls != nil {
		set.tls(g.srv.TLS)
	}
	g.srv.Config.ErrorLog = quiet()
	g.srv.StartTLS()
	t.Cleanup(g.srv.Close)
	g.token = token.Token{Name: "tok", URL: g.srv.URL + "/u", Code: g.grant.Code, CA: string(g.ca.Cert), LinkCost: 3, ExpiresAt: g.grant.ExpiresAt}
	return g
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestRedeem(t *testing.T) {
	g := newGranter(t, settings{})
	dir := Dir(filepath.Join(t.TempDir(), "pending"))
	var kept Result
	c := &Client{Pending: dir}
	res, err := c.Redeem(within(t, 5*time.Second), time.Now(), g.token, "east", func(_ context.Context, r Result) error {
		files, err := os.ReadDir(string(dir))
		if err != nil || len(files) != 1 {
			t.Errorf("while the result is stored: %v, %v", files, err)
		} else if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key file: %v, %v", info, err)
		}
		kept = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if kept.Secret != res.Secret || !res.OwnKey || res.Secret.Name != "tok" || res.Secret.Type != "kubernetes.io/tls" {
		t.Errorf("got %+v", res.Secret)
	}
	pair := pki.Pair{CA: res.Secret.Data["ca.crt"], Cert: res.Secret.Data["tls.crt"], Key: res.Secret.Data["tls.key"]}
	if err := pki.Verify(pair, time.Now()); err != nil {
		t.Error(err)
	}
	if m, err := pki.Parse(pair); err != nil || m.Chain[0].Subject.CommonName != "east" || m.Key == nil {
		t.Errorf("certificate: %v", err)
	}
	if len(res.Links) != 1 || res.Links[0].Name != "tok" || res.Links[0].Spec.Cost != 3 || res.Links[0].Spec.TLSCredentials != "tok" || len(res.Links[0].Spec.Endpoints) != 2 {
		t.Errorf("links %+v", res.Links)
	}
	if files, err := os.ReadDir(string(dir)); err != nil || len(files) != 0 {
		t.Errorf("afterwards: %v, %v", files, err)
	}
	if claims := g.grant.Claims; len(claims) != 1 || claims[0].Subject != "east" || claims[0].Fingerprint == "" {
		t.Errorf("claims %+v", claims)
	}
}

// Against a server that passes over our header, the key it made is taken.
func TestOtherServer(t *testing.T) {
	g := newGranter(t, settings{})
	g.before = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("skupper-csr")
		if r.Header.Get("subject") != "" || r.Header.Get("name") != "tok" {
			t.Errorf("headers %v", r.Header)
		}
		next.ServeHTTP(w, r)
	}
	res, err := (&Client{}).Redeem(within(t, 5*time.Second), time.Now(), g.token, "", nil)
	if err != nil || res.OwnKey || len(res.Secret.Data["tls.key"]) == 0 {
		t.Errorf("got %+v, %v", res, err)
	}
}

// Wherever it is cut off, doing it again completes it, and one use is counted.
func TestCutOff(t *testing.T) {
	store := errors.New("disk full")
	for name, tt := range map[string]struct {
		before func(calls int64, w http.ResponseWriter, r *http.Request, next http.Handler)
		keep   error
	}{
		"before the server looks": {before: func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n == 1 {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		}},
		"after it counted": {before: func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n == 1 {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		}},
		"within the answer": {before: func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			if n == 1 {
				w.Header().Set("Content-Length", "5000")
				_, _ = w.Write(rec.Body.Bytes()[:100])
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(rec.Body.Bytes())
		}},
		"while the result is stored": {keep: store},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGranter(t, settings{})
			if tt.before != nil {
				g.before = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					tt.before(g.requests.Load(), w, r, next)
				}
			}
			c := &Client{Pending: Dir(t.TempDir())}
			// The first process ends at the first failure.
			ctx, cancel := context.WithCancel(t.Context())
			first := *c
			first.Progress = func(error, time.Duration) { cancel() }
			_, err := first.Redeem(ctx, time.Now(), g.token, "east", func(context.Context, Result) error { return tt.keep })
			cancel()
			if err == nil || tt.keep != nil && !errors.Is(err, tt.keep) {
				t.Fatalf("the first time: %v", err)
			}
			// The second is told the same token.
			res, err := c.Redeem(within(t, 5*time.Second), time.Now(), g.token, "east", nil)
			if err != nil || !res.OwnKey || g.redeemed() != 1 {
				t.Errorf("the second time: %v, counted %d", err, g.redeemed())
			}
		})
	}
}

func TestRetries(t *testing.T) {
	g := newGranter(t, settings{})
	g.before = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if g.requests.Load() < 3 {
			http.Error(w, "Internal error", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	}
	var told []error
	c := &Client{Progress: func(err error, _ time.Duration) { told = append(told, err) }}
	if _, err := c.Redeem(within(t, 10*time.Second), time.Now(), g.token, "east", nil); err != nil || len(told) != 2 || g.requests.Load() != 3 {
		t.Errorf("got %v after %d requests, told %v", err, g.requests.Load(), told)
	}
	if f := (*Failure)(nil); !errors.As(told[0], &f) || f.Cause != grant.Busy || f.Final {
		t.Errorf("told %+v", told[0])
	}
}

// Two processes that redeem the same file at once share the key, and the use.
func TestSameTokenTwiceAtOnce(t *testing.T) {
	g := newGranter(t, settings{})
	c := &Client{Pending: Dir(t.TempDir())}
	var wg sync.WaitGroup
	hold := make(chan struct{})
	var stored atomic.Int32
	for range 4 {
		wg.Go(func() {
			_, err := c.Redeem(within(t, 20*time.Second), time.Now(), g.token, "east", func(context.Context, Result) error {
				if stored.Add(1) == 4 {
					close(hold)
				}
				<-hold
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if g.redeemed() != 1 {
		t.Errorf("counted %d", g.redeemed())
	}
}

func TestDir(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "a", "b"))
	const id = "0123456789abcdef0123456789abcdef"
	if err := d.Forget(t.Context(), id); err != nil {
		t.Errorf("forget nothing: %v", err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for i := range 20 {
		wg.Go(func() {
			got, err := d.Keep(t.Context(), id, bytes.Repeat([]byte{byte('a' + i)}, 2000))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[string(got)]++
		})
	}
	wg.Wait()
	for k := range seen {
		if len(seen) != 1 || len(k) != 2000 {
			t.Errorf("%d different keys, one of %d octets", len(seen), len(k))
		}
	}
	info, err := os.Stat(string(d))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory %v, %v", info, err)
	}
	if err := d.Forget(t.Context(), id); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(string(d)); err != nil || len(files) != 0 {
		t.Errorf("left over: %v, %v", files, err)
	}
	if _, err := d.Keep(t.Context(), "../../x", []byte("k")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(string(d), "x.key")); err != nil {
		t.Errorf("an id led out of the directory: %v", err)
	}
}

func TestPendingID(t *testing.T) {
	a := token.Token{Name: "n", URL: "u", Code: "c"}
	ids := map[string]bool{}
	for _, tok := range []token.Token{a, {Name: "n", URL: "u", Code: "d"}, {Name: "n", URL: "uc"}, {Name: "nu", Code: "c"}} {
		ids[pendingID(tok)] = true
	}
	b := a
	b.LinkCost, b.CA = 7, "other"
	if len(ids) != 4 || pendingID(a) != pendingID(b) || len(pendingID(a)) != 32 {
		t.Errorf("ids %v", ids)
	}
}

func TestBadArguments(t *testing.T) {
	g := newGranter(t, settings{})
	bad := g.token
	bad.CA, bad.URL = "", "http://h/x"
	for name, f := range map[string]func() error{
		"token":   func() error { _, err := (&Client{}).Redeem(t.Context(), time.Now(), bad, "", nil); return err },
		"subject": func() error { _, err := (&Client{}).Redeem(t.Context(), time.Now(), g.token, "A B", nil); return err },
	} {
		if err := f(); fault.KindOf(err) != fault.Usage || g.requests.Load() != 0 {
			t.Errorf("%s: %v after %d requests", name, err, g.requests.Load())
		}
	}
}

func body(r *http.Request) string {
	b, _ := io.ReadAll(r.Body)
	return string(b)
}
