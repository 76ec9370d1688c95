package op

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
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
}

// Redeemed is what RedeemToken made.
type Redeemed struct {
	Token  string   `json:"token"`
	Issuer string   `json:"site,omitempty"` // empty if the token does not say
	Links  []string `json:"links"`
	NoSite bool     `json:"-"` // the link waits for a site to be created
	Notes  []string `json:"-"`
}

// Check finds everything wrong with the fields.
func (c RedeemToken) Check() error {
	var f faults
	f.lasts("timeout", c.Timeout, minTimeout)
	return f.err
}

// Run redeems the token. Redeeming one again whose link is there does nothing.
func (c RedeemToken) Run(ctx context.Context, p Ports, say Progress) (did Redeemed, err error) {
	did = Redeemed{Token: c.Token.Name, Issuer: c.Token.Issuer}
	if c.Token.Expired(c.Now.Add(-clockSlack)) {
		return did, c.expired(nil)
	}
	if p.Redeemer != nil {
		did.Links, err = c.exchange(ctx, p, say)
	} else {
		did.Links, err = c.ask(ctx, p, say)
	}
	if err != nil {
		if c.Token.Expired(c.Now) && (fault.Is(err, fault.Denied) || fault.Is(err, fault.Missing)) {
			return did, c.expired(err)
		}
		return did, err
	}
	if did.Notes, err = noSite(ctx, p); err != nil {
		return did, err
	}
	if did.NoSite = len(did.Notes) > 0; did.NoSite {
		did.Notes[0] += " yet: the link is made when there is one"
	}
	stopped, err := wake(ctx, p)
	if stopped {
		did.Notes = append(did.Notes, "the site is stopped: the link is made when it is started")
	}
	return did, err
}

// expired is the one clear cause; what the server said may be as vague as "no such claim".
func (c RedeemToken) expired(why error) error {
	ago := c.Now.Sub(c.Token.ExpiresAt).Round(time.Second)
	msg := fmt.Sprintf("token %s expired at %s, %v ago", c.Token.Name, c.Token.ExpiresAt.UTC().Format(time.RFC3339), ago)
	return &fault.Error{Kind: fault.Denied, Msg: msg, Hint: newToken, Err: why}
}

// exchange lets the site's own redeemer do it.
func (c RedeemToken) exchange(ctx context.Context, p Ports, say Progress) ([]string, error) {
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	say.say("an answer from " + orElse(c.Token.Issuer, "the site of token "+c.Token.Name))
	links, err := p.Redeemer.Redeem(within, c.Token)
	if err != nil && within.Err() != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("redeem token %s: %w", c.Token.Name, ctx.Err())
		}
		return nil, fault.Wrap(fault.Late, fmt.Sprintf("token %s is not redeemed after %v", c.Token.Name, c.Timeout), err, "check that "+c.Token.URL+" can be reached from here")
	}
	return links, err
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
	done := goal{what: "token " + c.Token.Name, state: "redeemed", timeout: c.Timeout, hint: "it may still be redeemed: `link status`"}
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
	if err != nil || len(links) > 0 || !old[0].Status.Redeemed {
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

// answered finds the HTTP status in the message of a controller. That text is all it leaves: there is no code to go by.
var answered = regexp.MustCompile(`response: (\d{3})\b`)

// refusal is the final error that a message means, nil if trying again may help, as when the other site cannot be reached.
func refusal(name, message string) error {
	code := 0
	if m := answered.FindStringSubmatch(message); m != nil {
		code, _ = strconv.Atoi(m[1]) // three digits
	}
	switch {
	case code >= 500:
		return nil
	case code >= 300:
		return fault.New(fault.Denied, "token "+name+" is refused: "+message, newToken)
	case code == 0 && regexp.MustCompile(`^Controller got error`).MatchString(message):
		return nil
	}
	return fault.New(fault.Failed, "token "+name+" cannot be redeemed: "+message, newToken)
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
