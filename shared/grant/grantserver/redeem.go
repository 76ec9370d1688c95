package grantserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

// ServeHTTP answers one redemption, for use in a server of the caller's. Serve sets the limits of time and size that an
// open network asks for; there they are the caller's to set.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, nil) }

// serve answers one redemption. Once stopping is closed it delays nothing any more.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, stopping <-chan struct{}) {
	c, bad := readClaim(w, r, s.opts.ByKey)
	if bad != nil {
		s.refuse(w, c, grant.Grant{}, bad, nil)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), handleTime)
	defer cancel()
	g, body, err := s.redeem(ctx, &c, stopping)
	if err != nil {
		cause := grant.Internal
		errors.As(err, &cause)
		bad = refuse(cause)
		switch cause {
		case grant.NoSite:
			bad = &refusal{http.StatusInternalServerError, "Site not yet defined for " + g.Namespace, cause}
		case grant.Expired:
			w.Header().Set(token.HeaderExpired, g.ExpiresAt.UTC().Format(time.RFC3339))
		}
		if errors.Is(err, errIssue) && cause == grant.Internal {
			bad = &refusal{http.StatusInternalServerError, "Internal error", cause}
		}
		s.refuse(w, c, g, bad, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8") // what claimants are used to
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(body)
	s.log.Info().Str("grant", g.Name).Str("namespace", g.Namespace).Str("name", c.name).Str("subject", c.subject).
		Str("from", c.origin).AnErr("send", err).Msg("grant.redeemed")
}

// errIssue marks failures of the issuer that have no cause of their own.
var errIssue = errors.New("issue the credentials")

// redeem gives the answer to a claim, which is persisted when it returns. The error has a grant.Cause in it, or counts
// as Internal.
func (s *Server) redeem(ctx context.Context, c *claim, stopping <-chan struct{}) (g grant.Grant, body []byte, err error) {
	waiting, cancel := context.WithTimeout(ctx, busyTime)
	defer cancel()
	leave, err := s.guesses.enter(waiting, time.Now(), c.origin)
	if err != nil {
		return g, nil, grant.Busy
	}
	defer leave()
	g, attempt, err := s.reserve(ctx, waiting, c)
	if err != nil {
		if errors.Is(err, grant.Refused) {
			pause(s.guesses.wrong(time.Now(), c.origin, c.uid), stopping)
		}
		return g, nil, err
	}
	if r := attempt.Reservation; r != nil {
		defer r.Release() // does nothing once it is confirmed
	}
	if c.name == "" {
		c.name = g.Name
	}
	if c.subject == "" {
		c.subject = c.name
	}
	creds, err := s.issuer.Issue(ctx, g, c.name, c.subject, c.csr)
	if err != nil {
		return g, nil, errors.Join(errIssue, err)
	}
	if body, err = answer(c.name, creds); err != nil {
		return g, nil, errors.Join(errIssue, err)
	}
	serial, err := serialOf(creds.Pair)
	if err != nil {
		return g, nil, errors.Join(errIssue, err)
	}
	if attempt.Again {
		return g, body, nil
	}
	return g, body, s.confirm(ctx, attempt.Reservation, g.UID,
		grant.Claim{Name: c.name, Subject: c.subject, Serial: serial, At: time.Now().UTC().Truncate(time.Second)})
}

// reserve looks the grant up and takes a use of it. If the last are reserved it waits, as long as waiting lasts, for
// what becomes of them.
func (s *Server) reserve(ctx, waiting context.Context, c *claim) (grant.Grant, grant.Attempt, error) {
	for {
		g, err := s.grants.Grant(ctx, c.uid)
		if fault.Is(err, fault.Missing) {
			return g, grant.Attempt{}, grant.Unknown
		}
		if err != nil {
			return g, grant.Attempt{}, err
		}
		a := s.book.Reserve(time.Now(), g, c.code, c.fingerprint)
		if a.Denied == "" {
			return g, a, nil
		}
		if a.Denied != grant.Busy {
			return g, a, a.Denied
		}
		select {
		case <-a.Settled:
		case <-waiting.Done():
			return g, a, a.Denied
		}
	}
}

// confirm persists the use. If another server, or a user, counted at the same time, it looks again and tries again.
func (s *Server) confirm(ctx context.Context, r *grant.Reservation, uid string, c grant.Claim) error {
	if err := ctx.Err(); err != nil {
		return err // the claimant has gone: nothing is counted that it cannot get
	}
	// From here on its going must not cut a write short, of which then nobody knows whether it happened.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
	defer cancel()
	for range maxConflicts {
		err := r.Confirm(ctx, c, func(ctx context.Context, next grant.Redemption) error {
			return s.grants.Confirm(ctx, uid, next)
		})
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		g, err := s.grants.Grant(ctx, uid)
		if err != nil {
			return err
		}
		if r.See(g) {
			return nil // the claimant was served by another server; the use that is reserved here is given back
		}
	}
	return grant.Busy
}

func serialOf(p pki.Pair) (string, error) {
	m, err := pki.Parse(p)
	if err != nil {
		return "", err
	}
	return m.Chain[0].SerialNumber.Text(16), nil
}

// refuse answers with a refusal, and logs it.
func (s *Server) refuse(w http.ResponseWriter, c claim, g grant.Grant, bad *refusal, err error) {
	if bad.cause != "" {
		w.Header().Set(token.HeaderCause, string(bad.cause))
	}
	if bad.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, bad.text, bad.status)
	line := s.log.Info()
	switch {
	case errors.Is(err, context.Canceled): // the claimant hung up
		line = s.log.Debug()
	case bad.cause == grant.Internal:
		line = s.log.Error().Err(err)
	}
	line.Int("status", bad.status).Str("cause", string(bad.cause)).Str("grant", g.Name).Str("namespace", g.Namespace).
		Str("from", c.origin).Msg("grant.refused")
}
