package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func wants(hosts ...string) []site.CertificateWant {
	return []site.CertificateWant{
		{Name: "ca", Subject: "ca", Signing: true},
		{Name: "leaf", CA: "ca", Subject: "leaf", Hosts: hosts, Server: true},
	}
}

func ensure(t *testing.T, r Ring, w []site.CertificateWant) (pairs map[string]pki.Pair, replaced []string, due time.Time) {
	t.Helper()
	pairs, replaced, due, err := r.Ensure(w)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pairs {
		if err := pki.Verify(p, r.Now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return pairs, replaced, due
}

func TestRing(t *testing.T) {
	dir := t.TempDir()
	ring := func(now time.Time) Ring {
		return Ring{Issuers: filepath.Join(dir, "issuers"), Certs: filepath.Join(dir, "certs"), Now: now}
	}
	first, replaced, due := ensure(t, ring(start), wants("a"))
	if len(replaced) != 0 || !due.After(start.AddDate(3, 0, 0)) || !due.Before(start.AddDate(4, 0, 0)) {
		t.Errorf("replaced %v, due %v", replaced, due)
	}
	if info, err := os.Stat(filepath.Join(dir, "certs", "leaf", Key)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v", info, err)
	}
	steps := []struct {
		name     string
		now      time.Time
		hosts    []string
		spoil    func()
		ca, leaf bool // replaced
	}{
		{"nothing changed", start.Add(time.Hour), []string{"a"}, nil, false, false},
		{"clock a day behind", start.Add(-24 * time.Hour), []string{"a"}, nil, false, false},
		{"another host", start, []string{"a", "b"}, nil, false, true},
		{"a host less", start, []string{"b"}, nil, false, false},
		{"due", due, []string{"b"}, nil, false, true},
		{"key lost", due, []string{"b"}, func() { _ = os.Remove(filepath.Join(dir, "certs", "leaf", Key)) }, false, true},
		{"another's key", due, []string{"b"}, func() {
			k, _ := pki.NewKey()
			_ = os.WriteFile(filepath.Join(dir, "certs", "leaf", Key), k, 0o600)
		}, false, true},
		{"garbage", due, []string{"b"}, func() { _ = os.WriteFile(filepath.Join(dir, "certs", "leaf", Cert), []byte("x"), 0o600) }, false, true},
		{"authority's end", start.AddDate(6, 0, 0), []string{"b"}, nil, true, true},
		{"clock years ahead for a while", start.AddDate(1, 0, 0), []string{"b"}, nil, true, true},
	}
	last := first
	for _, s := range steps {
		if s.spoil != nil {
			s.spoil()
		}
		now, _, _ := ensure(t, ring(s.now), wants(s.hosts...))
		if ca := !bytes.Equal(now["ca"].Cert, last["ca"].Cert); ca != s.ca {
			t.Errorf("%s: authority replaced is %v", s.name, ca)
		}
		if leaf := !bytes.Equal(now["leaf"].Cert, last["leaf"].Cert); leaf != s.leaf {
			t.Errorf("%s: certificate replaced is %v", s.name, leaf)
		}
		last = now
	}
	if _, replaced, _ := ensure(t, ring(start.AddDate(1, 0, 0)), wants("c")); len(replaced) != 1 || replaced[0] != "leaf" {
		t.Errorf("replaced %v", replaced)
	}
}

func TestBrought(t *testing.T) {
	ca, err := pki.NewP256CA("mine", start)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ring := Ring{Issuers: filepath.Join(dir, "issuers"), Certs: filepath.Join(dir, "certs"), Now: start.Add(ClockSlack)}
	w := wants("a")
	w[0].Brought = &ca
	pairs, _, _ := ensure(t, ring, w)
	if !bytes.Equal(pairs["leaf"].CA, ca.Cert) {
		t.Error("not signed by what was brought")
	}
	w[0].Brought = nil
	w[1].CA = "other"
	if _, _, _, err := ring.Ensure(w); err == nil {
		t.Error("signed by an authority that is not there")
	}
}

func TestReadAllAndPrune(t *testing.T) {
	dir := t.TempDir()
	ring := Ring{Issuers: filepath.Join(dir, "i"), Certs: filepath.Join(dir, "c"), Now: start}
	ensure(t, ring, wants("a"))
	if err := os.MkdirAll(filepath.Join(dir, "c", "half"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c", "half", CA), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	pairs, faults := ReadAll(filepath.Join(dir, "c"))
	if len(pairs) != 1 || len(faults) != 1 {
		t.Errorf("got %d pairs, %v", len(pairs), faults)
	}
	if err := Prune(filepath.Join(dir, "c"), map[string]bool{"leaf": true}); err != nil {
		t.Fatal(err)
	}
	if pairs, faults = ReadAll(filepath.Join(dir, "c")); len(pairs) != 1 || len(faults) != 0 {
		t.Errorf("got %d pairs, %v", len(pairs), faults)
	}
	if pairs, faults = ReadAll(filepath.Join(dir, "none")); len(pairs) != 0 || len(faults) != 0 {
		t.Errorf("got %v, %v", pairs, faults)
	}
}

// Authorities are made in the form that Skupper's own command line can sign with; those of another form, which the first versions made,
// are kept and sign.
func TestAuthorityOfFirstVersionsIsKept(t *testing.T) {
	dir := t.TempDir()
	ring := Ring{Issuers: filepath.Join(dir, "i"), Certs: filepath.Join(dir, "c"), Now: start}
	old, err := pki.NewP256CA("ca", start.Add(-2*ClockSlack))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Write(filepath.Join(ring.Issuers, "ca"), old, nil); err != nil {
		t.Fatal(err)
	}
	w := append(wants("a"), site.CertificateWant{Name: "more", Subject: "more", Signing: true}, site.CertificateWant{Name: "yet", Subject: "yet", Signing: true})
	pairs, replaced, _ := ensure(t, ring, w)
	if !bytes.Equal(pairs["ca"].Key, old.Key) || !bytes.Equal(pairs["leaf"].CA, old.Cert) || len(replaced) != 0 {
		t.Errorf("it is replaced: %v", replaced)
	}
	for _, name := range []string{"more", "yet"} {
		if !bytes.HasPrefix(pairs[name].Key, []byte("-----BEGIN RSA PRIVATE KEY-----\n")) {
			t.Errorf("the key of %s is %.40q…", name, pairs[name].Key)
		}
	}
	if bytes.Equal(pairs["more"].Key, pairs["yet"].Key) {
		t.Error("two authorities have one key")
	}
}
