package grantserver

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

// Grants is where the grants are persisted. Its methods are called by several goroutines; Confirm by one at a time for
// each grant.
type Grants interface {
	// Grant reads the grant with that UID, or with Options.ByKey also the one of NAMESPACE/NAME. The text comes from outside
	// and may be any of at most 253 octets. A
	// grant that does not exist is a fault.Missing. What is read may be a little old.
	Grant(ctx context.Context, uid string) (grant.Grant, error)

	// Confirm persists that the grant was redeemed r.Count times, and r.Claims. When it returns without error, a crash
	// does not undo that. It must fail with a fault.Conflict, and write nothing, if the persisted count is not
	// r.Count-1. Where count and claim cannot be written at once, the claim is written first: claims that outnumber the
	// count are counted.
	Confirm(ctx context.Context, uid string, r grant.Redemption) error
}

// Issuer makes credentials for claimants.
type Issuer interface {
	// Issue gives a client certificate of the site in the grant's namespace, signed by the authority that the grant names or
	// else the site's, and the endpoints at which that site accepts links.
	// Subject is the certificate's common name; name that of the token. If csr (PEM) is not nil the certificate is for
	// its key and Pair.Key stays nil. Name and subject are DNS-1123 subdomains, csr's signature is checked.
	//
	// An error that is a grant.Cause (NoSite, NoIssuer, NoEndpoints, Edge) is told to the claimant; of any other it
	// learns that there was one. Sign does most of the work.
	Issue(ctx context.Context, g grant.Grant, name, subject string, csr []byte) (Credentials, error)
}

// Credentials is what a claimant gets.
type Credentials struct {
	Pair      pki.Pair
	Endpoints []v2alpha1.Endpoint // all of the site's; those that are not for links are left out of the answer
}
