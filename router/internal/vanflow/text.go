package vanflow

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean is what can be shown of a text from elsewhere.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

// cut is as much of s as n octets hold, without a part of a character at its end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
