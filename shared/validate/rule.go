// Package validate has the rules that resources and values of flags must follow.
//
// A rule for one value completes a sentence: its error reads "is 0, want 1 to 65535", and the caller puts in front
// what it is about. [Object] checks a whole resource and tells everything that is wrong with it.
package validate

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"

	"k8s.io/apimachinery/pkg/labels"
)

// Bounds of values, in characters unless said otherwise.
const (
	MaxName       = 253       // RFC 1123 subdomain
	MaxLabel      = 63        // RFC 1123 label
	MaxRoutingKey = 253       // leaves room for the router's own prefixes
	MaxCost       = 1 << 24   // of a link; sums over a whole network still fit 31 bits
	MaxWeight     = 1<<31 - 1 // of a routing key; what the router takes
	MaxKeys       = 256       // routing keys of one strategy
	MaxHosts      = 256       // of one certificate
	MaxSelector   = 4096
)

var (
	labelForm   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsNameForm = regexp.MustCompile(`^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?$`)
)

// Name checks the name of a resource: an RFC 1123 subdomain of at most 253 characters. Such a name is safe as part of a
// file name.
func Name(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > MaxName:
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), MaxName)
	}
	for part := range strings.SplitSeq(s, ".") {
		if !labelForm.MatchString(part) {
			return fmt.Errorf("is %q, want lower-case letters, digits, '-' and '.', with a letter or digit at both ends", s)
		}
	}
	return nil
}

// Label checks a name without dots, such as that of a namespace: an RFC 1123 label of at most 63 characters.
func Label(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > MaxLabel:
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), MaxLabel)
	case !labelForm.MatchString(s):
		return fmt.Errorf("is %q, want lower-case letters, digits and '-', with a letter or digit at both ends", s)
	}
	return nil
}

// Host checks an IP address or DNS name. Names may have capitals and '_', which resolvers take.
func Host(s string) error {
	if s == "" {
		return errors.New("is empty, want a host name or IP address")
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	name := strings.TrimSuffix(s, ".")
	if len(name) > MaxName {
		return fmt.Errorf("has %d characters, want %d or fewer", len(name), MaxName)
	}
	bad := fmt.Errorf("is %q, want a host name or IP address", s)
	digits := true
	for part := range strings.SplitSeq(strings.ToLower(name), ".") {
		if len(part) > MaxLabel || !dnsNameForm.MatchString(part) {
			return bad
		}
		digits = strings.Trim(part, "0123456789") == ""
	}
	if digits { // no top-level domain is a number: a mistyped IPv4 address
		return bad
	}
	return nil
}

// Port checks a TCP port.
func Port(n int) error {
	if n < 1 || n > 65535 {
		return fmt.Errorf("is %d, want 1 to 65535", n)
	}
	return nil
}

// PortText checks a TCP port written as text.
func PortText(s string) error {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 65535 {
			return fmt.Errorf("is %q, want 1 to 65535", s)
		}
		n = n*10 + int(c-'0')
	}
	if Port(n) != nil {
		return fmt.Errorf("is %q, want 1 to 65535", s)
	}
	return nil
}

// Cost checks the cost of a link.
func Cost(n int) error {
	if n < 1 || n > MaxCost {
		return fmt.Errorf("is %d, want 1 to %d", n, MaxCost)
	}
	return nil
}

// Weight checks the weight of a routing key.
func Weight(n int) error {
	if n < 1 || n > MaxWeight {
		return fmt.Errorf("is %d, want 1 to %d", n, MaxWeight)
	}
	return nil
}

// RoutingKey checks a routing key. It is a router address as it stands, so it must stay clear of the addresses which
// routers use between themselves.
func RoutingKey(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > MaxRoutingKey:
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), MaxRoutingKey)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return fmt.Errorf("is %q, want no blanks or control characters", s)
	case s[0] == '$' || s[0] == '_' || s == "mc" || strings.HasPrefix(s, "mc/"):
		return fmt.Errorf("is %q, but addresses beginning with '$', '_' or 'mc/' belong to the routers", s)
	}
	return nil
}

// Selector checks a label selector in the grammar of Kubernetes. An empty one selects everything, which is never
// meant.
func Selector(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("is empty, want a label selector such as app=backend")
	}
	if len(s) > MaxSelector {
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), MaxSelector)
	}
	if _, err := labels.Parse(s); err != nil {
		return fmt.Errorf("is %q, want a label selector such as app=backend: %w", s, err)
	}
	return nil
}

// Duration checks a duration of at least shortest.
func Duration(d, shortest time.Duration) error {
	if d < shortest {
		return fmt.Errorf("is %v, want %v or longer", d, shortest)
	}
	return nil
}

// DurationText checks a duration of at least shortest, written as 90s, 15m or 1h30m.
func DurationText(s string, shortest time.Duration) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("is %q, want a duration such as 90s, 15m or 1h30m", s)
	}
	return Duration(d, shortest)
}

// OneOf checks a word of a fixed list; the empty word is listed if it is allowed.
func OneOf(s string, words ...string) error {
	var shown []string
	for _, w := range words {
		if s == w {
			return nil
		}
		if w != "" {
			shown = append(shown, w)
		}
	}
	return fmt.Errorf("is %q, want %s", s, strings.Join(shown, ", "))
}
