package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

// authorityBits is the size of an authority's key. As long as Skupper's own, and what peers agree on for the years that it lives.
const authorityBits = 2048

// NewCA makes a self-signed authority that is valid for DefaultValidity, and for hosts if a server is to use it itself. Cert and CA
// of the result are the same. Its key is RSA and takes some tenths of a second: hold no lock meanwhile.
//
// It is PKCS#1, as whoever takes a site over has to sign with it: Skupper's own controller and command line read no other key of
// an authority, and without it they end every link.
func NewCA(subject string, now time.Time, hosts ...string) (Pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, authorityBits)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	p, err := selfSigned(key, subject, now, hosts)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	p.Key = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return p, nil
}

// NewP256CA is NewCA with a P-256 key, as PKCS#8, which takes no time: for what makes authorities by the hundred and hands none to
// others, such as tests. Sites made by the first versions have such ones.
func NewP256CA(subject string, now time.Time, hosts ...string) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	p, err := selfSigned(key, subject, now, hosts)
	if err == nil {
		p.Key, err = encodeKey(key)
	}
	if err != nil {
		return Pair{}, fmt.Errorf("make an authority: %w", err)
	}
	return p, nil
}

// selfSigned is the certificate of an authority with that key.
func selfSigned(key crypto.Signer, subject string, now time.Time, hosts []string) (Pair, error) {
	if err := checkSubject(subject); err != nil {
		return Pair{}, err
	}
	tmpl, err := template(Request{Subject: subject, Hosts: hosts}, key.Public(), now, now.Add(DefaultValidity))
	if err != nil {
		return Pair{}, err
	}
	tmpl.IsCA = true
	tmpl.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return Pair{}, err
	}
	cert := encodeCert(der)
	return Pair{CA: cert, Cert: cert}, nil
}
