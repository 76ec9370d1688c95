package grantserver

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

// maxAuthorities is how many authorities a Signer keeps read.
const maxAuthorities = 64

// Signer signs for sites, with authorities that it need not read again each time. The zero value has read none. Any number of
// goroutines may use it.
type Signer struct {
	mu   sync.Mutex
	read map[[sha256.Size]byte]*pki.Authority // by the texts of certificate and key
}

// Sign makes credentials with a site's authority, for the key of csr or, if that is nil, for a new one. The certificate
// is for a client only and names no host: it must not serve to pass oneself off as the granting site. Validity 0 means
// pki.DefaultValidity. Nothing is signed for a site without endpoints (grant.NoEndpoints).
func (s *Signer) Sign(ca pki.Pair, subject string, csr []byte, endpoints []v2alpha1.Endpoint, validity time.Duration, now time.Time) (Credentials, error) {
	if len(groups(endpoints)) == 0 {
		return Credentials{}, grant.NoEndpoints
	}
	authority, err := s.authority(ca)
	if err != nil {
		return Credentials{}, err
	}
	req := pki.Request{Subject: subject, Client: true, Validity: validity}
	var pair pki.Pair
	if csr != nil {
		pair, err = authority.IssueCSR(csr, req, now)
	} else {
		pair, err = authority.Issue(req, now)
	}
	return Credentials{Pair: pair, Endpoints: endpoints}, err
}

// authority is the authority of a pair. One that cannot sign is not kept.
func (s *Signer) authority(p pki.Pair) (*pki.Authority, error) {
	key := sha256.Sum256(slices.Concat(p.Cert, []byte{0}, p.Key)) // no PEM text has a zero
	s.mu.Lock()
	a := s.read[key]
	s.mu.Unlock()
	if a != nil {
		return a, nil
	}
	a, err := pki.ReadAuthority(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read == nil || len(s.read) >= maxAuthorities {
		s.read = map[[sha256.Size]byte]*pki.Authority{} // those in use come back
	}
	s.read[key] = a
	return a, nil
}
