package grant

import (
	"slices"
	"time"

	"github.com/skupper-plugins/suite/shared/token"
)

// Ledger is what is known of one grant: what is persisted, and the uses that are reserved. Its zero value knows
// nothing; See tells it the grant.
type Ledger struct {
	grant    Grant
	reserved []string // fingerprint of each reservation's claimant, empty ones included
}

// See takes over the grant as it was just read. What was read may be older than what was confirmed here since: the
// count never goes back, and no claim is forgotten.
func (l *Ledger) See(g Grant) {
	old := l.grant
	g.Redeemed = max(g.used(), old.Redeemed)
	g.Claims = slices.Clip(g.Claims) // an append must not write into the caller's array
	for _, c := range old.Claims {
		if c.Fingerprint != "" && !g.claimedBy(c.Fingerprint) {
			g.Claims = append(g.Claims, c)
		}
	}
	l.grant = g
}

// Grant is the grant as it is known now.
func (l *Ledger) Grant() Grant { return l.grant }

// Decision is what came of a Reserve.
type Decision struct {
	// Denied is why nothing was reserved; empty: the claimant may be served.
	Denied Cause

	// Again: the claimant was served before and may be so once more. Nothing is reserved, nothing is to be confirmed.
	Again bool
}

// Reserve takes one use for the claimant with that code and that key (empty: unknown). The checks and their order are
// those that claimants of other implementations expect: age, uses, code.
//
// The answer Busy means that the last uses are reserved: ask again when one of them is confirmed or released.
func (l *Ledger) Reserve(now time.Time, code, fingerprint string) Decision {
	g := &l.grant
	right := token.Match(code, g.Code) // always, so that the time it takes tells nothing
	switch {
	case g.ExpiresAt.IsZero():
		return Decision{Denied: Corrupted}
	case g.Expired(now):
		return Decision{Denied: Expired}
	case right && g.claimedBy(fingerprint):
		return Decision{Again: true}
	case g.Redeemed >= g.Allowed:
		return Decision{Denied: UsedUp}
	case !right:
		return Decision{Denied: Refused}
	case fingerprint != "" && slices.Contains(l.reserved, fingerprint), // the same claimant, impatient
		g.Redeemed+len(l.reserved) >= g.Allowed:
		return Decision{Denied: Busy}
	}
	l.reserved = append(l.reserved, fingerprint)
	return Decision{}
}

// Next is what to persist for one reservation or several. Between Next and Confirm or Release no other reservation of the
// grant may be confirmed.
func (l *Ledger) Next(claims ...Claim) Redemption {
	return Redemption{Count: l.grant.Redeemed + len(claims), Claims: claims}
}

// Confirm turns reservations into uses. The redemption is persisted already.
func (l *Ledger) Confirm(r Redemption) {
	l.grant.Redeemed = max(l.grant.Redeemed, r.Count)
	l.grant.Claims = slices.Clip(l.grant.Claims)
	for _, c := range r.Claims {
		l.drop(c.Fingerprint)
		if c.Fingerprint != "" {
			l.grant.Claims = append(l.grant.Claims, c)
		}
	}
}

// Release gives a reservation back.
func (l *Ledger) Release(fingerprint string) { l.drop(fingerprint) }

// Reserved is how many uses are reserved.
func (l *Ledger) Reserved() int { return len(l.reserved) }

func (l *Ledger) drop(fingerprint string) {
	if i := slices.Index(l.reserved, fingerprint); i >= 0 {
		l.reserved = slices.Delete(l.reserved, i, i+1)
	}
}
