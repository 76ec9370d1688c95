package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

func block(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParseKey(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err1 := x509.MarshalECPrivateKey(e)
	rsa8, err2 := x509.MarshalPKCS8PrivateKey(r)
	ec8, err3 := x509.MarshalPKCS8PrivateKey(e)
	for _, tt := range []struct {
		name, text string
		key        crypto.Signer
		want       string
	}{
		{"PKCS1", block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), nil), r, ""},
		{"PKCS8 RSA", block(t, "PRIVATE KEY", rsa8, err2), r, ""},
		{"PKCS8 EC", block(t, "PRIVATE KEY", ec8, err3), e, ""},
		{"SEC1", block(t, "EC PRIVATE KEY", sec1, err1), e, ""},
		{"SEC1 after its parameters", block(t, "EC PARAMETERS", []byte{6, 5, 43, 129, 4, 0, 34}, nil) +
			block(t, "EC PRIVATE KEY", sec1, err1), e, ""},
		{"encrypted PKCS8", block(t, "ENCRYPTED PRIVATE KEY", []byte{1}, nil), nil, "encrypted"},
		{"encrypted PKCS1", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAQ==\n-----END RSA PRIVATE KEY-----\n", nil, "encrypted"},
		{"other kind", block(t, "DSA PRIVATE KEY", []byte{1}, nil), nil, "unknown kind"},
		{"not DER", block(t, "PRIVATE KEY", []byte("x"), nil), nil, "asn1"},
		{"no key", "hello", nil, "no private key"},
		{"too long", strings.Repeat("x", MaxPEM+1), nil, "octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseKey([]byte(tt.text))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || !samePublic(got.Public(), tt.key.Public()) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestParseCerts(t *testing.T) {
	cert := string(newCA(t).Cert)
	for _, tt := range []struct {
		name, text string
		n          int
		want       string
	}{
		{"one", cert, 1, ""},
		{"two", cert + cert, 2, ""},
		{"text before", "subject: x\n" + cert, 1, ""},
		{"most", strings.Repeat(cert, MaxChain), MaxChain, ""},
		{"one too many", strings.Repeat(cert, MaxChain+1), 0, "more than 16"},
		{"none", "", 0, "no certificate"},
		{"cut short", cert[:len(cert)-20], 0, "no certificate"},
		{"second cut short", cert + cert[:len(cert)-20], 0, "cut short"},
		{"not DER", block(t, "CERTIFICATE", []byte("x"), nil), 0, "x509"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCerts([]byte(tt.text))
			if len(got) != tt.n || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %d, %v; want %d, %q", len(got), err, tt.n, tt.want)
			}
		})
	}
}

func TestCSR(t *testing.T) {
	ca := newCA(t)
	csr, key, err := NewCSR("claimant")
	if err != nil {
		t.Fatal(err)
	}
	p, err := IssueCSR(ca, csr, Request{Subject: "given", Client: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	if p.Key != nil {
		t.Error("a key came back for a request that was made elsewhere")
	}
	p.Key = key
	if err := Verify(p, now); err != nil {
		t.Error(err)
	}
	if got := leafOf(t, p).Subject.CommonName; got != "given" {
		t.Errorf("subject %q, want the issuer's choice", got)
	}

	again, err := CSR("claimant", key)
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := ParseCSR(csr)
	b, err2 := ParseCSR(again)
	if err1 != nil || err2 != nil || Fingerprint(a) != Fingerprint(b) || len(Fingerprint(a)) != 64 {
		t.Errorf("fingerprints of one key differ: %v %v", err1, err2)
	}
	blk, _ := pem.Decode(csr)
	if _, err := ParseCSR(blk.Bytes); err != nil {
		t.Errorf("DER: %v", err)
	}
	bent := append([]byte(nil), blk.Bytes...)
	bent[len(bent)-1] ^= 1
	for name, b := range map[string][]byte{
		"signature changed": bent, "empty": nil, "certificate": ca.Cert, "too long": make([]byte, 2*MaxCSR+1),
		"DER too long": make([]byte, MaxCSR+1),
	} {
		if _, err := ParseCSR(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCSRWeakKey(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, weak)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCSR(der); err == nil || !strings.Contains(err.Error(), "1024 bits") {
		t.Errorf("got %v", err)
	}
}

func TestLife(t *testing.T) {
	ca := newCA(t)
	p, err := Issue(ca, Request{Subject: "x", Hosts: []string{"a.example", "10.0.0.1", "::1"}, Validity: 29 * time.Hour}, now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Expiry(p.Cert); err != nil || !got.Equal(now.Add(29*time.Hour)) {
		t.Errorf("expiry %v, %v", got, err)
	}
	if _, err := Expiry(nil); err == nil {
		t.Error("expiry of nothing")
	}
	if got, want := RenewAt(p.Cert, now), now.Add(19*time.Hour); !got.Equal(want) { // 30 h with the skew: 10 h before the end
		t.Errorf("renew at %v, want %v", got, want)
	}
	late := now.Add(20 * time.Hour)
	if got := RenewAt(p.Cert, late); !got.Equal(late) {
		t.Errorf("renew at %v, want now", got)
	}
	if got := RenewAt([]byte("x"), now); !got.Equal(now) {
		t.Errorf("renew at %v, want now", got)
	}
	for _, tt := range []struct {
		hosts []string
		want  bool
	}{
		{nil, true}, {[]string{""}, true}, {[]string{"a.example"}, true}, {[]string{"A.example", "10.0.0.1"}, true},
		{[]string{"0:0:0:0:0:0:0:1"}, true}, {[]string{"a.example", "b.example"}, false}, {[]string{"10.0.0.2"}, false},
	} {
		if got := Covers(p.Cert, tt.hosts); got != tt.want {
			t.Errorf("Covers(%q) = %v", tt.hosts, got)
		}
	}
	if Covers(nil, nil) {
		t.Error("no certificate covers something")
	}
}

// A certificate must never be due for renewal when it is made, however near the end of its authority: that would loop.
func TestRenewAtIsAfterIssue(t *testing.T) {
	ca := newCA(t)
	for _, left := range []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, DefaultValidity} {
		at := now.Add(DefaultValidity - left)
		p, err := Issue(ca, Request{Subject: "x"}, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := RenewAt(p.Cert, at); left > time.Second && !got.After(at) {
			t.Errorf("%v before the authority's end: renew at %v", left, got.Sub(at))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nAQ==\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(Pair{Cert: b, CA: b, Key: b}); err == nil && (len(m.Chain) == 0 || m.Key == nil) {
			t.Error("parsed, but nothing in it")
		}
		if csr, err := ParseCSR(b); err == nil && len(Fingerprint(csr)) != 64 {
			t.Error("no fingerprint")
		}
	})
}
