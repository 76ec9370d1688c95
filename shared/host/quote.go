package host

import "strings"

// Quote is a word that a shell takes as it is.
func Quote(w string) string {
	if w == "" || strings.ContainsFunc(w, needsQuotes) {
		return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return w
}

func needsQuotes(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,~", r) || r > 0x7f)
}
