// Package grant holds the rules by which a grant is redeemed, as a machine without input, output or clock.
//
// A redemption has three steps. Reserve checks the code and takes one of the uses that are left, in memory. The caller
// then issues the credentials. Confirm makes the use count, for which the caller persists it first; Release gives it
// back. The answer is sent only after Confirm. So:
//
//   - however many redeem at once, uses that are reserved and uses that are confirmed are together never more than are
//     allowed;
//   - a failed issue costs nothing;
//   - a crash before the use was persisted costs nothing, because nothing was sent;
//   - a crash after that costs the use, but not the claimant: one that sent a certificate request is known by the
//     fingerprint of its key, and is served again without counting again.
//
// A Ledger is the state of one grant, a Book that of all that are in use; a Book may be used by several goroutines.
package grant
