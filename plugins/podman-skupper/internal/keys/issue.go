package keys

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

// ClockSlack is how far the clocks of two machines may be apart, and this machine's clock be set back, without
// certificates being refused as not yet valid: they are made as if it were so much earlier.
const ClockSlack = 25 * time.Hour

// Ring is the key pairs of a site.
type Ring struct {
	Issuers string // directory of the authorities
	Certs   string // directory of the others
	Now     time.Time
}

// Dir is where the key pair of a want is kept.
func (r Ring) Dir(w site.CertificateWant) string {
	if w.Signing {
		return filepath.Join(r.Issuers, w.Name)
	}
	return filepath.Join(r.Certs, w.Name)
}

// Ensure makes what is wanted and not there, or not good any more. It returns all pairs by name, which of those that
// existed before were replaced, and when the first of them is due.
func (r Ring) Ensure(wants []site.CertificateWant) (pairs map[string]pki.Pair, replaced []string, due time.Time, err error) {
	authorities, err := r.authorities(wants)
	if err != nil {
		return nil, nil, due, err
	}
	pairs = make(map[string]pki.Pair, len(wants))
	for _, w := range wants {
		old, readErr := Read(r.Dir(w))
		pair := old
		switch {
		case w.Brought != nil:
			pair = *w.Brought
		case w.CA == "":
			pair = authorities[w.Name]
		case readErr == nil && r.good(w, old, pairs[w.CA]):
		default:
			if pair, err = r.issue(w, pairs); err != nil {
				return nil, nil, due, err
			}
		}
		pairs[w.Name] = pair
		changed, err := Write(r.Dir(w), pair, nil)
		if err != nil {
			return nil, nil, due, err
		}
		if changed && readErr == nil {
			replaced = append(replaced, w.Name)
		}
		if w.Brought == nil && !w.Signing {
			if at := pki.RenewAt(pair.Cert, r.Now); due.IsZero() || at.Before(due) {
				due = at
			}
		}
	}
	return pairs, replaced, due, nil
}

// authorities are those that are not brought: as they are, or made, all at the same time as each takes a core for tenths of a second.
func (r Ring) authorities(wants []site.CertificateWant) (map[string]pki.Pair, error) {
	out, errs := make([]pki.Pair, len(wants)), make([]error, len(wants))
	var makers sync.WaitGroup
	for i, w := range wants {
		if w.CA != "" || w.Brought != nil {
			continue
		}
		var err error
		if out[i], err = Read(r.Dir(w)); err == nil && r.good(w, out[i], pki.Pair{}) {
			continue
		}
		makers.Go(func() {
			out[i], errs[i] = pki.NewCA(w.Subject, r.Now.Add(-2*ClockSlack)) // so that what it signs is not older
		})
	}
	makers.Wait()
	named := map[string]pki.Pair{}
	for i, w := range wants {
		named[w.Name] = out[i]
	}
	return named, errors.Join(errs...)
}

// good tells whether a pair made before still serves. An authority is kept to its very end: all links would break
// with it.
func (r Ring) good(w site.CertificateWant, p, ca pki.Pair) bool {
	if complete(p) != nil || !pki.Covers(p.Cert, w.Hosts) || !r.begun(p) {
		return false
	}
	if w.CA == "" {
		end, err := pki.Expiry(p.Cert)
		return err == nil && r.Now.Before(end)
	}
	return bytes.Equal(p.CA, ca.Cert) && pki.RenewAt(p.Cert, r.Now).After(r.Now)
}

// begun tells whether a certificate is valid already: one made while the clock was years ahead is not.
func (r Ring) begun(p pki.Pair) bool {
	certs, err := pki.ParseCerts(p.Cert)
	return err == nil && !r.Now.Before(certs[0].NotBefore)
}

func (r Ring) issue(w site.CertificateWant, pairs map[string]pki.Pair) (pki.Pair, error) {
	ca, ok := pairs[w.CA]
	if !ok {
		return pki.Pair{}, fmt.Errorf("make certificate %s: there is no authority %s", w.Name, w.CA)
	}
	pair, err := pki.Issue(ca, pki.Request{Subject: w.Subject, Hosts: w.Hosts, Client: w.Client, Server: w.Server}, r.Now.Add(-ClockSlack))
	if err != nil {
		return pair, fmt.Errorf("make certificate %s: %w", w.Name, err)
	}
	return pair, nil
}
