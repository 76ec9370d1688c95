package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// MaxCSR is how many octets a request may have, as DER.
const MaxCSR = 8 << 10

// NewKey makes a P-256 key.
func NewKey() (keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return encodeKey(key)
}

// NewCSR makes a key and a request for a certificate for it.
func NewCSR(subject string) (csrPEM, keyPEM []byte, err error) {
	if keyPEM, err = NewKey(); err != nil {
		return nil, nil, err
	}
	csrPEM, err = CSR(subject, keyPEM)
	return csrPEM, keyPEM, err
}

// CSR makes a request for a certificate for a key that exists, so that a request can be made again after a crash.
func CSR(subject string, keyPEM []byte) (csrPEM []byte, err error) {
	if err := checkSubject(subject); err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	key, err := ParseKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: subject}}, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// ParseCSR reads a request, PEM or DER, and checks its signature and its key: one that returns without error was made
// by the holder of the key.
func ParseCSR(b []byte) (*x509.CertificateRequest, error) {
	if len(b) > 2*MaxCSR { // PEM takes a third more than DER, and line ends
		return nil, fmt.Errorf("certificate request has %d octets, want %d or fewer", len(b), 2*MaxCSR)
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("-----BEGIN")) {
		block, _ := pem.Decode(b)
		if block == nil || block.Type != "CERTIFICATE REQUEST" {
			return nil, errors.New("not a certificate request in PEM form")
		}
		b = block.Bytes
	}
	if len(b) > MaxCSR {
		return nil, fmt.Errorf("certificate request has %d octets, want %d or fewer", len(b), MaxCSR)
	}
	csr, err := x509.ParseCertificateRequest(b)
	if err != nil {
		return nil, fmt.Errorf("read the certificate request: %w", err)
	}
	if err := checkKey(csr.PublicKey); err != nil {
		return nil, fmt.Errorf("read the certificate request: %w", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the certificate request is not signed by its own key: %w", err)
	}
	return csr, nil
}

// Fingerprint names the key of a request: the SHA-256 of its SubjectPublicKeyInfo, in hex.
func Fingerprint(csr *x509.CertificateRequest) string {
	sum := sha256.Sum256(csr.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}
