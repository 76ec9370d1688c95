package grantserver

import (
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

// Sign makes credentials with a site's authority, for the key of csr or, if that is nil, for a new one. The certificate
// is for a client only and names no host: it must not serve to pass oneself off as the granting site. Validity 0 means
// pki.DefaultValidity. Nothing is signed for a site without endpoints (grant.NoEndpoints).
func Sign(ca pki.Pair, subject string, csr []byte, endpoints []v2alpha1.Endpoint, validity time.Duration, now time.Time) (Credentials, error) {
	if len(groups(endpoints)) == 0 {
		return Credentials{}, grant.NoEndpoints
	}
	req := pki.Request{Subject: subject, Client: true, Validity: validity}
	var pair pki.Pair
	var err error
	if csr != nil {
		pair, err = pki.IssueCSR(ca, csr, req, now)
	} else {
		pair, err = pki.Issue(ca, req, now)
	}
	return Credentials{Pair: pair, Endpoints: endpoints}, err
}
