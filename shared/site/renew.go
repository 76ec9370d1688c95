package site

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// RenewHint is in the message of a link that cannot come up with the credentials that it has.
const RenewHint = "the credentials of this link do not fit that site any more: redeem a new token of it (there: token issue FILE, here: token redeem FILE)"

// doubtHint is in the message of a link of which the router does not say what it has against a certificate.
const doubtHint = "a certificate is not accepted: if that site has another authority than before, redeem a new token of it, and delete this link"

// distrust are the words of routers, of several makes, for a certificate of an authority that one of both ends does not know.
var distrust = []string{"unknown certificate authority", "unknown authority", "unknown ca", "bad certificate", "certificate signature failure",
	"unable to get local issuer certificate", "unable to get issuer certificate", "unable to verify the first certificate", "self-signed certificate", "self signed certificate"}

// otherwise are their words for a certificate that is refused for something that another one of the same site need not mend.
var otherwise = []string{"expired", "not yet valid", "is valid for", "not valid for", "cannot validate certificate for", "mismatch"}

// doubt is what some say whatever it is.
const doubt = "certificate verify failed"

// Why is the message of a link that is down, by what its router says; with advice where there is some.
func Why(lastError string) string {
	if lastError == "" {
		return v2alpha1.MessageNotOperational
	}
	text := v2alpha1.MessageNotOperational + ": " + lastError
	lower := strings.ToLower(lastError)
	says := func(words string) bool { return strings.Contains(lower, words) }
	switch {
	case slices.ContainsFunc(otherwise, says):
	case slices.ContainsFunc(distrust, says):
		text += "; " + RenewHint
	case says(doubt):
		text += "; " + doubtHint
	}
	return text
}

// NeedsRenewal tells whether a link is down because of its credentials.
func NeedsRenewal(l *v2alpha1.Link) bool {
	c := l.Status.Condition(v2alpha1.ConditionOperational)
	return c != nil && !l.Status.IsTrue(v2alpha1.ConditionOperational) && strings.HasSuffix(c.Message, RenewHint)
}

// Renews tells whether a link that a token was just redeemed for is what another one was before the site at the other end got
// another authority: that one is down because of its credentials, the two lead to exactly the same places, and their credentials
// are of different authorities. Less would let whoever issues a token take over a link to somebody else that happens to be down.
func Renews(fresh, old *v2alpha1.Link, freshCA, oldCA []byte) bool {
	if !NeedsRenewal(old) || !SameEndpoints(fresh, old) || old.Name == fresh.Name || old.Spec.TLSCredentials == "" || old.Spec.TLSCredentials == fresh.Spec.TLSCredentials {
		return false
	}
	a, err1 := pki.ParseCerts(freshCA)
	b, err2 := pki.ParseCerts(oldCA)
	return err1 == nil && err2 == nil && !bytes.Equal(a[0].Raw, b[0].Raw)
}

// SameEndpoints tells whether two links lead to the same places, in whatever order.
func SameEndpoints(a, b *v2alpha1.Link) bool {
	type place struct{ name, host, port string }
	places := func(l *v2alpha1.Link) map[place]bool {
		all := map[place]bool{}
		for _, e := range l.Spec.Endpoints {
			all[place{e.Name, e.Host, e.Port}] = true
		}
		return all
	}
	all := places(a)
	return len(all) > 0 && maps.Equal(all, places(b))
}
