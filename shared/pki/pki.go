// Package pki makes and reads the certificates of a site: its authorities, the certificates they sign, and requests
// for such certificates. It does no input or output and knows no clock: the caller passes bytes and the present.
//
// The keys of authorities made here are RSA, written as PKCS#1, the one form in which Skupper's own controller and command line
// can sign with them (authority.go). All other keys are P-256, written as PKCS#8, which every peer reads. Authorities and keys
// made by others may be RSA (PKCS#1 or PKCS#8) or a NIST curve (SEC 1 or PKCS#8), so that a site keeps the authority it
// already has.
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
