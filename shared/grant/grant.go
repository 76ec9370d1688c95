package grant

import "time"

// Grant is an AccessGrant as it is persisted.
type Grant struct {
	UID       string // what it is looked up by, last part of the token's URL
	Name      string
	Namespace string
	Issuer    string // the certificate authority that signs; empty: the site's default
	Code      string // the secret that must be shown; empty: nothing can be redeemed yet

	Allowed  int // how often it can be redeemed
	Redeemed int // how often it was

	// ExpiresAt is from when on it can no longer be redeemed. Zero: the grant has no valid expiry, and is never
	// redeemed.
	ExpiresAt time.Time

	// Claims are the redemptions of which more is known than that they happened, oldest first. There may be fewer than
	// Redeemed. If there are more, they count.
	Claims []Claim
}

// Claim is one redemption that counted.
type Claim struct {
	// Fingerprint names the key of the claimant (pki.Fingerprint). Empty: it had sent no certificate request.
	Fingerprint string `json:"key,omitempty"`

	Name    string    `json:"name,omitempty"`    // of the token, as the claimant told it
	Subject string    `json:"subject,omitempty"` // the claimant as it named itself, in the certificate's subject
	Serial  string    `json:"serial,omitempty"`  // of the first certificate, in hex
	At      time.Time `json:"at,omitzero"`
}

// Redemption is what is persisted when uses are confirmed: those of all claimants that were ready at the time, since a
// write takes longer than all else.
type Redemption struct {
	// Count is how often the grant has been redeemed with Claims included. What persists it must refuse if the
	// persisted count is not Before: then another has counted meanwhile.
	Count int

	// Claims are the uses that this one write makes count, one or more. They are to be kept beside the count, in the same
	// write if that is possible, else in an earlier one.
	Claims []Claim
}

// Before is how often the grant has been redeemed without Claims.
func (r Redemption) Before() int { return r.Count - len(r.Claims) }

// used is how often the grant has been redeemed as far as it knows.
func (g Grant) used() int { return max(g.Redeemed, len(g.Claims)) }

// Left is how often the grant can still be redeemed.
func (g Grant) Left() int { return max(0, g.Allowed-g.used()) }

// Expired tells whether the grant can no longer be redeemed because of its age.
func (g Grant) Expired(now time.Time) bool { return !now.Before(g.ExpiresAt) }

// claimedBy tells whether a claimant with that key has redeemed the grant.
func (g Grant) claimedBy(fingerprint string) bool {
	if fingerprint == "" {
		return false
	}
	for _, c := range g.Claims {
		if c.Fingerprint == fingerprint {
			return true
		}
	}
	return false
}
