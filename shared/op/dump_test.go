package op

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// diagnostics has a log, and something that it cannot get.
type diagnostics struct{}

func (diagnostics) Collect(_ context.Context, add func(string, []byte)) error {
	add("logs/router.log", bytes.Repeat([]byte("0123456789"), maxDumpFile/10+1))
	return errors.Join(errors.New("list pods:\nforbidden"), errors.New("no events"))
}

func TestDump(t *testing.T) {
	const secret = "this-is-secret" //nolint:gosec // it is not
	grant := &v2alpha1.AccessGrant{ObjectMeta: named("g")}
	grant.Spec.Code, grant.Status.Code, grant.Status.URL = secret, secret, "https://url"
	token := &v2alpha1.AccessToken{ObjectMeta: named("t"), Spec: v2alpha1.AccessTokenSpec{Code: secret, URL: "https://url"}}
	token.Annotations = map[string]string{lastApplied: secret, "kept": "yes"}
	keys := &v2alpha1.Secret{ObjectMeta: named("s"), Type: v2alpha1.SecretTypeTLS, Data: map[string][]byte{"tls.key": []byte(secret), "tls.crt": []byte("public"), "password": []byte(secret)}}
	other := &v2alpha1.Secret{ObjectMeta: named("other"), Type: v2alpha1.SecretTypeOpaque}
	var out bytes.Buffer
	did, err := Dump{Version: "v1", Now: time.Unix(0, 0)}.Run(t.Context(), Ports{Store: newMemory(west(), grant, token, keys, other), System: &fakeSystem{}, Diagnostics: diagnostics{}}, &out)
	if err != nil || len(did.Failed) != 2 || did.Files != 8 {
		t.Fatalf("%+v %v", did, err)
	}
	files := untar(t, &out)
	for _, name := range []string{"version.txt", "system.yaml", "errors.txt", "resources/Site-west.yaml", "resources/AccessGrant-g.yaml", "resources/AccessToken-t.yaml", "resources/Secret-s.yaml", "logs/router.log"} {
		if _, ok := files[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	for name, text := range files {
		if strings.Contains(text, secret) || strings.Contains(text, "dGhpcy1pcy1zZWNyZXQ") {
			t.Errorf("%s has something secret:\n%s", name, text)
		}
	}
	if text := files["resources/Secret-s.yaml"]; !strings.Contains(text, "tls.crt: cHVibGlj") {
		t.Errorf("the certificate is missing:\n%s", text)
	}
	if text := files["resources/AccessToken-t.yaml"]; !strings.Contains(text, "kept:") || !strings.Contains(text, "https://url") || !strings.Contains(text, mask) {
		t.Errorf("got\n%s", text)
	}
	if text := files["errors.txt"]; text != "list pods: forbidden\nno events\n" {
		t.Errorf("got %q", text)
	}
	if n := len(files["logs/router.log"]); n != maxDumpFile {
		t.Errorf("a log of %d octets", n)
	}
}

func TestMaskPasswords(t *testing.T) {
	const in, want = `[["proxyProfile",{"name":"p","password": "a\"b"},{"saslPassword":"","passwordFile":"x"}]]`,
		`[["proxyProfile",{"name":"p","password": "(masked)"},{"saslPassword":"(masked)","passwordFile":"x"}]]`
	if got := string(MaskPasswords([]byte(in))); got != want {
		t.Errorf("got %s", got)
	}
}

func untar(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	files, archive := map[string]string{}, tar.NewReader(zip)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(h.Name, "skupper-dump/")] = string(text)
	}
}

type nowhere struct{ err error }

func (n nowhere) Collect(context.Context, func(string, []byte)) error { return n.err }

// TestDumpOfNothing writes no archive that would look like one of a site.
func TestDumpOfNothing(t *testing.T) {
	refused := fault.New(fault.Denied, "the cluster does not accept your credentials", "log in")
	m := newMemory()
	for _, kind := range append(siteKinds(), v2alpha1.KindSite, v2alpha1.KindSecret) {
		m.fail["List "+kind] = refused
	}
	for _, tc := range []struct {
		name  string
		ports Ports
		kind  fault.Kind
		text  string
	}{
		{"nobody-answers", Ports{Store: m, Diagnostics: nowhere{refused}}, fault.Denied, "nothing can be had: list resources of kind "},
		{"no-namespace", Ports{Store: newMemory(), Diagnostics: nowhere{fault.New(fault.Missing, "there is no namespace x", "")}}, fault.Missing, "nothing can be had: there is no namespace x"},
	} {
		var out bytes.Buffer
		did, err := Dump{Version: "v1"}.Run(t.Context(), tc.ports, &out)
		wantKind(t, err, tc.kind, tc.text)
		if out.Len() > 0 || did.Files > 0 {
			t.Errorf("%s: %d octets, %+v", tc.name, out.Len(), did)
		}
	}
	var out bytes.Buffer
	if did, err := (Dump{Version: "v1"}).Run(t.Context(), Ports{Store: newMemory()}, &out); err != nil || did.Files != 1 {
		t.Errorf("of nothing that is wrong: %+v, %v", did, err)
	}
}
