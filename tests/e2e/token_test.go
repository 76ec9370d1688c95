//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// liar is a grant server that does what it should not, and the tokens that lead there.
type liar struct {
	*httptest.Server
	ca string
}

func newLiar(t *testing.T, maxTLS uint16, h http.HandlerFunc) liar {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "liar"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(cryptorand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: maxTLS, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return liar{s, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

func tokenText(name, url, code, ca string) string {
	return fmt.Sprintf("apiVersion: skupper.io/v2alpha1\nkind: AccessToken\nmetadata:\n  name: %s\nspec:\n  url: %s\n  code: %s\n  ca: |\n    %s\n",
		name, url, code, strings.ReplaceAll(strings.TrimSpace(ca), "\n", "\n    "))
}

// lie is a token, and what redeeming it must come to.
type lie struct {
	text string
	code int
	says string
}

// serve is a token that leads to a server that does that.
func serve(t *testing.T, code string, h http.HandlerFunc, exit int, says string) lie {
	t.Helper()
	l := newLiar(t, tls.VersionTLS13, h)
	return lie{tokenText("a", l.URL+"/x", code, l.ca), exit, says}
}

func TestTokensThatLie(t *testing.T) {
	t.Parallel()
	p := in(t, "east")
	p.do("site", "create", "east")
	const code = "verysecretcode1234567890"
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // nothing is answered there
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	good := newLiar(t, tls.VersionTLS13, answer(""))
	old := newLiar(t, tls.VersionTLS12, answer(""))
	stranger := newLiar(t, tls.VersionTLS13, answer(""))
	nobody := fmt.Sprintf("https://127.0.0.1:%d/x", loopback.FreePort(t))
	secret := func(name string) string {
		return "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: " + name + "\ntype: kubernetes.io/tls\ndata:\n  tls.crt: YQ==\n  ca.crt: YQ==\n" +
			"---\napiVersion: skupper.io/v2alpha1\nkind: Link\nmetadata:\n  name: a\nspec:\n  tlsCredentials: " + name +
			"\n  endpoints:\n  - {name: inter-router, host: 127.0.0.1, port: \"1\"}\n"
	}
	for name, c := range map[string]lie{
		"plain http":   {tokenText("a", "http://127.0.0.1:1/x", code, good.ca), 2, "https"},
		"path in name": {tokenText("../../../evil", good.URL+"/x", code, good.ca), 2, "metadata.name"},
		"path in id":   {tokenText("a", good.URL+"/../../x?y#z", code, good.ca), 2, "spec.url"},
		"wrong CA":     {tokenText("a", good.URL+"/x", code, stranger.ca), 1, "does not hold the certificate"},
		"unreachable":  {tokenText("a", nobody, code, good.ca), 3, "nothing listens at"},
		"silent":       {tokenText("a", "https://"+silent.Addr().String()+"/x", code, good.ca), 3, "gave no answer"},
		"old TLS":      {tokenText("a", old.URL+"/x", code, old.ca), 1, "does not speak TLS 1.3"},
		"garbage":      serve(t, code, answer("hello\x00\xff"), 1, "is not credentials"),
		"huge":         serve(t, code, answer(strings.Repeat("#", 600<<10)), 1, "more than 524288 octets"),
		"endless": serve(t, code, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("#", 64<<10)); err != nil {
					return
				}
			}
		}, 1, "more than 524288 octets"),
		"elsewhere":     serve(t, code, http.RedirectHandler(nobody, http.StatusTemporaryRedirect).ServeHTTP, 1, "redirects to"),
		"other secret":  serve(t, code, answer(secret("other")), 1, "is not credentials"),
		"secret's path": serve(t, code, answer(secret("../../evil")), 1, "is not credentials"),
		"empty":         serve(t, code, answer(""), 1, "is not credentials"),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			file := write(t, p.home.Dir+"/t.yaml", c.text)
			p := p
			p.t = t
			r := p.try("token", "redeem", file, "--timeout", "2s")
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if r.code != c.code || !regexp.MustCompile(c.says).MatchString(r.err) || strings.Contains(r.err, code) {
				t.Errorf("ended with %d and said %s, want %d and %q", r.code, r.err, c.code, c.says)
			}
		})
	}
	if links := p.do("link", "status", "-q"); links != "" {
		t.Errorf("links were made: %s", links)
	}
	for _, path := range []string{p.agentDir("agent.log"), p.dir("internal", "router.log")} {
		if b, _ := os.ReadFile(path); strings.Contains(string(b), code) {
			t.Errorf("%s has the code", path)
		}
	}
}

// Tokens of a real site that cannot be redeemed, and one that was used up.
func TestTokensRefused(t *testing.T) {
	t.Parallel()
	west := in(t, "west")
	west.do("site", "create", "west", "--enable-link-access")
	east, other := west.beside("east"), west.beside("other")
	east.do("site", "create", "east")
	other.do("site", "create", "other")

	file := west.issue()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tok := read(t, file)
	letter := "x"
	if tok.Code[:1] == letter {
		letter = "y"
	}
	wrong := write(t, file+".wrong", strings.Replace(string(b), tok.Code, letter+tok.Code[1:], 1))
	east.refuses(5, "(?i)code", "token", "redeem", wrong)
	east.do("token", "redeem", file)
	other.refuses(5, "(?i)used|redeemed", "token", "redeem", file)

	short := west.issue() // its time is moved to the past, where the site keeps it
	status := west.dir("runtime", "resources", "AccessGrant-"+read(t, short).Name+".yaml")
	const past = "2001-01-01T00:00:00Z"
	soon(t, patience, "the grant is expired", func() bool { // a pass of the agent that was under way may put back what it had read
		b, err := os.ReadFile(status)
		if err != nil {
			t.Fatal(err)
		}
		write(t, status, regexp.MustCompile(`expirationTime: .*`).ReplaceAllString(string(b), `expirationTime: "`+past+`"`))
		west.do("system", "reload")
		b, err = os.ReadFile(status)
		return err == nil && strings.Contains(string(b), past)
	})
	other.refuses(5, "(?i)expired", "token", "redeem", short)

	revoked := west.issue()
	west.do("token", "revoke", read(t, revoked).Name)
	other.refuses(5, "its grant was deleted", "token", "redeem", revoked)
	secretsAreKept(t, west, tok.Code)
}
