package token

import (
	"regexp"
	"testing"
)

func TestNewCode(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9]{24}$`)
	const codes = 4000
	seen, counts := map[string]bool{}, map[rune]int{}
	for range codes {
		c := NewCode()
		if !form.MatchString(c) || seen[c] {
			t.Fatalf("code %q", c)
		}
		seen[c] = true
		for _, r := range c {
			counts[r]++
		}
	}
	// Chi-squared with 61 degrees of freedom: beyond 150 once in 10^9 runs. The usual bias of 256 mod 62 gives 600.
	want, chi := float64(codes*codeLength)/float64(len(codeAlphabet)), 0.0
	for _, r := range codeAlphabet {
		d := float64(counts[r]) - want
		chi += d * d / want
	}
	if chi > 150 {
		t.Errorf("chi-squared %.0f: some letters are likelier than others", chi)
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"abc", "abc", true}, {"abc", "abd", false}, {"abc", "ab", false}, {"abc", "abc\n", false},
		{"", "", false}, {"a", "", false}, {"", "a", false},
	} {
		if got := Match(tt.a, tt.b); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}
