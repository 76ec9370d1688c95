package redeem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
)

// Causes beyond those that a server tells.
const (
	Unreachable grant.Cause = "unreachable"      // no connection to the server
	NoAddress   grant.Cause = "no-address"       // the server's name has no address
	Silent      grant.Cause = "silent"           // a connection, but no answer in time, or it was cut
	WrongCA     grant.Cause = "wrong-ca"         // the server's certificate is not of the token's CA
	WrongName   grant.Cause = "wrong-name"       // the server's certificate is for other names
	WrongTime   grant.Cause = "wrong-time"       // the server's certificate is not valid now, or the clock here is wrong
	NoTLS       grant.Cause = "no-tls"           // no TLS 1.3 at the server's port
	Redirected  grant.Cause = "redirected"       // the server points elsewhere, which is not followed
	NoProxy     grant.Cause = "proxy"            // the proxy does not connect to the server
	NoGrants    grant.Cause = "not-grant-server" // the answer is not a grant server's
)

// Failure is why a token was not redeemed. It is a fault.Error with a kind and a hint.
type Failure struct {
	Cause grant.Cause
	Final bool // the same token will be refused again, whoever tries and when
	Spent bool // the token is of no use any more

	// Status and Body are those of the HTTP response, the latter shortened to what fits a message; 0 and empty if there was none.
	Status int
	Body   string

	fault fault.Error
	after time.Duration // how long the server asks to wait
}

// Error tells what failed and why.
func (f *Failure) Error() string { return f.fault.Error() }

// Unwrap is the fault.Error.
func (f *Failure) Unwrap() error { return &f.fault }

func failure(cause grant.Cause, kind fault.Kind, final bool, hint, format string, args ...any) *Failure {
	return &Failure{Cause: cause, Final: final, fault: fault.Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Hint: hint}}
}

// because adds the error beneath.
func (f *Failure) because(err error) *Failure {
	f.fault.Err = err
	return f
}

// gaveUp is what f becomes when the caller's patience ended, with end, before anything better came.
func (f *Failure) gaveUp(x *exchange, end error) error {
	if errors.Is(end, context.Canceled) {
		return fmt.Errorf("redeem token %s: %w (at last: %w)", x.token.Name, end, f)
	}
	out := *f
	out.fault = fault.Error{Kind: fault.Late, Msg: fmt.Sprintf("token %s could not be redeemed in time", x.token.Name),
		Hint: f.fault.Hint, Err: &f.fault}
	return &out
}

// expired is what f becomes when the token is too old by its own account.
func (f *Failure) expired(x *exchange) *Failure {
	now := x.now()
	out := failure(grant.Expired, fault.Denied, true, hintNew, "token %s expired at %s (%s ago by the clock of this machine), and its server could not be asked",
		x.token.Name, stamp(x.token.ExpiresAt), ago(now.Sub(x.token.ExpiresAt)))
	return out.because(&f.fault)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ago is a duration as people say it: two units at most.
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// clip makes a text from outside fit for a message.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	s = strings.Map(func(r rune) rune { // it ends up in statuses and terminals, and who sent it may be anybody
		if r != ' ' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 160 {
		s = string(r[:160]) + "…"
	}
	return s
}
