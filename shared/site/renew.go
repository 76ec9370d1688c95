package site

import (
	"bytes"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// RenewHint is in the message of a link that cannot come up with the credentials that it has.
const RenewHint = "the credentials of this link do not fit that site any more: redeem a new token of it (there: token issue FILE, here: token redeem FILE)"

// distrust are the words of routers, of several makes, for a certificate that one of both ends does not trust.
var distrust = []string{"certificate verify failed", "x509:", "unknown certificate authority", "unknown authority", "unknown ca", "bad certificate", "certificate unknown"}

// Why is the message of a link that is down, by what its router says; with advice where there is some.
func Why(lastError string) string {
	if lastError == "" {
		return v2alpha1.MessageNotOperational
	}
	text := v2alpha1.MessageNotOperational + ": " + lastError
	lower := strings.ToLower(lastError)
	if slices.ContainsFunc(distrust, func(words string) bool { return strings.Contains(lower, words) }) {
		text += "; " + RenewHint
	}
	return text
}

// NeedsRenewal tells whether a link is down because of its credentials.
func NeedsRenewal(l *v2alpha1.Link) bool {
	c := l.Status.Condition(v2alpha1.ConditionOperational)
	return c != nil && !l.Status.IsTrue(v2alpha1.ConditionOperational) && strings.Contains(c.Message, RenewHint)
}

// Renews tells whether a link that a token was just redeemed for is what another one, which is down, was before the site at the
// other end got another authority: it leads to the same place, and the credentials of the two are of different authorities.
func Renews(fresh, old *v2alpha1.Link, freshCA, oldCA []byte) bool {
	if old.Status.IsTrue(v2alpha1.ConditionOperational) || old.Name == fresh.Name || old.Spec.TLSCredentials == "" || old.Spec.TLSCredentials == fresh.Spec.TLSCredentials {
		return false
	}
	same := slices.ContainsFunc(fresh.Spec.Endpoints, func(e v2alpha1.Endpoint) bool {
		return slices.ContainsFunc(old.Spec.Endpoints, func(o v2alpha1.Endpoint) bool {
			return e.Name == o.Name && e.Host == o.Host && e.Port == o.Port && e.Host != ""
		})
	})
	a, err1 := pki.ParseCerts(freshCA)
	b, err2 := pki.ParseCerts(oldCA)
	return same && err1 == nil && err2 == nil && !bytes.Equal(a[0].Raw, b[0].Raw)
}
