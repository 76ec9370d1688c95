// Package redeem is the claimant's side of a token: it exchanges the token at the granting site for credentials and
// links, safely (TLS 1.3, trusting nothing but the CA in the token, no redirects), and tells precisely why if it cannot.
//
// It works with any grant server. With one of ours the claimant's key never leaves its machine, and a redemption that
// was cut off anywhere, even by the end of either process, is completed by doing it again.
package redeem

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/token"
)

// Client redeems tokens. Its zero value is ready for use. It keeps nothing between calls, and no connection.
type Client struct {
	// Pending keeps the key of a redemption under way. Nil: the key is kept in memory, and a redemption cut off by the
	// end of this process may cost a use of the token.
	Pending Pending

	// Proxy chooses the HTTP proxy, as in http.Transport (http.ProxyFromEnvironment, http.ProxyURL). Nil: none.
	Proxy func(*http.Request) (*url.URL, error)

	// Timeout is for one exchange, from the connection to the last octet of the answer. 0 means DefaultTimeout.
	Timeout time.Duration

	// Progress is told of each failure after which another try is made, and how long from now. May be nil.
	Progress func(err error, wait time.Duration)
}

// DefaultTimeout is for one exchange.
const DefaultTimeout = 10 * time.Second

// DefaultPatience is for all exchanges together if the caller's context has no deadline.
const DefaultPatience = time.Minute

const (
	firstWait = 250 * time.Millisecond // between the first tries; then twice as long each time
	longWait  = 5 * time.Second        // between tries, at most, unless the server asks for more
	maxWait   = 30 * time.Second       // between tries, at most, whatever the server asks for
)

// Result is what a token was redeemed for. Everything in it was checked; all names are DNS-1123 subdomains.
type Result struct {
	Secret *v2alpha1.Secret // of type kubernetes.io/tls, with ca.crt, tls.crt and tls.key, named as the token
	Links  []*v2alpha1.Link // one for each router of the granting site, with the token's link cost

	// OwnKey tells that the key was made here. If not, the granting site made it, and has seen it.
	OwnKey bool
}

// Redeem exchanges a token and hands the result to keep, which stores it durably. Subject is what this site is called in
// the certificate, a DNS-1123 subdomain; empty: as the token. Now is the present by this machine's clock.
//
// What may go away (no connection, no answer, a server that is starting) is tried again until ctx ends. Errors are a
// *Failure, as far as they come from the exchange: a fault.Denied if the token is expired, used up or its code wrong, a
// fault.Missing if the server does not know it, a fault.Late if ctx's deadline passed first.
//
// If keep fails, or this process ends before keep is done, Redeem may be called again with the same token; where the
// granting site is ours that yields the same without costing another use.
func (c *Client) Redeem(ctx context.Context, now time.Time, t token.Token, subject string, keep func(context.Context, Result) error) (Result, error) {
	if err := t.Check(); err != nil {
		return Result{}, err
	}
	if subject != "" && !token.ValidName(subject) {
		return Result{}, fault.New(fault.Usage, fmt.Sprintf("the name of this site is %q, want lower-case letters, digits, - and .", subject), "")
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultPatience)
		defer cancel()
	}
	x, err := c.prepare(ctx, now, t, subject)
	if err != nil {
		return Result{}, err
	}
	res, err := c.insist(ctx, x)
	if err != nil {
		if f := (*Failure)(nil); errors.As(err, &f) && f.Spent {
			_ = x.pending.Forget(ctx, x.id) // of no use to anybody; a leftover does no harm
		}
		return Result{}, err
	}
	if keep != nil {
		if err := keep(ctx, res); err != nil {
			return res, fmt.Errorf("store what token %s was redeemed for: %w", t.Name, err)
		}
	}
	if err := x.pending.Forget(ctx, x.id); err != nil {
		return res, fmt.Errorf("forget the key of token %s, which was redeemed: %w", t.Name, err)
	}
	return res, nil
}

// insist tries until there is a result, a final answer, or the end of ctx.
func (c *Client) insist(ctx context.Context, x *exchange) (Result, error) {
	var last *Failure // the latest that was not just the end of ctx
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		res, f := c.attempt(ctx, x)
		switch {
		case f == nil:
			return res, nil
		case f.Final:
			return Result{}, f
		case ctx.Err() == nil || last == nil:
			last = f
		}
		if x.token.Expired(x.now()) { // asked, in case our clock is wrong; but not again and again
			return Result{}, last.expired(x)
		}
		pause := max(wait/2+rand.N(wait/2), min(f.after, maxWait)) // claimants that failed together do not return together
		if ctx.Err() == nil && c.Progress != nil {
			c.Progress(last, pause)
		}
		if err := sleep(ctx, pause); err != nil {
			return Result{}, last.gaveUp(x, err)
		}
	}
}

// sleep waits, unless ctx ends before or would during the wait.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
