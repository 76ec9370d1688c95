package op

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// The rules say what is wrong with one value; the caller puts the name of the flag before it.

// maxName is the length of a resource's name, as Kubernetes has it (RFC 1123 subdomain).
const maxName = 253

var (
	nameForm  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	labelForm = regexp.MustCompile(`^[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?$`)
)

func goodName(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > maxName:
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), maxName)
	case !nameForm.MatchString(s):
		return fmt.Errorf("is %q, want lower-case letters, digits, '-' and '.', with a letter or digit at both ends", s)
	}
	return nil
}

func goodPort(n int) error {
	if n < 1 || n > 65535 {
		return fmt.Errorf("is %d, want 1 to 65535", n)
	}
	return nil
}

// goodHost takes an IP address or a DNS name; of the latter any case, and '_', which some resolvers have.
func goodHost(s string) error {
	if s == "" {
		return errors.New("is empty, want a host name or an IP address")
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	bad := fmt.Errorf("is %q, want a host name or an IP address", s)
	if len(s) > maxName {
		return fmt.Errorf("has %d characters, want %d or fewer", len(s), maxName)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if len(label) > 63 || !labelForm.MatchString(label) {
			return bad
		}
	}
	if last := s[strings.LastIndexByte(strings.TrimSuffix(s, "."), '.')+1:]; strings.Trim(last, "0123456789.") == "" {
		return bad // an address with numbers too many or too large
	}
	return nil
}

// reachable takes what peers can be told to connect to.
func reachable(s string) error {
	if a, err := netip.ParseAddr(s); err == nil && a.IsUnspecified() {
		return fmt.Errorf("is %q, which leads nowhere from another machine", s)
	}
	return goodHost(s)
}

func goodSelector(s string) error {
	sel, err := labels.Parse(s)
	if err != nil {
		return fmt.Errorf("is %q, want a label selector such as app=web,tier!=test: %w", s, err)
	}
	if sel.Empty() {
		return errors.New("is empty, want a label selector such as app=web: it would select everything")
	}
	return nil
}
