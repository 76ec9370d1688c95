package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

// granting is a site whose agent answers grants at once.
func granting(t *testing.T) *fakeHost {
	t.Helper()
	ca, err := pki.NewP256CA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h := local(west())
	h.ports = func(p *op.Ports) {
		p.System = &system{store: h.store}
		p.Store = grants{h.store, string(ca.Cert)}
	}
	return h
}

type grants struct {
	siteStore
	ca string
}

func (g grants) Create(ctx context.Context, obj v2alpha1.Object) error {
	if err := g.siteStore.Create(ctx, obj); err != nil {
		return err
	}
	return g.UpdateStatus(ctx, v2alpha1.KindOf(obj), obj.GetName(), func(o v2alpha1.Object) error {
		if a, ok := o.(*v2alpha1.AccessGrant); ok {
			a.Status.URL, a.Status.Code, a.Status.CA = "https://west.example:9090/uid", "abcdefghijklmnopqrstuvwx", g.ca
			a.Status.ExpirationTime = time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
			v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionProcessed, nil)
			v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionResolved, nil)
		}
		return nil
	})
}

func grantsLeft(t *testing.T, h *fakeHost) int {
	t.Helper()
	all, err := h.store.List(t.Context(), v2alpha1.KindAccessGrant)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestTokenIssueIntoAFile(t *testing.T) {
	h, file := granting(t), filepath.Join(t.TempDir(), "my token's.yaml")
	r := call(t, h, "", "token", "issue", file, "--redemptions-allowed", "2")
	if r.code != 0 || !strings.HasPrefix(r.out, "accessgrant/west-") || !strings.Contains(r.err, "the token can be redeemed 2 times until ") ||
		!strings.Contains(r.err, "\nnext: test skupper token redeem '"+strings.ReplaceAll(file, "'", `'\''`)+"'\n") {
		t.Fatalf("%+v", r)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	i := call(t, local(), "", "token", "inspect", file)
	for _, want := range []string{"Site:                west\n", "URL:                 https://west.example:9090/uid\n", "State:               not expired\n", "Redemptions allowed: 2\n", "Link cost:           1\n"} {
		if !strings.Contains(i.out, want) {
			t.Errorf("no %q in %+v", want, i)
		}
	}
	if strings.Contains(i.out+r.out+r.err, "abcdefghijkl") {
		t.Error("the code is shown")
	}
}

func TestTokenIssueToStdout(t *testing.T) {
	h := granting(t)
	r := call(t, h, "", "token", "issue", "-")
	tok, err := token.Decode(strings.NewReader(r.out), "stdout")
	if r.code != 0 || err != nil || tok.Issuer != "west" {
		t.Fatalf("%+v, %v", r, err)
	}
	i := call(t, local(), r.out, "token", "inspect", "-", "-o", "json")
	if i.code != 0 || !strings.Contains(i.out, `"expired": false`) || strings.Contains(i.out, tok.Code) {
		t.Errorf("%+v", i)
	}
}

// A grant whose token cannot be written is taken back, and nothing half-written stays.
func TestTokenIssueWhereNothingCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]result{
		filepath.Join(dir, "no", "such", "dir.yaml"): {2, "", "but there is no directory " + filepath.Join(dir, "no", "such") + "\n"},
		filepath.Join(dir, "file", "in-a-file.yaml"): {2, "", "but " + filepath.Join(dir, "file") + " is no directory\n"},
		"/dev/full": {1, "", "Error: write the token to /dev/full: no space left on device\ntry: choose another file, or - for stdout\n"},
	} {
		h := granting(t)
		r := call(t, h, "", "token", "issue", file)
		if r.code != want.code || r.out != "" || !strings.Contains(r.err, want.err) {
			t.Errorf("%s: %+v", file, r)
		}
		if n := grantsLeft(t, h); n != 0 {
			t.Errorf("%s: %d grants are left", file, n)
		}
	}
	h := local(west()) // nobody answers
	r := call(t, h, "", "token", "issue", filepath.Join(dir, "late.yaml"), "--timeout", "1s")
	if left, err := os.ReadDir(dir); r.code != 3 || err != nil || len(left) != 1 || grantsLeft(t, h) != 0 {
		t.Errorf("%+v; left %v, %v", r, left, err)
	}
}

type redeemer struct{ err error }

func (r redeemer) Redeem(_ context.Context, tok token.Token) ([]string, error) {
	return []string{tok.Name}, r.err
}

func TestTokenRedeem(t *testing.T) {
	text := call(t, granting(t), "", "token", "issue", "-").out
	tok, err := token.Decode(strings.NewReader(text), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, stdin string
		err         error
		code        int
		out, text   string
	}{
		{"done", text, nil, 0, "accesstoken/" + tok.Name + " redeemed\n", "waiting for an answer from west\nnext: test skupper link status\n"},
		{"refused", text, fault.New(fault.Denied, "redeem token: used up", "have a new one issued: `token issue FILE`"), 5, "", "waiting for an answer from west\nError: redeem token: used up\ntry: have a new one issued: test skupper token issue FILE\n"},
		{"empty", "", nil, 2, "", "Error: stdin is empty"},
		{"binary", "\x00\x01", nil, 2, "", "Error: stdin is no token"},
		{"truncated", text[:len(text)/2], nil, 2, "", "Error: "},
		{"a-site", "apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: x}\n", nil, 2, "", "Error: stdin is no token"},
		{"without-tls", strings.Replace(text, "https:", "http:", 1), nil, 2, "", "Error: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := local(west())
			h.ports = func(p *op.Ports) { p.Redeemer = redeemer{tc.err} }
			r := call(t, h, tc.stdin, "token", "redeem", "-")
			if r.code != tc.code || r.out != tc.out || !strings.HasPrefix(r.err, tc.text) || strings.Contains(r.err, tok.Code) {
				t.Errorf("got %+v, want %d %q %q", r, tc.code, tc.out, tc.text)
			}
			if h.opened != 0 && tc.code == 2 {
				t.Error("the site was opened for a file that is no token")
			}
		})
	}
	if r := call(t, local(), "", "token", "redeem", t.TempDir()); r.code != 2 || !strings.Contains(r.err, "is a directory, want a file") {
		t.Errorf("directory: %+v", r)
	}
}
