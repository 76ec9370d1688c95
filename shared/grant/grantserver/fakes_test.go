package grantserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const code = "ABCDEFGHIJKLMNOPQRSTUVWX"

// shelf keeps grants in memory, as strictly as the port asks for.
type shelf struct {
	mu     sync.Mutex
	grants map[string]grant.Grant
	down   error        // returned by Grant
	write  func() error // asked before each Confirm; nil: no trouble
}

func (s *shelf) Grant(_ context.Context, uid string) (grant.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants[uid]
	switch {
	case s.down != nil:
		return g, s.down
	case !ok:
		return g, fault.New(fault.Missing, "no grant "+uid, "")
	}
	return g, nil
}

func (s *shelf) Confirm(_ context.Context, uid string, r grant.Redemption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[uid]
	if g.Redeemed != r.Before() {
		return fault.New(fault.Conflict, "counted by others", "")
	}
	if s.write != nil {
		if err := s.write(); err != nil {
			return err
		}
	}
	g.Redeemed = r.Count
	g.Claims = append(g.Claims[:len(g.Claims):len(g.Claims)], r.Claims...)
	s.grants[uid] = g
	return nil
}

func (s *shelf) get(uid string) grant.Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grants[uid]
}

func (s *shelf) change(uid string, f func(*grant.Grant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[uid]
	f(&g)
	s.grants[uid] = g
}

// site issues as a granting site does.
type site struct {
	ca        pki.Pair
	endpoints []v2alpha1.Endpoint
	err       func() error // asked before each Issue; nil: no trouble
}

func (s *site) Issue(_ context.Context, _ grant.Grant, _, subject string, csr []byte) (Credentials, error) {
	if s.err != nil {
		if err := s.err(); err != nil {
			return Credentials{}, err
		}
	}
	return new(Signer).Sign(s.ca, subject, csr, s.endpoints, 0, time.Now())
}

// stage is a server on loopback with one grant, "u", of one use.
type stage struct {
	*shelf
	*site
	server *Server
	url    string
	grants pki.Pair // the server's CA
	client *http.Client
	logs   *safeBuffer
}

func endpointsOf(group, host string) []v2alpha1.Endpoint {
	return []v2alpha1.Endpoint{
		{Name: "inter-router", Host: host, Port: "55671", Group: group},
		{Name: "edge", Host: host, Port: "45671", Group: group},
	}
}

func newStage(t testing.TB, opts Options) *stage {
	t.Helper()
	now := time.Now()
	siteCA, err1 := pki.NewP256CA("skupper-site-ca", now)
	grantCA, err2 := pki.NewP256CA("skupper-grant-server-ca", now)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	s := &stage{
		shelf: &shelf{grants: map[string]grant.Grant{"u": {UID: "u", Name: "g", Namespace: "west", Code: code,
			Allowed: 1, ExpiresAt: now.Add(time.Hour)}}},
		site:   &site{ca: siteCA, endpoints: endpointsOf("skupper-router", "10.0.0.1")},
		grants: grantCA,
		logs:   &safeBuffer{},
	}
	opts.Log = zerolog.New(s.logs)
	s.server = New(s.shelf, s.site, opts)
	cert, err := pki.Issue(grantCA, pki.Request{Subject: "skupper-grant-server", Hosts: []string{"127.0.0.1"}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.SetCertificate(cert); err != nil {
		t.Fatal(err)
	}
	s.url = serve(t, s.server)
	pool, err := grantCA.Pool()
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, DisableKeepAlives: true}
	t.Cleanup(tr.CloseIdleConnections)
	s.client = &http.Client{Transport: tr, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// serve runs a server until the test ends.
func serve(t testing.TB, s *Server) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "https://" + ln.Addr().String()
}

// reply is an answer, read.
type reply struct {
	status int
	body   string
	cause  grant.Cause
	header http.Header
}

// send makes a request; header is pairs of name and value.
func (s *stage) send(t testing.TB, method, path, body string, header ...string) reply {
	t.Helper()
	r, err := s.try(method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *stage) try(method, path, body string, header ...string) (reply, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(b), grant.Cause(resp.Header.Get("skupper-cause")), resp.Header}, err
}

type safeBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
