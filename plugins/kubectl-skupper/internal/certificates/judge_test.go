package certificates

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newAuthority is an RSA authority, with its key in the form that others write.
func newAuthority(t *testing.T, pkcs1 bool, change ...func(*x509.Certificate)) pki.Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "site CA"}, NotBefore: now, NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	for _, f := range change {
		f(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if !pkcs1 {
		if block.Bytes, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
		block.Type = "PRIVATE KEY"
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return pki.Pair{CA: cert, Cert: cert, Key: pem.EncodeToMemory(block)}
}

func newCertificate(change ...func(*v2alpha1.Certificate)) *v2alpha1.Certificate {
	c := &v2alpha1.Certificate{Spec: v2alpha1.CertificateSpec{CA: "ca", Subject: "west", Hosts: []string{"b.example", "10.0.0.1", "2001:db8:0::1"}, Server: true}}
	for _, f := range change {
		f(c)
	}
	return c
}

func TestAuthoritiesOfOthersSign(t *testing.T) {
	for name, ca := range map[string]pki.Pair{"PKCS#1": newAuthority(t, true), "PKCS#8": newAuthority(t, false)} {
		p, err := issue(newCertificate(), ca, now)
		if err != nil || !good(newCertificate(), p, ca, now) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIssueSaysWhatFor(t *testing.T) {
	ca, err := pki.NewP256CA("ca", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		client, server bool
		want           []x509.ExtKeyUsage
	}{
		{true, false, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{false, true, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}},
		{true, true, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}},
		{false, false, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}},
	} {
		p, err := issue(newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Client, c.Spec.Server = tt.client, tt.server }), ca, now)
		if err != nil {
			t.Fatal(err)
		}
		certs, err := pki.ParseCerts(p.Cert)
		if err != nil || len(certs[0].ExtKeyUsage) != len(tt.want) || certs[0].ExtKeyUsage[0] != tt.want[0] {
			t.Errorf("client %v, server %v: %v, %v", tt.client, tt.server, certs[0].ExtKeyUsage, err)
		}
	}
}

func TestGood(t *testing.T) {
	ca, err := pki.NewP256CA("ca", now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := pki.NewP256CA("ca", now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := issue(newCertificate(), ca, now)
	if err != nil {
		t.Fatal(err)
	}
	_, foreign, err := pki.NewCSR("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		c      *v2alpha1.Certificate
		change func(p, ca *pki.Pair)
		at     time.Duration
		want   bool
	}{
		{name: "as made", want: true},
		{name: "hosts in another order, repeated, in another form", want: true, c: newCertificate(func(c *v2alpha1.Certificate) {
			c.Spec.Hosts = []string{"2001:db8::1", "10.0.0.1", "b.example", "b.example", ""}
		})},
		{name: "a host more", c: newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Hosts = append(c.Spec.Hosts, "c") })},
		{name: "a host less", c: newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Hosts = c.Spec.Hosts[1:] })},
		{name: "another subject", c: newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Subject = "east" })},
		{name: "to be an authority", c: newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Signing = true })},
		{name: "no key", change: func(p, _ *pki.Pair) { p.Key = nil }},
		{name: "another key", change: func(p, _ *pki.Pair) { p.Key = foreign }},
		{name: "no CA", change: func(p, _ *pki.Pair) { p.CA = nil }},
		{name: "damaged", change: func(p, _ *pki.Pair) { p.Cert = p.Cert[:100] }},
		{name: "the authority changed", change: func(_, ca *pki.Pair) { *ca = other }},
		{name: "its CA was replaced by hand", change: func(p, _ *pki.Pair) { p.CA = other.CA }},
		{name: "the authority's text is written otherwise", want: true, change: func(_, ca *pki.Pair) { ca.Cert = append([]byte("# CA\n"), ca.Cert...) }},
		{name: "two thirds of its life", at: pki.DefaultValidity * 2 / 3},
		{name: "just before", at: pki.DefaultValidity*2/3 - 24*time.Hour, want: true},
		{name: "expired", at: pki.DefaultValidity + time.Hour},
		{name: "not begun, as by a clock that is behind", at: -48 * time.Hour, want: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.c == nil {
				tt.c = newCertificate()
			}
			p, ca := p, ca
			if tt.change != nil {
				tt.change(&p, &ca)
			}
			if got := good(tt.c, p, ca, now.Add(tt.at)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// An authority is kept as long as it is valid: all links would break with it.
func TestAuthorityIsKept(t *testing.T) {
	c := newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Signing, c.Spec.Hosts = true, nil })
	p, err := issue(c, pki.Pair{}, now)
	if err != nil {
		t.Fatal(err)
	}
	if !good(c, p, pki.Pair{}, now.Add(pki.DefaultValidity-time.Hour)) {
		t.Error("replaced before its end")
	}
	if good(c, p, pki.Pair{}, now.Add(pki.DefaultValidity+time.Hour)) {
		t.Error("kept beyond its end")
	}
	if d := due(c, p, now.Add(pki.DefaultValidity-time.Hour)); d > time.Hour+time.Minute {
		t.Errorf("looked at again in %v", d)
	}
}

func TestSubjectWithCommasAndNoHosts(t *testing.T) {
	ca := newAuthority(t, true)
	c := newCertificate(func(c *v2alpha1.Certificate) {
		c.Spec.Subject, c.Spec.Hosts, c.Spec.Client, c.Spec.Server = "10.0.0.1,b.example, c", nil, true, false
	})
	p, err := issue(c, ca, now)
	if err != nil || !good(c, p, ca, now) {
		t.Errorf("%v", err)
	}
}

// TestHostsOfAnAuthority: it has the hosts that are asked for when it is made, and no others make it another one.
func TestHostsOfAnAuthority(t *testing.T) {
	c := newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Signing, c.Spec.CA = true, "" })
	p, err := issue(c, pki.Pair{}, now)
	if err != nil || !good(c, p, pki.Pair{}, now) || !pki.Covers(p.Cert, c.Spec.Hosts) {
		t.Fatalf("with hosts: %v", err)
	}
	c.Spec.Hosts = append(c.Spec.Hosts, "more")
	if !good(c, p, pki.Pair{}, now) {
		t.Error("another authority for the sake of a host")
	}
	if old, err := pki.NewP256CA(c.Spec.Subject, now); err != nil || !good(c, old, pki.Pair{}, now) {
		t.Errorf("one without hosts: %v", err)
	}
}

// TestAuthorityIsKeptWhenTheClockIsBehind: a new one would end all links, also after the clock is right.
func TestAuthorityIsKeptWhenTheClockIsBehind(t *testing.T) {
	c := newCertificate(func(c *v2alpha1.Certificate) { c.Spec.Signing, c.Spec.Hosts = true, nil })
	p, err := issue(c, pki.Pair{}, now)
	if err != nil {
		t.Fatal(err)
	}
	if then := now.Add(-48 * time.Hour); !good(c, p, pki.Pair{}, then) || begun(p, then) == nil {
		t.Errorf("good %v, begun: %v", good(c, p, pki.Pair{}, then), begun(p, then))
	}
	if err := begun(p, now); err != nil {
		t.Error(err)
	}
}

// TestAuthoritiesThatCannotSign has authorities whose certificates nobody accepts: they are not made again and again.
func TestAuthoritiesThatCannotSign(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*x509.Certificate)
		want   string
	}{
		"constraints": {func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"corp.example"}, true
		}, "cannot sign for these hosts: "},
		"usage": {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, "not for signing others"},
	} {
		ca := newAuthority(t, false, tt.change)
		p, err := issue(newCertificate(), ca, now)
		if err == nil && !good(newCertificate(), p, ca, now) {
			err = unfit(newCertificate(), p, now)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ahead := newAuthority(t, false, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) })
	p, err := issue(newCertificate(), ahead, now)
	if err != nil || !good(newCertificate(), p, ahead, now) || begun(p, now) == nil || begun(p, now.Add(time.Hour)) != nil {
		t.Errorf("ahead: %v, begun: %v", err, begun(p, now))
	}
}
