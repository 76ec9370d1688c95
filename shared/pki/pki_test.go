package pki

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newCA(t *testing.T) Pair {
	t.Helper()
	ca, err := NewP256CA("skupper-site-ca", now)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// rsaCA is an authority as other controllers make it: RSA 2048, PKCS#1.
func rsaCA(t *testing.T, now time.Time) Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "skupper-site-ca"},
		NotBefore: now, NotAfter: now.Add(DefaultValidity),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert := encodeCert(der)
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return Pair{CA: cert, Cert: cert, Key: keyPEM}
}

func leafOf(t *testing.T, p Pair) *x509.Certificate {
	t.Helper()
	m, err := Parse(p)
	if err != nil {
		t.Fatal(err)
	}
	return m.Chain[0]
}

func TestNewCA(t *testing.T) {
	for name, tt := range map[string]struct {
		make  func(subject string, now time.Time, hosts ...string) (Pair, error)
		usage x509.KeyUsage
		block string
		alg   x509.SignatureAlgorithm
		bits  int
	}{
		// The first is as Skupper's own controller and command line need it to sign with.
		"default": {NewCA, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign, "RSA PRIVATE KEY", x509.SHA256WithRSA, 2048},
		"P256":    {NewP256CA, x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, "PRIVATE KEY", x509.ECDSAWithSHA256, 256},
	} {
		t.Run(name, func(t *testing.T) {
			ca, err := tt.make("skupper-site-ca", now, "a.example", "10.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(ca, now); err != nil {
				t.Error(err)
			}
			c := leafOf(t, ca)
			if !c.IsCA || !c.BasicConstraintsValid || c.Subject.CommonName != "skupper-site-ca" {
				t.Errorf("got CA %v, constraints %v, subject %q", c.IsCA, c.BasicConstraintsValid, c.Subject.CommonName)
			}
			if c.KeyUsage != tt.usage {
				t.Errorf("key usage %b, want %b", c.KeyUsage, tt.usage)
			}
			if !c.NotBefore.Equal(now.Add(-Skew)) || !c.NotAfter.Equal(now.Add(DefaultValidity)) {
				t.Errorf("valid %v to %v", c.NotBefore, c.NotAfter)
			}
			if !Covers(ca.Cert, []string{"a.example", "10.0.0.1"}) {
				t.Errorf("not for its hosts: %v %v", c.DNSNames, c.IPAddresses)
			}
			bits := 0
			switch pub := c.PublicKey.(type) {
			case *rsa.PublicKey:
				bits = pub.N.BitLen()
			case *ecdsa.PublicKey:
				bits = pub.Params().BitSize
			}
			if bits != tt.bits || c.SignatureAlgorithm != tt.alg {
				t.Errorf("key is %T of %d bits, signature %v", c.PublicKey, bits, c.SignatureAlgorithm)
			}
			if block, rest := pem.Decode(ca.Key); block == nil || block.Type != tt.block || len(rest) > 0 {
				t.Errorf("key is %.40q…", ca.Key)
			}
			if string(ca.CA) != string(ca.Cert) {
				t.Error("CA and Cert of an authority differ")
			}
			if _, err := tt.make("", now); err == nil {
				t.Error("an authority without a subject")
			}
		})
	}
}

func TestIssue(t *testing.T) {
	hosts := []string{"router.example.com", "10.0.0.1", "::1", "", "10.0.0.1"}
	made, err := NewCA("skupper-site-ca", now)
	if err != nil {
		t.Fatal(err)
	}
	for name, ca := range map[string]Pair{"P-256 authority": newCA(t), "RSA authority": made, "authority of others": rsaCA(t, now)} {
		t.Run(name, func(t *testing.T) {
			p, err := Issue(ca, Request{Subject: "west", Hosts: hosts}, now)
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(p, now); err != nil {
				t.Fatal(err)
			}
			c := leafOf(t, p)
			if c.IsCA || !c.BasicConstraintsValid || c.Subject.String() != "CN=west" {
				t.Errorf("got CA %v, constraints %v, subject %q", c.IsCA, c.BasicConstraintsValid, c.Subject)
			}
			if want := []string{"router.example.com", "10.0.0.1", "::1"}; !slices.Equal(c.DNSNames, want) {
				t.Errorf("DNS names %q, want %q", c.DNSNames, want)
			}
			if len(c.IPAddresses) != 2 || !c.IPAddresses[0].Equal(net.ParseIP("10.0.0.1")) || !c.IPAddresses[1].Equal(net.IPv6loopback) {
				t.Errorf("addresses %v", c.IPAddresses)
			}
			if !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
				t.Errorf("extended key usage %v", c.ExtKeyUsage)
			}
			if n := c.SerialNumber.BitLen(); n < 90 || n > 128 {
				t.Errorf("serial has %d bits", n)
			}
			if string(p.CA) != string(ca.Cert) {
				t.Error("CA of the issued pair is not the authority's certificate")
			}
			if block, _ := pem.Decode(p.Key); block.Type != "PRIVATE KEY" {
				t.Errorf("key is %q, want PKCS#8", block.Type)
			}
		})
	}
}

func TestIssueUses(t *testing.T) {
	ca := newCA(t)
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	for _, tt := range []struct {
		client, server bool
		want           []x509.ExtKeyUsage
	}{
		{false, false, []x509.ExtKeyUsage{server, client}},
		{true, true, []x509.ExtKeyUsage{server, client}},
		{true, false, []x509.ExtKeyUsage{client}},
		{false, true, []x509.ExtKeyUsage{server}},
	} {
		p, err := Issue(ca, Request{Subject: "x", Client: tt.client, Server: tt.server}, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := leafOf(t, p).ExtKeyUsage; !slices.Equal(got, tt.want) {
			t.Errorf("client %v server %v: got %v, want %v", tt.client, tt.server, got, tt.want)
		}
	}
}

func TestIssueValidity(t *testing.T) {
	ca := newCA(t)
	for _, tt := range []struct {
		name       string
		validity   time.Duration
		at         time.Time
		begin, end time.Time
	}{
		{"default is cut at the authority's end", 0, now.Add(time.Hour), now, now.Add(DefaultValidity)},
		{"a day", 24 * time.Hour, now, now.Add(-Skew), now.Add(24 * time.Hour)},
		{"ten minutes begin a minute ago", 10 * time.Minute, now, now.Add(-time.Minute), now.Add(10 * time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Issue(ca, Request{Subject: "x", Validity: tt.validity}, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			c := leafOf(t, p)
			if !c.NotBefore.Equal(tt.begin) || !c.NotAfter.Equal(tt.end) {
				t.Errorf("valid %v to %v, want %v to %v", c.NotBefore, c.NotAfter, tt.begin, tt.end)
			}
		})
	}
}

func TestIssueRefuses(t *testing.T) {
	ca, other := newCA(t), newCA(t)
	leaf, err := Issue(ca, Request{Subject: "leaf"}, now)
	if err != nil {
		t.Fatal(err)
	}
	ok := Request{Subject: "x"}
	for _, tt := range []struct {
		name string
		ca   Pair
		req  Request
		now  time.Time
		want string
	}{
		{"no authority", Pair{}, ok, now, "no certificate in PEM form"},
		{"no key", Pair{Cert: ca.Cert}, ok, now, "no private key in PEM form"},
		{"key of another", Pair{Cert: ca.Cert, Key: other.Key}, ok, now, "do not belong together"},
		{"not an authority", leaf, ok, now, "not an authority"},
		{"authority expired", ca, ok, now.Add(DefaultValidity), "expired at"},
		{"no subject", ca, Request{}, now, "subject is empty"},
		{"long subject", ca, Request{Subject: strings.Repeat("x", MaxSubject+1)}, now, "254 octets"},
		{"control character", ca, Request{Subject: "a\nb"}, now, "cannot be printed"},
		{"bad host", ca, Request{Subject: "x", Hosts: []string{"a b"}}, now, "not a host name"},
		{"host with a path", ca, Request{Subject: "x", Hosts: []string{"a/../b"}}, now, "not a host name"},
		{"long host", ca, Request{Subject: "x", Hosts: []string{strings.Repeat("x", MaxHost+1)}}, now, "254 octets"},
		{"many hosts", ca, Request{Subject: "x", Hosts: make([]string, MaxHosts+1)}, now, "257 hosts"},
		{"negative validity", ca, Request{Subject: "x", Validity: -1}, now, "want more than 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Issue(tt.ca, tt.req, tt.now)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMutualTLS(t *testing.T) {
	ca, err := NewP256CA("ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := Issue(ca, Request{Subject: "server", Hosts: []string{"127.0.0.1"}, Server: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	client, err := Issue(ca, Request{Subject: "client", Client: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sc, err1 := server.TLS()
	cc, err2 := client.TLS()
	pool, err3 := client.Pool()
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(a, &tls.Config{Certificates: []tls.Certificate{sc}, ClientCAs: pool,
			ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}).Handshake()
	}()
	conn := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{cc}, RootCAs: pool, ServerName: "127.0.0.1"})
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = conn.Read(make([]byte, 1)) }() // takes the session tickets off the pipe
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
