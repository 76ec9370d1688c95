package token

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newToken(t testing.TB, change ...func(*Token)) Token {
	t.Helper()
	ca, err := pki.NewP256CA("skupper-grant-server-ca", now)
	if err != nil {
		t.Fatal(err)
	}
	tok := Token{Name: "west-1", URL: "https://grants.example:9090/6a1b", Code: NewCode(), CA: string(ca.Cert),
		LinkCost: 1, ExpiresAt: now.Add(15 * time.Minute), Uses: 1, Issuer: "west"}
	for _, f := range change {
		f(&tok)
	}
	return tok
}

func encode(t testing.TB, tok Token) string {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, tok); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRoundTrip(t *testing.T) {
	for name, tok := range map[string]Token{
		"all":        newToken(t),
		"least":      newToken(t, func(t *Token) { t.LinkCost, t.ExpiresAt, t.Uses, t.Issuer = 0, time.Time{}, 0, "" }),
		"digits":     newToken(t, func(t *Token) { t.Code = "0123456789" }),
		"true":       newToken(t, func(t *Token) { t.Code = "true" }),
		"no port":    newToken(t, func(t *Token) { t.URL = "https://grants.example/6a1b" }),
		"IPv6":       newToken(t, func(t *Token) { t.URL = "https://[2001:db8::1]:9090/6a1b" }),
		"two CAs":    newToken(t, func(t *Token) { t.CA += strings.Clone(t.CA) }),
		"long issue": newToken(t, func(t *Token) { t.Issuer = strings.Repeat("s", maxName) }),
	} {
		t.Run(name, func(t *testing.T) {
			text := encode(t, tok)
			got, err := Decode(strings.NewReader(text), "t.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if got != tok {
				t.Errorf("got\n%+v, want\n%+v", got.Object(), tok.Object())
			}
			if again := encode(t, got); again != text {
				t.Errorf("written again it differs:\n%s", again)
			}
		})
	}
}

// What another implementation reads: no field beyond those it knows, and the names it expects.
func TestFile(t *testing.T) {
	tok := newToken(t, func(t *Token) { t.Code = "abc" })
	ca := "    " + strings.ReplaceAll(strings.TrimSpace(tok.CA), "\n", "\n    ")
	want := fmt.Sprintf(`apiVersion: skupper.io/v2alpha1
kind: AccessToken
metadata:
  annotations:
    skupper.io/token-expires: "2026-03-01T12:15:00Z"
    skupper.io/token-site: west
    skupper.io/token-uses: "1"
  name: west-1
spec:
  ca: |
%s
  code: abc
  linkCost: 1
  url: https://grants.example:9090/6a1b
`, ca)
	if got := encode(t, tok); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A file as the upstream CLI writes it, and the same as kubectl prints it back.
func TestForeignFiles(t *testing.T) {
	tok := newToken(t, func(t *Token) { t.ExpiresAt, t.Uses, t.Issuer = time.Time{}, 0, "" })
	plain := encode(t, tok)
	for name, text := range map[string]string{
		"plain":        plain,
		"after ---":    "---\n" + plain,
		"comments":     "# a token\n---\n" + plain + "---\n# the end\n",
		"CRLF":         strings.ReplaceAll(plain, "\n", "\r\n"),
		"from cluster": strings.Replace(plain, "metadata:\n", "metadata:\n  creationTimestamp: null\n  namespace: east\n  resourceVersion: \"7\"\n", 1) + "status:\n  redeemed: true\n  status: Ready\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(strings.NewReader(text), "t.yaml")
			if err != nil || strings.TrimSpace(got.CA) != strings.TrimSpace(strings.ReplaceAll(tok.CA, "\r", "")) || got.Code != tok.Code {
				t.Errorf("got %v, %v", got.Object(), err)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encode(t, newToken(t))
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: x%s}\ntype: kubernetes.io/tls\ndata: {}\n"
	link := "apiVersion: skupper.io/v2alpha1\nkind: Link\nmetadata: {name: x}\nspec: {endpoints: []}\n"
	for _, tt := range []struct{ name, text, want, hint string }{
		{"empty", " \n", "is empty", "copy the file again"},
		{"comments only", "# nothing\n", "no document", "right file"},
		{"binary", "\x00\x01", "not text", "right file"},
		{"latin-1", "caf\xe9", "not text", "right file"},
		{"too large", strings.Repeat("#", MaxFile+1), "more than 262144 octets", "right file"},
		{"prose", "hello", "not a well-formed token", "copy the file again"},
		{"HTML", "<html><body>Sign in</body></html>", "not a well-formed token", "copy the file again"},
		{"bad YAML", "a: b: c", "not YAML", "copy the file again"},
		{"PEM", newToken(t).CA, "not a well-formed token", "copy the file again"},
		{"link file", "---\n" + fmt.Sprintf(secret, "") + "---\n" + link, "link file", "system apply -f t.yaml"},
		{"link alone", link, "link file", "system apply -f t.yaml"},
		{"secret alone", fmt.Sprintf(secret, ""), `"Secret"`, "right file"},
		{"version 1", fmt.Sprintf(secret, ", labels: {skupper.io/type: token-claim}"), "version 1", "token issue"},
		{"two tokens", good + "---\n" + good, "2 documents", "file of its own"},
		{"token and other", good + "---\n" + fmt.Sprintf(secret, ""), "2 documents", "file of its own"},
		{"grant", "apiVersion: skupper.io/v2alpha1\nkind: AccessGrant\nmetadata: {name: x}\n", "is a grant", "token issue"},
		{"other kind", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", `"Deployment"`, "right file"},
		{"other version", strings.Replace(good, "v2alpha1", "v3", 1), `apiVersion "skupper.io/v3"`, "v2alpha1"},
		{"unknown field", strings.Replace(good, "  code:", "  kode: x\n  code:", 1), `unknown field "spec.kode"`, "copy the file again"},
		{"repeated field", strings.Replace(good, "  code:", "  code: x\n  code:", 1), "code", "copy the file again"},
		{"list", strings.Replace(good, "  code:", "  settings: []\n  code:", 1), "spec.settings", "copy the file again"},
		{"truncated after the CA", good[:strings.Index(good, "  code:")], "spec.code is missing", "copy the file again"},
		{"truncated in the CA", good[:strings.Index(good, "-----END")], "spec.ca is not a certificate", "copy the file again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(tt.text), "t.yaml")
			if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), tt.want) || !strings.Contains(fault.Hint(err), tt.hint) {
				t.Errorf("got %v (%v), hint %q\nwant %q, hint %q", err, fault.KindOf(err), fault.Hint(err), tt.want, tt.hint)
			}
			if err != nil && (!strings.Contains(err.Error(), "t.yaml") || strings.Contains(err.Error(), "\n")) {
				t.Errorf("message %q: want one line that names the file", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	long := strings.Repeat("x", maxURL)
	for _, tt := range []struct {
		name   string
		change func(*Token)
		want   string
	}{
		{"no name", func(t *Token) { t.Name = "" }, "metadata.name is missing"},
		{"name with a path", func(t *Token) { t.Name = "../x" }, `metadata.name is "../x"`},
		{"name of 254", func(t *Token) { t.Name = strings.Repeat("n", 254) }, "metadata.name"},
		{"no URL", func(t *Token) { t.URL = "" }, "spec.url is missing"},
		{"http", func(t *Token) { t.URL = "http://h:1/x" }, "over http"},
		{"other scheme", func(t *Token) { t.URL = "amqps://h:1/x" }, "want https"},
		{"no scheme", func(t *Token) { t.URL = "grants.example:9090/x" }, "want https"},
		{"no host", func(t *Token) { t.URL = "https:///x" }, "names no host"},
		{"port only", func(t *Token) { t.URL = "https://:9090/x" }, "names no host"},
		{"no grant", func(t *Token) { t.URL = "https://h:1/" }, "names no grant"},
		{"user", func(t *Token) { t.URL = "https://u:secret@h:1/x" }, "more than host"},
		{"query", func(t *Token) { t.URL = "https://h:1/x?y" }, "more than host"},
		{"port 0", func(t *Token) { t.URL = "https://h:0/x" }, "port is 0"},
		{"port 65536", func(t *Token) { t.URL = "https://h:65536/x" }, "port is 65536"},
		{"port a", func(t *Token) { t.URL = "https://h:a/x" }, "want https"},
		{"not a URL", func(t *Token) { t.URL = "https://h h/" }, "want https"},
		{"long URL", func(t *Token) { t.URL = "https://h/" + long }, "octets"},
		{"no code", func(t *Token) { t.Code = "" }, "spec.code is missing"},
		{"code with a line break", func(t *Token) { t.Code = "sesame\n" }, "white space"},
		{"code of 1025", func(t *Token) { t.Code = strings.Repeat("c", 1025) }, "1025 octets"},
		{"no CA", func(t *Token) { t.CA = "" }, "spec.ca is missing"},
		{"CA is no PEM", func(t *Token) { t.CA = "hello" }, "spec.ca is not a certificate"},
		{"CA is a key", func(t *Token) { k, _ := pki.NewKey(); t.CA = string(k) }, "spec.ca is not a certificate"},
		{"negative cost", func(t *Token) { t.LinkCost = -1 }, "spec.linkCost is -1"},
		{"huge cost", func(t *Token) { t.LinkCost = maxCost + 1 }, "spec.linkCost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tok := newToken(t, tt.change)
			err := tok.Check()
			if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), tt.want) || fault.Hint(err) == "" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			for _, secret := range []string{"sesame", "secret"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%q shows a secret", err)
				}
			}
			if err := Encode(&bytes.Buffer{}, tok); err == nil {
				t.Error("written all the same")
			}
		})
	}
	for name, change := range map[string]func(*Token){
		"code of 1024": func(t *Token) { t.Code = strings.Repeat("c", 1024) },
		"name of 253":  func(t *Token) { t.Name = strings.Repeat("n", 253) },
		"port 65535":   func(t *Token) { t.URL = "https://h:65535/x" },
	} {
		if err := newToken(t, change).Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	obj := &v2alpha1.AccessToken{}
	obj.Annotations = map[string]string{AnnotationExpires: "soon", AnnotationUses: "0", AnnotationSite: strings.Repeat("x", 254)}
	_, err := Of(obj)
	for _, want := range []string{"metadata.name", "spec.url", "spec.code", "spec.ca", AnnotationExpires, AnnotationUses, AnnotationSite} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

// A code that YAML takes for a number must not be shown by the message about it.
func TestCodeIsNeverShown(t *testing.T) {
	text := strings.Replace(encode(t, newToken(t, func(t *Token) { t.Code = "abc" })), "code: abc", "code: 4711", 1)
	_, err := Decode(strings.NewReader(text), "t.yaml")
	if err == nil || strings.Contains(err.Error(), "4711") {
		t.Errorf("got %v", err)
	}
	tok := newToken(t)
	if s := fmt.Sprintf("%v %+v %#v %s", tok, tok, tok, tok); strings.Contains(s, tok.Code) {
		t.Errorf("printed: %s", s)
	}
}

func TestExpired(t *testing.T) {
	tok := newToken(t)
	for d, want := range map[time.Duration]bool{0: false, 15*time.Minute - 1: false, 15 * time.Minute: true, time.Hour: true} {
		if got := tok.Expired(now.Add(d)); got != want {
			t.Errorf("after %v: %v", d, got)
		}
	}
	if (Token{}).Expired(now) {
		t.Error("a token that says nothing has expired")
	}
}

func FuzzDecode(f *testing.F) {
	good := encode(f, newToken(f))
	f.Add([]byte(good))
	f.Add([]byte("---\n" + good + "---\n"))
	f.Add([]byte(good[:len(good)/2]))
	f.Add([]byte(`{"apiVersion":"skupper.io/v2alpha1","kind":"AccessToken","metadata":{"name":"x"},"spec":{"url":"https://h/x","code":"c"}}`))
	f.Add([]byte("apiVersion: v1\nkind: List\nitems:\n- kind: Link\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := Decode(bytes.NewReader(b), "f")
		if err != nil {
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("%v is no usage fault", err)
			}
			return
		}
		again, err := Decode(strings.NewReader(encode(t, tok)), "f")
		if err != nil {
			t.Fatalf("written again it is refused: %v", err)
		}
		if !again.ExpiresAt.Equal(tok.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("expiry %v became %v", tok.ExpiresAt, again.ExpiresAt)
		}
		again.ExpiresAt = tok.ExpiresAt
		if again != tok {
			t.Errorf("%+v became %+v", tok.Object(), again.Object())
		}
	})
}
