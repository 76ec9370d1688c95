package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/token"
)

// clockSlack is by how much clocks of two sites may differ before a token is taken for expired without asking its site.
const clockSlack = 25 * time.Hour

const newToken = "have a new one issued at the site it came from: `token issue FILE`"

// RedeemToken exchanges a token for a link to the site that issued it.
type RedeemToken struct {
	Token   token.Token
	Timeout time.Duration
	Now     time.Time

	anew bool // its link is there, with credentials that are of no use any more
}

// Redeemed is what RedeemToken made.
type Redeemed struct {
	Token  string   `json:"token"`
	Issuer string   `json:"site,omitempty"` // empty if the token does not say
	Links  []string `json:"links"`
	Before bool     `json:"before"` // an earlier redemption made the links; nothing was done now
	NoSite bool     `json:"-"`      // the link waits for a site to be created
	Notes  []string `json:"-"`
}

// Check finds everything wrong with the fields.
func (c RedeemToken) Check() error {
	var f faults
	f.lasts("timeout", c.Timeout, minTimeout)
	return f.err
}

// Run redeems the token, and waits until what came of it is in effect; the link itself may come up later. Redeeming one again
// whose link is there does nothing.
func (c RedeemToken) Run(ctx context.Context, p Ports, say Progress) (did Redeemed, err error) {
	did = Redeemed{Token: c.Token.Name, Issuer: c.Token.Issuer}
	if err := c.notOurs(ctx, p); err != nil {
		return did, err
	}
	if did.Before, c.anew, err = c.redeemed(ctx, p); err != nil {
		return did, err
	}
	if did.Before {
		say = nil
	} else if c.Token.Expired(c.Now.Add(-clockSlack)) {
		return did, c.expired()
	}
	if p.Redeemer != nil {
		err = c.exchange(ctx, p, &did, say)
	} else {
		did.Links, err = c.ask(ctx, p, say)
	}
	if err != nil {
		if c.Token.Expired(c.Now) && p.Redeemer == nil && fault.Is(err, fault.Denied) { // as vague as "no such claim"
			return did, c.expired()
		}
		if c.anew {
			err = fmt.Errorf("%w (the link that was made from it before stays as it is, and cannot come up)", err)
		}
		return did, err
	}
	if did.Before {
		did.Notes = append(did.Notes, "this site is linked to "+orElse(c.Token.Issuer, "the other")+" by this token already: nothing was redeemed")
	}
	return did, c.finish(ctx, p, &did, say)
}

// finish sees to it that the links are made, and says when they will be.
func (c RedeemToken) finish(ctx context.Context, p Ports, did *Redeemed, say Progress) error {
	missing, err := noSite(ctx, p)
	if err != nil {
		return err
	}
	if did.NoSite = len(missing) > 0; did.NoSite {
		did.Notes = append(did.Notes, missing[0]+" yet: the link is made when there is one")
	}
	stopped, err := inEffect(ctx, p, Settle{Wait: true, Timeout: c.Timeout}, say)
	if stopped {
		did.Notes = append(did.Notes, "the site is stopped: the link is made when it is started")
	}
	return err
}

// notOurs refuses a token that this very site has issued: a site cannot be linked to itself.
func (c RedeemToken) notOurs(ctx context.Context, p Ports) error {
	grants, err := list[*v2alpha1.AccessGrant](ctx, p.Store, v2alpha1.KindAccessGrant, "")
	if fault.Is(err, fault.Usage) || fault.Is(err, fault.Denied) {
		return nil // who may not look at grants has not made this one
	}
	if err != nil {
		return err
	}
	for _, g := range grants {
		if g.Status.Code != "" && g.Status.URL == c.Token.URL && token.Match(g.Status.Code, c.Token.Code) {
			return fault.New(fault.Conflict, "token "+c.Token.Name+" was issued by this very site, which cannot be linked to itself",
				"redeem it at the site that is to be linked to this one")
		}
	}
	return nil
}

// redeemed tells whether the links that the token is good for are here, with their credential; useless: they are, but the other
// site does not accept, or have, what that was made for.
func (c RedeemToken) redeemed(ctx context.Context, p Ports) (done, useless bool, err error) {
	links, err := linksOf(ctx, p, c.Token.Name)
	if err != nil || len(links) == 0 {
		return false, false, err
	}
	switch _, err := p.Store.Get(ctx, v2alpha1.KindSecret, c.Token.Name); {
	case err == nil:
	case fault.Is(err, fault.Missing):
		return false, false, nil
	default:
		return false, false, fmt.Errorf("look for secret %s: %w", c.Token.Name, err)
	}
	now := lookLive(ctx, p)
	for _, name := range links {
		l, err := list[*v2alpha1.Link](ctx, p.Store, v2alpha1.KindLink, name)
		if err != nil {
			return false, false, err
		}
		useless = useless || site.NeedsRenewal(now.link(l[0]))
	}
	return !useless, useless, nil
}

// expired is the one clear cause.
func (c RedeemToken) expired() error {
	msg := fmt.Sprintf("token %s expired at %s, %s ago", c.Token.Name, c.Token.ExpiresAt.UTC().Format(time.RFC3339), Span(c.Now.Sub(c.Token.ExpiresAt)))
	return fault.New(fault.Denied, msg, newToken)
}

// exchange lets the site's own redeemer do it.
func (c RedeemToken) exchange(ctx context.Context, p Ports, did *Redeemed, say Progress) error {
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	what := "an answer from " + orElse(c.Token.Issuer, "the site of token "+c.Token.Name)
	say.say(what)
	redeemer, last := p.Redeemer, ""
	if t, ok := redeemer.(Talker); ok {
		redeemer = t.Telling(func(failed error) {
			if now := failed.Error(); now != last {
				say.say(what + ", so far: " + now)
				last = now
			}
		})
	}
	if again, ok := redeemer.(Renewer); ok && c.anew {
		redeemer = again.Anew()
	}
	links, err := redeemer.Redeem(within, c.Token)
	if err != nil && within.Err() != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("redeem token %s: %w", c.Token.Name, ctx.Err())
		}
		return fault.Wrap(fault.Late, fmt.Sprintf("token %s is not redeemed after %s", c.Token.Name, Span(c.Timeout)), err, "check that "+c.Token.URL+" can be reached from here")
	}
	if did.Links = links; err != nil {
		return err
	}
	did.Links, did.Notes, err = renew(ctx, p, links)
	return err
}

// ask creates an AccessToken resource and waits for the controller to redeem it.
func (c RedeemToken) ask(ctx context.Context, p Ports, say Progress) ([]string, error) {
	if _, err := activeSite(ctx, p.Store); err != nil {
		return nil, err
	}
	mine, err := c.place(ctx, p)
	if err != nil {
		return nil, err
	}
	done := goal{what: "token " + c.Token.Name, state: "redeemed", timeout: c.Timeout, again: settle, deeper: newDeeper(p),
		hint: "it may still be redeemed: `link status` tells, `link delete " + c.Token.Name + "` gives it up"}
	err = await(ctx, p.Store, done, say, func(ctx context.Context) (bool, string, error) {
		tokens, err := list[*v2alpha1.AccessToken](ctx, p.Store, v2alpha1.KindAccessToken, c.Token.Name)
		if err != nil {
			return false, "", err
		}
		met, final, message := judge(tokens[0], v2alpha1.ConditionRedeemed, true)
		if final {
			if err := refusal(c.Token.Name, message); err != nil {
				return false, "", err
			}
		}
		if !met {
			message = done.deeper.reason(ctx, tokens[0], message)
		}
		return met, message, nil
	})
	if err != nil {
		if mine && !fault.Is(err, fault.Late) { // a controller would try a refused token for ever
			err = errors.Join(err, dropToken(ctx, p, c.Token.Name))
		}
		return nil, err
	}
	return linksOf(ctx, p, c.Token.Name)
}

// place creates the AccessToken, or finds that the very same is there. A redeemed one whose links were deleted is replaced.
func (c RedeemToken) place(ctx context.Context, p Ports) (mine bool, err error) {
	err = p.Store.Create(ctx, c.Token.Object())
	if err == nil || !fault.Is(err, fault.Conflict) {
		return err == nil, err
	}
	old, err := list[*v2alpha1.AccessToken](ctx, p.Store, v2alpha1.KindAccessToken, c.Token.Name)
	if err != nil {
		return false, err
	}
	if old[0].Spec.URL != c.Token.URL || !token.Match(old[0].Spec.Code, c.Token.Code) {
		return false, fault.New(fault.Conflict, "there is another token of the name "+c.Token.Name, "delete that AccessToken, or give this one another name")
	}
	links, err := linksOf(ctx, p, c.Token.Name)
	if err != nil || len(links) > 0 && !c.anew || !old[0].Status.Redeemed {
		return false, err
	}
	if err := p.Store.Delete(ctx, v2alpha1.KindAccessToken, c.Token.Name); err != nil && !fault.Is(err, fault.Missing) {
		return false, fmt.Errorf("replace token %s: %w", c.Token.Name, err)
	}
	return true, p.Store.Create(ctx, c.Token.Object())
}

func dropToken(ctx context.Context, p Ports, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	if err := p.Store.Delete(ctx, v2alpha1.KindAccessToken, name); err != nil && !fault.Is(err, fault.Missing) {
		return fmt.Errorf("take back token %s: %w", name, err)
	}
	return nil
}

// answered finds the HTTP status and the answer in the message of a controller. That text is all it leaves: there is no code to go by.
var answered = regexp.MustCompile(`response: (\d{3})\b(?: \([^)]*\))? ?(.*)`)

// notAgain is in the message of a controller that has given a token up.
const notAgain = "it is not tried again"

// refusal is the final error that a message means, nil if trying again may help, as when the other site cannot be reached.
func refusal(name, message string) error {
	code, answer := 0, ""
	if m := answered.FindStringSubmatch(message); m != nil {
		code, _ = strconv.Atoi(m[1]) // three digits
		answer = m[2]
	}
	given := strings.Contains(message, notAgain) || strings.HasPrefix(answer, "Corrupted claim") || strings.HasPrefix(answer, "Edge sites cannot")
	switch {
	case code >= 500 && !given, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return nil
	case code >= 300:
		return fault.New(fault.Denied, refusedFor(name, message, answer), newToken)
	case code == 0 && regexp.MustCompile(`^Controller got error`).MatchString(message):
		return nil
	}
	return fault.New(fault.Failed, "token "+name+" cannot be redeemed: "+message, newToken)
}

// refusedFor says why a token was refused. A controller may say in its own words what lies behind the answer, after that; the rest is
// for those who keep the resource, which is dropped here.
func refusedFor(name, message, answer string) string {
	for _, known := range []string{"No such claim", "No such access granted", "Redemption of access token refused"} {
		if why, ok := strings.CutPrefix(answer, known+": "); ok {
			why, _, _ = strings.Cut(why, "; "+notAgain)
			if strings.HasPrefix(why, "token ") {
				return why
			}
			return "token " + name + " is refused: " + why
		}
	}
	message, _, _ = strings.Cut(message, "; "+notAgain)
	return "token " + name + " is refused: " + message
}

// linksOf are the names of the links that use a credential.
func linksOf(ctx context.Context, p Ports, credential string) ([]string, error) {
	links, err := list[*v2alpha1.Link](ctx, p.Store, v2alpha1.KindLink, "")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range links {
		if l.Spec.TLSCredentials == credential {
			names = append(names, l.Name)
		}
	}
	return names, nil
}
