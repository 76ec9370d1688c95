package redeem

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/token"
)

const (
	hintNew   = "have a new token issued at the granting site: `token issue FILE`"
	hintReach = "check that the address in the token can be reached from here: `token inspect FILE`"
	hintClock = "set the clock of this machine, or of the granting site, and try again"
	hintWait  = "try again; at the granting site: site status"
)

// unanswered classifies a try that got no answer.
func (x *exchange) unanswered(err error, p *progress, within time.Duration) *Failure {
	host := x.url.Host
	var (
		dns   *net.DNSError
		plain tls.RecordHeaderError
		proxy *proxyError
		op    *net.OpError
		slow  net.Error
	)
	if f := x.untrusted(err); f != nil {
		return f
	}
	switch {
	case errors.As(err, &proxy):
		return failure(NoProxy, fault.Failed, true, "check the proxy's settings and whether it may connect to "+host,
			"the proxy does not connect to %s", host).because(err)
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return failure(NoProxy, fault.Failed, false, "check the proxy's settings", "no connection to the proxy").because(err)
	case errors.As(err, &dns):
		hint := "check the name, and this machine's DNS"
		return failure(NoAddress, fault.Failed, false, hint, "no address for %s, the server of token %s", x.url.Hostname(), x.token.Name).because(err)
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return failure(NoTLS, fault.Failed, true, hintReach, "what listens at %s does not speak TLS", host)
	case errors.Is(err, errTooLong):
		return failure(NoGrants, fault.Failed, true, hintReach, "what answers at %s is no grant server", host).because(err)
	case !p.connected.Load():
		return x.unconnected(err, within)
	case oldTLS(err):
		return failure(NoTLS, fault.Failed, true, "let the granting site, or what stands before it, speak TLS 1.3", "what listens at %s does not speak TLS 1.3", host).because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return failure(Silent, fault.Late, false, hintReach, "the server at %s took the connection but gave no answer within %v", host, within)
	case errors.Is(err, context.Canceled):
		return failure(Silent, fault.Failed, false, "", "interrupted").because(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return failure(Silent, fault.Failed, false, hintReach, "the server at %s cut the connection", host).because(err)
	case !p.secured.Load():
		return failure(NoTLS, fault.Failed, false, hintReach, "no secure connection to %s", host).because(err)
	}
	return failure(Silent, fault.Failed, false, hintReach, "no answer from %s", host).because(err)
}

// unconnected classifies a try that did not even reach the server.
func (x *exchange) unconnected(err error, within time.Duration) *Failure {
	host := x.url.Host
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return failure(Unreachable, fault.Failed, false, "at the granting site, check that it runs: site status, and that the token was not revoked: token status",
			"nothing listens at %s, or a firewall refuses", host).because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failure(Unreachable, fault.Late, false, hintReach, "no connection to %s within %v: a firewall may drop it", host, within)
	case errors.Is(err, context.Canceled):
		return failure(Unreachable, fault.Failed, false, "", "interrupted").because(err)
	}
	return failure(Unreachable, fault.Failed, false, hintReach, "no connection to %s", host).because(err)
}

// untrusted classifies a certificate that was not accepted; nil if that was not the reason.
func (x *exchange) untrusted(err error) *Failure {
	host := x.url.Host
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &name):
		return failure(WrongName, fault.Failed, true, hintNew,
			"the server's certificate is not for %s: its address changed since the token was issued, or this is another server", x.url.Hostname()).because(err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		now := x.now()
		what := "expired at " + stamp(invalid.Cert.NotAfter)
		if now.Before(invalid.Cert.NotBefore) {
			what = "is valid only from " + stamp(invalid.Cert.NotBefore)
		}
		return failure(WrongTime, fault.Failed, true, hintClock,
			"the certificate of the server at %s %s, and the clock of this machine says %s: one of them is wrong", host, what, stamp(now))
	case errors.As(err, &unknown):
		return failure(WrongCA, fault.Failed, true, hintNew,
			"the server at %s does not hold the certificate that the token names: the granting site has a new one, or this is another server", host).because(err)
	case errors.As(err, &verify):
		return failure(WrongCA, fault.Failed, true, hintNew, "the certificate of the server at %s cannot be trusted", host).because(err)
	}
	return nil
}

// oldTLS tells whether the server turned TLS 1.3 down.
func oldTLS(err error) bool {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" && remote.Err != nil {
		const protocolVersion tls.AlertError = 70 // RFC 8446 6.2; the alert itself is of a type that is not exported
		return remote.Err.Error() == protocolVersion.Error()
	}
	return false
}

// refused classifies an answer other than credentials.
func (x *exchange) refused(resp *http.Response, body string) *Failure {
	cause, name, host := causeOf(resp.Header), x.token.Name, x.url.Host
	if cause == "" {
		cause = guess(resp.StatusCode, body)
	}
	var f *Failure
	switch cause {
	case grant.Expired:
		return x.tooOld(resp)
	case grant.UsedUp:
		f = failure(cause, fault.Denied, true, hintNew, "token %s is used up: it was redeemed as often as it may be", name)
		if x.sent {
			f.fault.Msg += "; an earlier try from here that got no answer may have been one of those"
		}
		f.Spent = !x.sent && x.ours(resp)
	case grant.Unknown:
		if x.token.Expired(x.now()) {
			return x.tooOld(resp) // others call both unknown
		}
		what := "the server at %s does not know token %s: its grant was deleted, or has expired"
		if x.ours(resp) {
			what = "the server at %s does not know token %s: its grant was deleted"
		}
		f = failure(cause, fault.Denied, true, hintNew, what, host, name) // what is not there is the grant: the token is, and is refused
	case grant.Refused:
		f = failure(cause, fault.Denied, true, hintNew, "the server at %s refuses the code of token %s", host, name)
	case grant.Corrupted:
		f = failure(cause, fault.Denied, true, hintNew, "the grant of token %s has no valid expiry", name)
	case grant.Edge:
		f = failure(cause, fault.Denied, true, "have one issued at an interior site: `token issue FILE`", "the site that issued token %s is an edge site, which cannot accept links", name)
	case grant.BadName, grant.BadCSR:
		f = failure(cause, fault.Usage, true, "", "the server at %s does not accept the claim", host).because(cause)
	case grant.NoSite, grant.NoIssuer, grant.NoEndpoints:
		f = failure(cause, fault.Failed, !x.ours(resp), hintWait, "the granting site cannot serve token %s", name).because(cause)
	case grant.Busy:
		f = failure(cause, fault.Failed, false, hintWait, "the server at %s is busy", host)
	case Redirected:
		return failure(cause, fault.Failed, true, hintReach, "the server at %s redirects to %q, which is not followed", host, clip(resp.Header.Get("Location")))
	case grant.Internal:
		// One of ours counts nothing then. Others have counted already, so trying again would cost a use each time.
		final := !x.ours(resp) && resp.StatusCode == http.StatusInternalServerError
		f = failure(cause, fault.Failed, final, hintWait, "the server at %s failed: %s %q", host, clip(resp.Status), clip(body))
	default:
		f = failure(NoGrants, fault.Failed, true, hintReach, "what answers at %s is no grant server: %s %q", host, clip(resp.Status), clip(body))
	}
	f.after = retryAfter(resp.Header)
	return f
}

// ours tells whether the answer comes from a server that tells causes.
func (x *exchange) ours(resp *http.Response) bool { return causeOf(resp.Header) != "" }

// guess is the cause behind the answer of a server that does not tell it.
func guess(status int, body string) grant.Cause {
	body = strings.TrimSpace(body)
	switch {
	case status >= 300 && status < 400:
		return Redirected
	case status == http.StatusNotFound && body == "No such claim":
		return grant.Unknown
	case status == http.StatusNotFound && body == "No such access granted":
		return grant.UsedUp
	case status == http.StatusForbidden:
		return grant.Refused
	case status == http.StatusInternalServerError && body == "Corrupted claim":
		return grant.Corrupted
	case status == http.StatusInternalServerError && strings.HasPrefix(body, "Edge sites cannot"):
		return grant.Edge
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable,
		status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return grant.Busy
	case status >= 500:
		return grant.Internal
	}
	return NoGrants
}

// tooOld is the failure of a token that has expired, by the best account there is of when.
func (x *exchange) tooOld(resp *http.Response) *Failure {
	at, err := time.Parse(time.RFC3339, resp.Header.Get(token.HeaderExpired))
	if err != nil {
		at = x.token.ExpiresAt
	}
	here, there := x.now(), x.now()
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		there = t
	}
	var f *Failure
	if at.IsZero() {
		f = failure(grant.Expired, fault.Denied, true, hintNew, "token %s has expired", x.token.Name)
	} else {
		f = failure(grant.Expired, fault.Denied, true, hintNew, "token %s expired at %s (%s ago)", x.token.Name, stamp(at), ago(there.Sub(at)))
	}
	if d := here.Sub(there).Abs(); d >= time.Minute {
		f.fault.Msg += "; the clocks of this machine and of the server are " + ago(d) + " apart"
	}
	f.Spent = x.ours(resp)
	return f
}

// garbled is an answer that claims to be credentials and is not.
func (x *exchange) garbled(err error) *Failure {
	return failure(NoGrants, fault.Failed, true, hintReach, "the answer of %s is not credentials for a link", x.url.Host).because(err)
}
