package redeem

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// answers is a server that gives one answer.
func answers(status int, text string, header ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text)
	}
}

// Every way in which it can end is told apart, with the exit code and the next step.
func TestFailures(t *testing.T) {
	past := time.Now().Add(-90 * time.Minute).UTC().Truncate(time.Second)
	for _, tt := range []struct {
		name   string
		set    settings
		change func(*granter)
		now    time.Duration // by which the clock here is wrong
		cause  grant.Cause
		kind   fault.Kind
		final  bool
		want   []string // in the message
		hint   string
	}{
		{name: "expired", change: func(g *granter) { g.grant.ExpiresAt = past }, cause: grant.Expired, kind: fault.Denied, final: true,
			want: []string{"token tok expired at " + past.Format(time.RFC3339) + " (1h30m ago)"}, hint: "token issue"},
		{name: "expired, says another server", change: func(g *granter) { g.token.ExpiresAt = past; g.before = answers(404, "No such claim") },
			cause: grant.Expired, kind: fault.Denied, final: true, want: []string{"expired at " + past.Format(time.RFC3339), "1h30m ago"}, hint: "token issue"},
		{name: "expired, and the clock here is a day slow", now: -24 * time.Hour, set: settings{issued: time.Now().Add(-25 * time.Hour), validity: 48 * time.Hour},
			change: func(g *granter) {
				g.before = answers(404, "No such claim", "skupper-cause", "expired", "skupper-expired", past.Format(time.RFC3339))
			}, cause: grant.Expired, kind: fault.Denied, final: true,
			want: []string{"expired at " + past.Format(time.RFC3339), "(1h30m ago)", "clocks of this machine and of the server are 2"}, hint: "token issue"},
		{name: "unknown to ours", change: func(g *granter) { g.token.URL = g.srv.URL + "/v" }, cause: grant.Unknown, kind: fault.Denied, final: true,
			want: []string{"does not know token tok", "was deleted"}, hint: "token issue"},
		{name: "unknown to another", change: func(g *granter) { g.token.ExpiresAt = time.Time{}; g.before = answers(404, "No such claim") },
			cause: grant.Unknown, kind: fault.Denied, final: true, want: []string{"deleted, or has expired"}, hint: "token issue"},
		{name: "used up", change: func(g *granter) { g.grant.Redeemed = 1 }, cause: grant.UsedUp, kind: fault.Denied, final: true,
			want: []string{"token tok is used up"}, hint: "token issue"},
		{name: "used up, says another", change: func(g *granter) { g.before = answers(404, "No such access granted") }, cause: grant.UsedUp, kind: fault.Denied, final: true,
			want: []string{"used up"}, hint: "token issue"},
		{name: "wrong code", change: func(g *granter) { g.token.Code = "x" }, cause: grant.Refused, kind: fault.Denied, final: true,
			want: []string{"refuses the code of token tok"}, hint: "token issue"},
		{name: "corrupted", change: func(g *granter) { g.grant.ExpiresAt = time.Time{} }, cause: grant.Corrupted, kind: fault.Denied, final: true,
			want: []string{"no valid expiry"}, hint: "token issue"},
		{name: "edge", change: func(g *granter) { g.before = answers(500, "Edge sites cannot accept incoming links from remote sites") },
			cause: grant.Edge, kind: fault.Denied, final: true, want: []string{"edge site"}, hint: "interior"},
		{name: "another server fails", change: func(g *granter) { g.before = answers(500, "No valid endpoints found for site") },
			cause: grant.Internal, kind: fault.Failed, final: true, want: []string{"500", "No valid endpoints found for site"}, hint: "site status"},
		{name: "redirect", change: func(g *granter) { g.before = answers(302, "", "Location", "https://elsewhere/") }, cause: Redirected, kind: fault.Failed, final: true,
			want: []string{`redirects to "https://elsewhere/"`}, hint: "token inspect"},
		{name: "another kind of server", change: func(g *granter) { g.before = answers(404, "<html>nginx</html>") }, cause: NoGrants, kind: fault.Failed, final: true,
			want: []string{"is no grant server", "nginx"}, hint: "token inspect"},
		{name: "prose", change: func(g *granter) { g.before = answers(200, "hello") }, cause: NoGrants, kind: fault.Failed, final: true,
			want: []string{"not credentials"}, hint: "token inspect"},
		{name: "oversized answer", change: func(g *granter) { g.before = answers(200, strings.Repeat("x", maxAnswer)) }, cause: NoGrants, kind: fault.Failed, final: true,
			want: []string{"more than 524288 octets"}, hint: "token inspect"},
		{name: "wrong CA", change: func(g *granter) { g.token.CA = string(g.site.Cert) }, cause: WrongCA, kind: fault.Failed, final: true,
			want: []string{"does not hold the certificate that the token names"}, hint: "token issue"},
		{name: "wrong name", set: settings{hosts: []string{"grants.example"}}, cause: WrongName, kind: fault.Failed, final: true,
			want: []string{"certificate is not for 127.0.0.1"}, hint: "token issue"},
		{name: "clock a week fast", now: 7 * 24 * time.Hour, cause: WrongTime, kind: fault.Failed, final: true,
			want: []string{"expired at", "the clock of this machine says " + time.Now().Add(7*24*time.Hour).UTC().Format("2006-01-02")}, hint: "clock"},
		{name: "clock a day slow", now: -24 * time.Hour, cause: WrongTime, kind: fault.Failed, final: true,
			want: []string{"is valid only from", "the clock of this machine says " + time.Now().Add(-24*time.Hour).UTC().Format("2006-01-02")}, hint: "clock"},
		{name: "TLS 1.2 only", set: settings{tls: func(c *tls.Config) { c.MinVersion, c.MaxVersion = 0, tls.VersionTLS12 }},
			cause: NoTLS, kind: fault.Failed, final: true, want: []string{"does not speak TLS 1.3"}, hint: "TLS 1.3"},
		{name: "http", change: func(g *granter) {
			plain := httptest.NewServer(http.NotFoundHandler())
			plainServers = append(plainServers, plain)
			g.token.URL = strings.Replace(plain.URL, "http:", "https:", 1) + "/u"
		}, cause: NoTLS, kind: fault.Failed, final: true, want: []string{"does not speak TLS"}, hint: "token inspect"},
		{name: "nothing listens", change: func(g *granter) { g.token.URL = "https://" + freeAddr() + "/u" }, cause: Unreachable, kind: fault.Late,
			want: []string{"could not be redeemed in time", "nothing listens at 127.0.0.1:"}, hint: "site status"},
		{name: "no address", change: func(g *granter) { g.token.URL = "https://grants.invalid:9090/u" }, cause: NoAddress, kind: fault.Late,
			want: []string{"no address for grants.invalid"}, hint: "DNS"},
		{name: "silent", change: func(g *granter) {
			g.before = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
				_ = body(r)
				<-r.Context().Done()
				panic(http.ErrAbortHandler) // else an empty answer may be faster than the end
			}
		}, cause: Silent, kind: fault.Late, want: []string{"took the connection but gave no answer within 300ms"}, hint: "token inspect"},
		{name: "cut off", change: func(g *granter) {
			g.before = func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
		}, cause: Silent, kind: fault.Late, want: []string{"cut the connection"}, hint: "token inspect"},
		{name: "no endpoints yet", change: func(g *granter) { g.before = answers(500, "x", "skupper-cause", "no-endpoints") }, cause: grant.NoEndpoints, kind: fault.Late,
			want: []string{"the granting site has no endpoints"}, hint: "site status"},
		{name: "busy", change: func(g *granter) { g.before = answers(503, "Internal error") }, cause: grant.Busy, kind: fault.Late,
			want: []string{"is busy"}, hint: "site status"},
		{name: "expired by its own account, and not to be asked", change: func(g *granter) { g.token.URL, g.token.ExpiresAt = "https://"+freeAddr()+"/u", past },
			cause: grant.Expired, kind: fault.Denied, final: true, want: []string{"expired at " + past.Format(time.RFC3339), "1h30m ago", "nothing listens"}, hint: "token issue"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGranter(t, tt.set)
			defer closePlain()
			if tt.change != nil {
				tt.change(g)
			}
			c := &Client{Timeout: 300 * time.Millisecond, Pending: Dir(t.TempDir())}
			patience := 1200 * time.Millisecond
			if tt.final {
				c.Timeout, patience = 0, 20*time.Second
			}
			start := time.Now()
			_, err := c.Redeem(within(t, patience), start.Add(tt.now), g.token, "east", func(context.Context, Result) error {
				t.Error("something was stored")
				return nil
			})
			var f *Failure
			if !errors.As(err, &f) || f.Cause != tt.cause || f.Final != tt.final || fault.KindOf(err) != tt.kind {
				t.Fatalf("got %v (%+v), kind %v; want cause %s, kind %v", err, f, fault.KindOf(err), tt.cause, tt.kind)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if !strings.Contains(fault.Hint(err), tt.hint) {
				t.Errorf("hint %q, want %q", fault.Hint(err), tt.hint)
			}
			if strings.Contains(err.Error(), g.grant.Code) || strings.Contains(err.Error(), "\n") {
				t.Errorf("message %q", err)
			}
			if tt.final && g.requests.Load() > 1 {
				t.Errorf("%d requests: a final answer was not taken for one", g.requests.Load())
			}
		})
	}
}

var plainServers []*httptest.Server

func closePlain() {
	for _, s := range plainServers {
		s.Close()
	}
	plainServers = nil
}

// freeAddr is an address at which nobody listens.
func freeAddr() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:1"
	}
	defer ln.Close()
	return ln.Addr().String()
}

// A clock that is a day fast makes every token look expired; the server knows better.
func TestFastClockStillAsks(t *testing.T) {
	g := newGranter(t, settings{})
	g.token.ExpiresAt = time.Now().Add(time.Minute)
	if _, err := (&Client{}).Redeem(within(t, 5*time.Second), time.Now().Add(23*time.Hour), g.token, "east", nil); err != nil {
		t.Error(err)
	}
}

func TestClockDifferenceIsTold(t *testing.T) {
	g := newGranter(t, settings{})
	g.grant.ExpiresAt = time.Now().Add(-time.Minute)
	_, err := (&Client{}).Redeem(within(t, 5*time.Second), time.Now().Add(2*time.Hour), g.token, "east", nil)
	if err == nil || !strings.Contains(err.Error(), "(1m") || !strings.Contains(err.Error(), "clocks") {
		t.Errorf("got %v", err)
	}
}

// With a server that counts at once and knows no keys, the lost answer is told.
func TestLostAnswerIsTold(t *testing.T) {
	g := newGranter(t, settings{})
	g.before = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = body(r)
		if g.requests.Load() == 1 {
			panic(http.ErrAbortHandler)
		}
		answers(404, "No such access granted")(w, r, next)
	}
	_, err := (&Client{}).Redeem(within(t, 5*time.Second), time.Now(), g.token, "east", nil)
	if err == nil || !strings.Contains(err.Error(), "an earlier try from here") {
		t.Errorf("got %v", err)
	}
}

func TestCallerCancels(t *testing.T) {
	g := newGranter(t, settings{})
	ctx, cancel := context.WithCancel(t.Context())
	g.before = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_ = body(r)
		cancel()
		<-r.Context().Done()
	}
	_, err := (&Client{}).Redeem(ctx, time.Now(), g.token, "east", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProxy(t *testing.T) {
	g := newGranter(t, settings{})
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer far.Close()
		w.WriteHeader(http.StatusOK)
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer near.Close()
		done := make(chan struct{})
		go func() { _, _ = io.Copy(far, near); _ = far.(*net.TCPConn).CloseWrite(); close(done) }()
		_, _ = io.Copy(near, far)
		near.Close()
		<-done
	}))
	defer proxy.Close()
	through := func(text string) *Client {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return &Client{Proxy: http.ProxyURL(u)}
	}
	if _, err := through(strings.Replace(proxy.URL, "http://", "http://user:hidden@", 1)).Redeem(within(t, 5*time.Second), time.Now(), g.token, "east", nil); err != nil {
		t.Error(err)
	}
	if want := "CONNECT " + strings.TrimPrefix(g.srv.URL, "https://"); asked != want {
		t.Errorf("the proxy was asked %q, want %q", asked, want)
	}
	_, err := through(proxy.URL).Redeem(within(t, 5*time.Second), time.Now(), g.token, "east", nil)
	if f := (*Failure)(nil); !errors.As(err, &f) || f.Cause != NoProxy || !f.Final || !strings.Contains(err.Error(), "407") {
		t.Errorf("without password: %v", err)
	}
	_, err = through("http://user:hidden@"+freeAddr()).Redeem(within(t, time.Second), time.Now(), g.token, "east", nil)
	if f := (*Failure)(nil); !errors.As(err, &f) || f.Cause != NoProxy || f.Final || strings.Contains(err.Error(), "hidden") {
		t.Errorf("no proxy there: %v", err)
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Hour: "0s", 59 * time.Second: "59s", 90 * time.Second: "1m30s",
		time.Hour: "1h0m", 47 * time.Hour: "47h0m", 50 * time.Hour: "2d2h"} {
		if got := ago(d); got != want {
			t.Errorf("ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := sleep(ctx, time.Second); err != nil || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("a wait that cannot end in time: %v after %v", err, time.Since(start))
		}
		cancel()
		if err := sleep(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// An answer is believed only as far as it was asked for.
func TestAnswers(t *testing.T) {
	ca, err := pki.NewP256CA("site", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := pki.Issue(ca, pki.Request{Subject: "east", Client: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := pki.Issue(ca, pki.Request{Subject: "east", Client: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	good := answerText(pair)
	x := &exchange{token: token.Token{Name: "tok"}, key: other.Key, now: time.Now}
	if res, err := x.read([]byte(good)); err != nil || res.OwnKey || res.Secret.Namespace != "" || len(res.Secret.Labels) != 0 ||
		len(res.Links) != 1 || res.Links[0].Namespace != "" || res.Links[0].Status.RemoteSiteID != "" || res.Links[0].Spec.Cost != 0 {
		t.Errorf("got %+v, %v", res, err)
	}
	link := good[strings.LastIndex(good, "---"):]
	swap := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	for name, tt := range map[string]struct{ text, want string }{
		"no links":         {good[:strings.LastIndex(good, "---")], "1 documents"},
		"links only":       {link + link, "want a Secret"},
		"65 links":         {good + strings.Repeat(link, 64), "66 documents"},
		"same link twice":  {good + link, "two links"},
		"other secret":     {swap("  name: tok", "  name: other"), `called "other"`},
		"other type":       {swap("type: kubernetes.io/tls", "type: Opaque"), `of type "Opaque"`},
		"no CA":            {swap("ca.crt:", "other:"), "no ca.crt"},
		"key of another":   {swap("tls.key:", "other:"), "do not belong together"},
		"other CA":         {answerText(pki.Pair{CA: selfSigned(t), Cert: pair.Cert, Key: pair.Key}), "unknown authority"},
		"link to a path":   {swap("name: link-1", "name: ../../x"), "no name for a link"},
		"other creds":      {swap("tlsCredentials: tok", "tlsCredentials: skupper-local-ca"), "want tok"},
		"no endpoints":     {swap("  - {group: skupper-router, host: 10.0.0.1, name: inter-router, port: \"55671\"}\n", ""), "0 endpoints"},
		"port 0":           {swap(`"55671"`, `"0"`), `port "0"`},
		"port 65536":       {swap(`"55671"`, `"65536"`), `port "65536"`},
		"host with a path": {swap("10.0.0.1", "a/b"), `host "a/b"`},
		"host with a zone": {swap("10.0.0.1", `"fe80::1%x y"`), "want a name or an address"},
		"empty host":       {swap("10.0.0.1", `""`), `host ""`},
		"third document":   {good + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", `is a "Pod"`},
		"malformed third":  {good + "---\n{", "YAML"},
	} {
		if _, err := x.read([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	for _, host := range []string{"a.example", "A.Example", "my_node", "::1", "2001:db8::1"} {
		if _, err := x.read([]byte(swap("10.0.0.1", `"`+host+`"`))); err != nil {
			t.Errorf("host %s: %v", host, err)
		}
	}
}

func selfSigned(t *testing.T) []byte {
	t.Helper()
	ca, err := pki.NewP256CA("site", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca.Cert
}

// answerText is as another grant server writes it, with more than is asked for.
func answerText(p pki.Pair) string {
	b64 := base64.StdEncoding.EncodeToString
	return "---\napiVersion: v1\ndata:\n  ca.crt: " + b64(p.CA) + "\n  tls.crt: " + b64(p.Cert) + "\n  tls.key: " + b64(p.Key) +
		"\nkind: Secret\nmetadata:\n  creationTimestamp: null\n  name: tok\n  namespace: kube-system\n  labels: {a: b}\ntype: kubernetes.io/tls\n" +
		"---\napiVersion: skupper.io/v2alpha1\nkind: Link\nmetadata:\n  creationTimestamp: null\n  name: link-1\n  namespace: kube-system\nspec:\n  novel: 1\n  endpoints:\n" +
		"  - {group: skupper-router, host: 10.0.0.1, name: inter-router, port: \"55671\"}\n" +
		"  tlsCredentials: tok\nstatus: {remoteSiteId: x}\n"
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("---\napiVersion: v1\nkind: Secret\nmetadata: {name: tok}\ntype: kubernetes.io/tls\n---\napiVersion: skupper.io/v2alpha1\nkind: Link\nmetadata: {name: tok}\n"))
	ca, err := pki.NewP256CA("site", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(answerText(ca)))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := &exchange{token: token.Token{Name: "tok"}, key: ca.Key, now: time.Now}
		res, err := x.read(b)
		if err != nil {
			return
		}
		if res.Secret.Name != "tok" || len(res.Secret.Data["tls.key"]) == 0 || len(res.Links) == 0 {
			t.Errorf("got %+v", res)
		}
		for _, l := range res.Links {
			if !token.ValidName(l.Name) || l.Spec.TLSCredentials != "tok" || len(l.Spec.Endpoints) == 0 {
				t.Errorf("link %+v", l)
			}
		}
	})
}

// TestWordsOfOthersArePlain has an answer that would do something to a terminal.
func TestWordsOfOthersArePlain(t *testing.T) {
	if got := clip("\x1b[31mno\x1b]0;title\x07\n\tmore \u202e\xff é"); got != "?[31mno?]0;title? more ?? é" {
		t.Errorf("got %q", got)
	}
}
