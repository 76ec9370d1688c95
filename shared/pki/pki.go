// Package pki makes and reads the certificates of a site: its authorities, the certificates they sign, and requests
// for such certificates. It does no input or output and knows no clock: the caller passes bytes and the present.
//
// Keys made here are P-256, written as PKCS#8. Authorities and keys made by others may be RSA (PKCS#1 or PKCS#8)
// or another NIST curve (SEC 1 or PKCS#8), so that a site keeps the authority it already has.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// DefaultValidity is how long a certificate is valid if the request does not say: five years of 365 days.
const DefaultValidity = 5 * 365 * 24 * time.Hour

// Skew is how far before the present a certificate begins, so that a peer whose clock is behind accepts it. A
// certificate that lives for less than ten times this begins a tenth of its life before the present.
const Skew = time.Hour

// Bounds of what is read and made.
const (
	MaxPEM     = 256 << 10 // octets of one PEM text
	MaxHosts   = 256       // hosts in one certificate
	MaxHost    = 253       // octets in a host
	MaxSubject = 253       // octets in a common name
	MaxChain   = 16        // certificates in one PEM text
)

// Pair is a certificate with its key and the authority that signed it, as PEM. It is the content of a Secret of type
// kubernetes.io/tls with ca.crt, or of a certificate directory. Key is nil where the holder alone has the key.
type Pair struct {
	CA, Cert, Key []byte
}

// Request is what is asked of an authority.
type Request struct {
	Subject string   // common name
	Hosts   []string // names and addresses to be valid for; empty ones are left out, repeated ones written once

	// Client and Server restrict what the certificate is for. Neither or both: for both.
	Client, Server bool

	Validity time.Duration // 0 means DefaultValidity; never beyond the authority's own end
}

// NewCA makes a self-signed authority that is valid for DefaultValidity, and for hosts if a server is to use it itself. Cert and CA
// of the result are the same.
func NewCA(subject string, now time.Time, hosts ...string) (Pair, error) {
	if err := checkSubject(subject); err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	tmpl, err := template(Request{Subject: subject, Hosts: hosts}, key.Public(), now, now.Add(DefaultValidity))
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	tmpl.IsCA = true
	tmpl.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	cert := encodeCert(der)
	return Pair{CA: cert, Cert: cert, Key: keyPEM}, nil
}

// Issue makes a key and has ca sign a certificate for it. CA of the result is ca's own certificate.
func Issue(ca Pair, req Request, now time.Time) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %q: %w", req.Subject, err)
	}
	p, err := sign(ca, key.Public(), req, now)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %q: %w", req.Subject, err)
	}
	if p.Key, err = encodeKey(key); err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %q: %w", req.Subject, err)
	}
	return p, nil
}

// IssueCSR has ca sign a certificate for the key of a request made elsewhere. Of the request only the key counts, once
// its signature has proved that the requester holds it; subject, hosts and use are req's. Key of the result is nil.
func IssueCSR(ca Pair, csrPEM []byte, req Request, now time.Time) (Pair, error) {
	csr, err := ParseCSR(csrPEM)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %q: %w", req.Subject, err)
	}
	p, err := sign(ca, csr.PublicKey, req, now)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %q: %w", req.Subject, err)
	}
	return p, nil
}

func sign(ca Pair, pub crypto.PublicKey, req Request, now time.Time) (Pair, error) {
	if err := checkSubject(req.Subject); err != nil {
		return Pair{}, err
	}
	chain, err := ParseCerts(ca.Cert)
	if err != nil {
		return Pair{}, fmt.Errorf("read the authority: %w", err)
	}
	parent := chain[0]
	key, err := ParseKey(ca.Key)
	if err != nil {
		return Pair{}, fmt.Errorf("read the authority's key: %w", err)
	}
	switch {
	case !parent.BasicConstraintsValid || !parent.IsCA:
		return Pair{}, fmt.Errorf("certificate %q is not an authority", parent.Subject.CommonName)
	case parent.KeyUsage != 0 && parent.KeyUsage&x509.KeyUsageCertSign == 0:
		return Pair{}, fmt.Errorf("certificate %q is not for signing others: its key usage does not say so", parent.Subject.CommonName)
	case !samePublic(parent.PublicKey, key.Public()):
		return Pair{}, fmt.Errorf("authority %q and its key do not belong together", parent.Subject.CommonName)
	case !now.Before(parent.NotAfter):
		return Pair{}, fmt.Errorf("authority %q expired at %s", parent.Subject.CommonName, stamp(parent.NotAfter))
	}
	validity := req.Validity
	if validity == 0 {
		validity = DefaultValidity
	}
	if validity < 0 {
		return Pair{}, fmt.Errorf("validity is %v, want more than 0", validity)
	}
	end := now.Add(validity)
	if end.After(parent.NotAfter) {
		end = parent.NotAfter // beyond it no peer would accept the chain anyway
	}
	tmpl, err := template(req, pub, now, end)
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{CA: encodeCert(parent.Raw), Cert: encodeCert(der)}, nil
}

// TLS is the pair as crypto/tls takes it.
func (p Pair) TLS() (tls.Certificate, error) {
	m, err := Parse(p)
	if err != nil {
		return tls.Certificate{}, err
	}
	out := tls.Certificate{PrivateKey: m.Key, Leaf: m.Chain[0]}
	for _, c := range m.Chain {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out, nil
}

// Pool is the authorities of the pair as roots.
func (p Pair) Pool() (*x509.CertPool, error) {
	certs, err := ParseCerts(p.CA)
	if err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func encodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// samePublic tells whether two public keys are equal.
func samePublic(a, b crypto.PublicKey) bool {
	eq, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && eq.Equal(b)
}

// checkKey refuses keys that peers would not trust.
func checkKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("RSA key has %d bits, want 2048 or more", k.N.BitLen())
		}
		if k.N.BitLen() > 8192 {
			return fmt.Errorf("RSA key has %d bits, want 8192 or less", k.N.BitLen())
		}
		return nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P224() {
			return errors.New("key is on the curve P-224, want P-256 or larger")
		}
		return nil
	default:
		return fmt.Errorf("key is of type %T, want ECDSA or RSA", pub)
	}
}

var serialLimit = new(big.Int).Lsh(big.NewInt(1), 128)

// serial is a random positive number of at most 128 bits.
func serial() (*big.Int, error) {
	for {
		n, err := rand.Int(rand.Reader, serialLimit)
		if err != nil || n.Sign() > 0 {
			return n, err
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
