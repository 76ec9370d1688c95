package grant

// Cause is why a redemption was refused, as one word that travels in the header skupper-cause. A Cause is an error.
type Cause string

// The causes. Those that Final reports are not worth another try with the same token.
const (
	Unknown   Cause = "unknown"   // no such grant
	Expired   Cause = "expired"   // the grant is too old
	UsedUp    Cause = "used-up"   // the grant was redeemed as often as it may be
	Refused   Cause = "refused"   // the code is wrong
	Corrupted Cause = "corrupted" // the grant has no valid expiry
	BadName   Cause = "bad-name"  // the token's name, or the claimant's, cannot be used
	BadCSR    Cause = "bad-csr"   // the certificate request cannot be used
	Edge      Cause = "edge"      // the granting site cannot accept links

	Busy        Cause = "busy"         // the last uses are being redeemed at this moment, or too many wrong codes came
	NoSite      Cause = "no-site"      // the granting site does not exist (yet)
	NoIssuer    Cause = "no-issuer"    // the granting site has no authority (yet)
	NoEndpoints Cause = "no-endpoints" // the granting site cannot be reached by links (yet)
	Internal    Cause = "internal"     // the granting site failed
)

// Error is the cause in words.
func (c Cause) Error() string {
	if text, ok := words[c]; ok {
		return text
	}
	return "refused: " + string(c)
}

var words = map[Cause]string{
	Unknown:     "no such grant",
	Expired:     "the grant has expired",
	UsedUp:      "the grant is used up",
	Refused:     "the code is wrong",
	Corrupted:   "the grant has no valid expiry",
	BadName:     "the name cannot be used",
	BadCSR:      "the certificate request cannot be used",
	Edge:        "edge sites cannot accept incoming links from remote sites",
	Busy:        "the grant is being redeemed at this moment",
	NoSite:      "the granting site does not exist",
	NoIssuer:    "the granting site has no certificate authority",
	NoEndpoints: "the granting site has no endpoints",
	Internal:    "the granting site failed",
}

// Known tells whether c is one of the causes above.
func (c Cause) Known() bool { _, ok := words[c]; return ok }

// Final tells whether the same token will be refused again however often it is tried.
func (c Cause) Final() bool {
	switch c {
	case Busy, NoSite, NoIssuer, NoEndpoints, Internal:
		return false
	}
	return true
}
