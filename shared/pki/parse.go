package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Material is a pair, read.
type Material struct {
	Authorities []*x509.Certificate // of CA; nil if the pair has none
	Chain       []*x509.Certificate // of Cert; the first is the holder's
	Key         crypto.Signer       // of Key; nil if the pair has none
}

// Parse reads a pair. CA and Key may be absent; what is there must be well formed, and the key must be the
// certificate's. Whether the authority signed the certificate is a matter of Verify.
func Parse(p Pair) (Material, error) {
	var m Material
	var err error
	if m.Chain, err = ParseCerts(p.Cert); err != nil {
		return Material{}, fmt.Errorf("read the certificate: %w", err)
	}
	if len(p.CA) > 0 {
		if m.Authorities, err = ParseCerts(p.CA); err != nil {
			return Material{}, fmt.Errorf("read the authority: %w", err)
		}
	}
	if len(p.Key) > 0 {
		if m.Key, err = ParseKey(p.Key); err != nil {
			return Material{}, fmt.Errorf("read the key: %w", err)
		}
		if !samePublic(m.Chain[0].PublicKey, m.Key.Public()) {
			return Material{}, errors.New("certificate and key do not belong together")
		}
	}
	return m, nil
}

// Verify checks that the pair's certificate is signed by its authority, at an instant at which both are valid by
// themselves, for any use. It says nothing of hosts.
func Verify(p Pair, now time.Time) error {
	m, err := Parse(p)
	if err != nil {
		return err
	}
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, c := range m.Authorities {
		opts.Roots.AddCert(c)
	}
	for _, c := range m.Chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err = m.Chain[0].Verify(opts)
	return err
}

// ParseCerts reads the certificates of a PEM text, one at least. Blocks of other kinds are passed over.
func ParseCerts(text []byte) ([]*x509.Certificate, error) {
	if len(text) > MaxPEM {
		return nil, fmt.Errorf("PEM text has %d octets, want %d or fewer", len(text), MaxPEM)
	}
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if len(out) == MaxChain {
			return nil, fmt.Errorf("more than %d certificates", MaxChain)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("no certificate in PEM form")
	}
	if bytes.Contains(text, []byte("-----BEGIN")) {
		return nil, errors.New("a PEM block is cut short or damaged")
	}
	return out, nil
}

// ParseKey reads the first private key of a PEM text: PKCS#1, PKCS#8 or SEC 1, not encrypted.
func ParseKey(text []byte) (crypto.Signer, error) {
	if len(text) > MaxPEM {
		return nil, fmt.Errorf("PEM text has %d octets, want %d or fewer", len(text), MaxPEM)
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("no private key in PEM form")
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // such as EC PARAMETERS, which openssl writes first
		}
		if strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("private key is encrypted")
		}
		return parseKeyDER(block.Type, block.Bytes)
	}
}

func parseKeyDER(kind string, der []byte) (crypto.Signer, error) {
	switch kind {
	case "RSA PRIVATE KEY":
		k, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, err
		}
		return k, nil
	case "EC PRIVATE KEY":
		k, err := x509.ParseECPrivateKey(der)
		if err != nil {
			return nil, err
		}
		return k, nil
	case "PRIVATE KEY":
		k, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, err
		}
		s, ok := k.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("key of type %T cannot sign", k)
		}
		return s, nil
	default:
		return nil, fmt.Errorf("private key is of the unknown kind %q", kind)
	}
}
