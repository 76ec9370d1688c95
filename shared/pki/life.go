package pki

import (
	"net"
	"slices"
	"time"
)

// Expiry is when a certificate ends to be valid. Of several certificates the first counts.
func Expiry(certPEM []byte) (time.Time, error) {
	certs, err := ParseCerts(certPEM)
	if err != nil {
		return time.Time{}, err
	}
	return certs[0].NotAfter, nil
}

// Covers tells whether a certificate names all hosts, so that a client that checks names accepts it at each of them.
// Empty hosts count as covered; a text that is not a certificate covers nothing.
func Covers(certPEM []byte, hosts []string) bool {
	certs, err := ParseCerts(certPEM)
	if err != nil {
		return false
	}
	for _, h := range hosts {
		if h == "" {
			continue
		}
		if certs[0].VerifyHostname(h) == nil {
			continue
		}
		// A name that is no valid host name, such as one with a space, is never verified but may be listed.
		if net.ParseIP(h) != nil || !slices.Contains(certs[0].DNSNames, h) {
			return false
		}
	}
	return true
}

// RenewAt is when to replace a certificate: when a third of its life is left, which is after its issue for whatever
// Issue makes. It is now for a text that is not a certificate and for a certificate that is past that point.
func RenewAt(certPEM []byte, now time.Time) time.Time {
	certs, err := ParseCerts(certPEM)
	if err != nil {
		return now
	}
	at := certs[0].NotAfter.Add(-certs[0].NotAfter.Sub(certs[0].NotBefore) / 3)
	if at.Before(now) {
		return now
	}
	return at
}
