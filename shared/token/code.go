package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
)

const (
	codeLength   = 24 // 142 bits
	codeAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// MaxCode is how many octets a code may have. Those made here have 24; others may be chosen by hand.
const MaxCode = 1024

// NewCode makes a code of 24 letters and digits, each equally likely.
func NewCode() string {
	const usable = 256 - 256%len(codeAlphabet) // octets from here on would favour the first letters
	out := make([]byte, 0, codeLength)
	var draw [2 * codeLength]byte
	for len(out) < codeLength {
		_, _ = rand.Read(draw[:]) // never fails: crypto/rand ends the program first
		for _, b := range draw {
			if int(b) < usable && len(out) < codeLength {
				out = append(out, codeAlphabet[int(b)%len(codeAlphabet)])
			}
		}
	}
	return string(out)
}

// Match tells whether two codes are equal, in a time that depends on neither's content nor on where they differ.
// An empty code matches nothing.
func Match(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b)) // of equal length whatever the codes'
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1 && a != "" && b != ""
}
