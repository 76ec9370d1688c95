package pki

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// template is the certificate to be signed, for an end entity.
func template(req Request, pub crypto.PublicKey, now, end time.Time) (*x509.Certificate, error) {
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	num, err := serial()
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber:          num,
		Subject:               pkix.Name{CommonName: req.Subject},
		NotBefore:             now.Add(-min(Skew, end.Sub(now)/10)).UTC(),
		NotAfter:              end.UTC(),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
	}
	if _, ok := pub.(*rsa.PublicKey); ok {
		tmpl.KeyUsage |= x509.KeyUsageKeyEncipherment // RFC 8813 section 3 forbids it for elliptic curves
	}
	if req.Server || !req.Client {
		tmpl.ExtKeyUsage = append(tmpl.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if req.Client || !req.Server {
		tmpl.ExtKeyUsage = append(tmpl.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	return tmpl, addHosts(tmpl, req.Hosts)
}

// addHosts writes every host as a DNS name, and as an address too if it is one: some peers look for an address among
// the DNS names only.
func addHosts(tmpl *x509.Certificate, hosts []string) error {
	if len(hosts) > MaxHosts {
		return fmt.Errorf("%d hosts for one certificate, want %d or fewer", len(hosts), MaxHosts)
	}
	seen := map[string]bool{"": true}
	for _, h := range hosts {
		if seen[h] {
			continue
		}
		seen[h] = true
		if err := checkHost(h); err != nil {
			return err
		}
		tmpl.DNSNames = append(tmpl.DNSNames, h)
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		}
	}
	return nil
}

func checkHost(h string) error {
	if len(h) > MaxHost {
		return fmt.Errorf("host %q… has %d octets, want %d or fewer", h[:32], len(h), MaxHost)
	}
	bad := strings.IndexFunc(h, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\"'@,;`, r) })
	if bad >= 0 {
		return fmt.Errorf("host %q is not a host name or address", h)
	}
	return nil
}

func checkSubject(s string) error {
	switch {
	case s == "":
		return errors.New("subject is empty")
	case len(s) > MaxSubject:
		return fmt.Errorf("subject has %d octets, want %d or fewer", len(s), MaxSubject)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return fmt.Errorf("subject %q has a character that cannot be printed", s)
	}
	return nil
}
