package token

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
	"go.uber.org/multierr"
)

// Bounds of what is read.
const (
	MaxFile = 256 << 10 // octets of a file
	maxName = 253       // octets of a name, as Kubernetes has it
	maxURL  = 2048      // octets of a URL
)

const hintAgain = "copy the file again, or have a new one made where this came from: `token issue FILE`"

var dns1123 = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// ValidName tells whether a name can be that of a resource: a DNS-1123 subdomain.
func ValidName(s string) bool { return len(s) <= maxName && dns1123.MatchString(s) }

// Of reads the token from its resource. The error is a fault.Usage that tells all that is wrong; the token is as far
// read as possible even then.
func Of(obj *v2alpha1.AccessToken) (Token, error) {
	t := Token{Name: obj.Name, URL: obj.Spec.URL, Code: obj.Spec.Code, CA: obj.Spec.CA, LinkCost: obj.Spec.LinkCost}
	faults := t.annotate(obj.Annotations)
	return t, verdict(append(t.faults(), faults...))
}

// Check tells all that is wrong with the token, as a fault.Usage. It does not look at the time.
func (t Token) Check() error { return verdict(t.faults()) }

func verdict(faults []error) error {
	if len(faults) == 0 {
		return nil
	}
	return fault.Wrap(fault.Usage, "the token cannot be used", multierr.Combine(faults...), hintAgain)
}

func (t Token) faults() (out []error) {
	add := func(format string, args ...any) { out = append(out, fmt.Errorf(format, args...)) }
	switch {
	case t.Name == "":
		add("metadata.name is missing")
	case !ValidName(t.Name):
		add("metadata.name is %q, want lower-case letters, digits, - and . (at most %d)", clip(t.Name), maxName)
	}
	if err := checkURL(t.URL); err != nil {
		out = append(out, err)
	}
	switch {
	case t.Code == "":
		add("spec.code is missing")
	case len(t.Code) > MaxCode:
		add("spec.code has %d octets, want %d or fewer", len(t.Code), MaxCode)
	case strings.TrimSpace(t.Code) != t.Code: // the value stays untold: it is secret
		add("spec.code begins or ends with white space")
	}
	switch {
	case strings.TrimSpace(t.CA) == "":
		add("spec.ca is missing: without it nobody can tell the right server from another")
	default:
		if _, err := pki.ParseCerts([]byte(t.CA)); err != nil {
			add("spec.ca is not a certificate: %w", err)
		}
	}
	if t.LinkCost < 0 || t.LinkCost > maxCost {
		add("spec.linkCost is %d, want 0 to %d", t.LinkCost, maxCost)
	}
	return out
}

// maxCost is the largest cost that a router's connector takes.
const maxCost = 1<<31 - 1

func checkURL(text string) error {
	if text == "" {
		return errors.New("spec.url is missing")
	}
	if len(text) > maxURL {
		return fmt.Errorf("spec.url has %d octets, want %d or fewer", len(text), maxURL)
	}
	const form = "want https://HOST:PORT/ID"
	u, err := url.Parse(text)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the text again, which may be long
		}
		return fmt.Errorf("spec.url is %q, %s: %w", clip(text), form, err)
	}
	switch {
	case u.Scheme == "http":
		return fmt.Errorf("spec.url is %q: the code would be sent in the clear over http, %s", clip(text), form)
	case u.Scheme != "https":
		return fmt.Errorf("spec.url is %q, %s", clip(text), form)
	case u.Hostname() == "":
		return fmt.Errorf("spec.url is %q: it names no host, %s", clip(text), form)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("spec.url is %q: it has more than host, port and path, %s", clip(u.Redacted()), form)
	case strings.Trim(u.Path, "/") == "":
		return fmt.Errorf("spec.url is %q: it names no grant, %s", clip(text), form)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("spec.url is %q: port is %s, want 1 to 65535", clip(text), p)
		}
	}
	return nil
}

// clip shortens a value from outside that is quoted in a message.
func clip(s string) string {
	const most = 128
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
