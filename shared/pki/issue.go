package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"time"
)

// Authority is a pair that signs, read once: to read an RSA key takes a quarter of the time that it takes to sign with it. It may be
// used by several at once.
type Authority struct {
	cert *x509.Certificate
	pem  []byte // the certificate
	key  crypto.Signer
}

// ReadAuthority reads the pair of an authority. It fails if the pair cannot sign, at whatever time.
func ReadAuthority(p Pair) (*Authority, error) {
	chain, err := ParseCerts(p.Cert)
	if err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	cert := chain[0]
	key, err := ParseKey(p.Key)
	if err != nil {
		return nil, fmt.Errorf("read the authority's key: %w", err)
	}
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return nil, fmt.Errorf("certificate %q is not an authority", cert.Subject.CommonName)
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, fmt.Errorf("certificate %q is not for signing others: its key usage does not say so", cert.Subject.CommonName)
	case !samePublic(cert.PublicKey, key.Public()):
		return nil, fmt.Errorf("authority %q and its key do not belong together", cert.Subject.CommonName)
	}
	return &Authority{cert: cert, pem: encodeCert(cert.Raw), key: key}, nil
}

// Issue is Authority.Issue of a pair.
func Issue(ca Pair, req Request, now time.Time) (Pair, error) {
	a, err := ReadAuthority(ca)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	return a.Issue(req, now)
}

// IssueCSR is Authority.IssueCSR of a pair.
func IssueCSR(ca Pair, csrPEM []byte, req Request, now time.Time) (Pair, error) {
	a, err := ReadAuthority(ca)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	return a.IssueCSR(csrPEM, req, now)
}

// Issue makes a key and signs a certificate for it. CA of the result is the authority's own certificate.
func (a *Authority) Issue(req Request, now time.Time) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	p, err := a.sign(key.Public(), req, now)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	if p.Key, err = encodeKey(key); err != nil {
		return Pair{}, req.failed(err)
	}
	return p, nil
}

// IssueCSR signs a certificate for the key of a request made elsewhere. Of the request only the key counts, once its signature has
// proved that the requester holds it; subject, hosts and use are req's. Key of the result is nil.
func (a *Authority) IssueCSR(csrPEM []byte, req Request, now time.Time) (Pair, error) {
	csr, err := ParseCSR(csrPEM)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	p, err := a.sign(csr.PublicKey, req, now)
	if err != nil {
		return Pair{}, req.failed(err)
	}
	return p, nil
}

func (r Request) failed(err error) error {
	return fmt.Errorf("issue a certificate for %q: %w", r.Subject, err)
}

func (a *Authority) sign(pub crypto.PublicKey, req Request, now time.Time) (Pair, error) {
	if err := checkSubject(req.Subject); err != nil {
		return Pair{}, err
	}
	if !now.Before(a.cert.NotAfter) {
		return Pair{}, fmt.Errorf("authority %q expired at %s", a.cert.Subject.CommonName, stamp(a.cert.NotAfter))
	}
	validity := req.Validity
	if validity == 0 {
		validity = DefaultValidity
	}
	if validity < 0 {
		return Pair{}, fmt.Errorf("validity is %v, want more than 0", validity)
	}
	end := now.Add(validity)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter // beyond it no peer would accept the chain anyway
	}
	tmpl, err := template(req, pub, now, end)
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, pub, a.key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{CA: a.pem, Cert: encodeCert(der)}, nil
}
