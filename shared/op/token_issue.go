package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/token"
)

// minWindow is the shortest time that a token can be redeemed for.
const minWindow = time.Minute

// IssueToken makes a grant and writes the token that redeems it.
type IssueToken struct {
	Redemptions int           // times the token may be redeemed, 1 or more
	Window      time.Duration // how long it may be redeemed, 1m or more
	Cost        int           // of the link made from it, 0 or more; 0 is 1
	Timeout     time.Duration // give up waiting for an address of the site, and for the grant, after this
}

// Issued is what IssueToken made. It is set as soon as a grant exists, even if Run then fails.
type Issued struct {
	Grant       string    `json:"name"`
	Site        string    `json:"site"`
	URL         string    `json:"url"`
	ExpiresAt   time.Time `json:"expiresAt,omitzero"`
	Redemptions int       `json:"redemptionsAllowed"`
}

// Check finds everything wrong with the fields.
func (c IssueToken) Check() error {
	var f faults
	f.atLeast("redemptions-allowed", c.Redemptions, 1)
	f.lasts("expiration-window", c.Window, minWindow)
	f.cost(c.Cost)
	f.lasts("timeout", c.Timeout, minTimeout)
	return f.err
}

// Run writes the token to out. If it fails, the grant is taken back.
func (c IssueToken) Run(ctx context.Context, p Ports, out io.Writer, say Progress) (did Issued, err error) {
	s, err := activeSite(ctx, p.Store)
	if err != nil {
		return did, err
	}
	if err := acceptsLinks(ctx, p, s); err != nil {
		return did, err
	}
	stopped, err := wake(ctx, p)
	if err != nil {
		return did, err
	}
	if stopped {
		return did, fault.New(fault.Failed, "site "+s.Name+" is stopped, so nobody could redeem a token", "`system start`")
	}
	if _, c.Timeout, err = awaitEndpoints(ctx, p, s, c.Timeout, say); err != nil {
		return did, err
	}
	grant := &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Name: s.Name + "-" + uuid.NewString()}}
	v2alpha1.SetTypeMeta(grant)
	grant.Spec = v2alpha1.AccessGrantSpec{RedemptionsAllowed: c.Redemptions, ExpirationWindow: c.Window.String()}
	if err := p.Store.Create(ctx, grant); err != nil {
		err = fmt.Errorf("create a grant at site %s: %w", s.Name, err)
		if ctx.Err() != nil { // the answer was not waited for: it may have been made all the same
			err = errors.Join(err, Withdraw(ctx, p, grant.Name))
		}
		return did, err
	}
	did = Issued{Grant: grant.Name, Site: s.Name, Redemptions: c.Redemptions}
	defer func() {
		if err != nil {
			err = errors.Join(err, Withdraw(ctx, p, did.Grant))
		}
	}()
	tok, err := c.await(ctx, p, s, did.Grant, say)
	if err != nil {
		return did, err
	}
	did.ExpiresAt, did.URL = tok.ExpiresAt, tok.URL
	return did, token.Encode(out, tok)
}

// grantsOff is all that a controller says of a grant where it is not to serve any: there is no condition to go by.
const grantsOff = "AccessGrants are not enabled"

// await waits for the grant to be ready and makes the token of it.
func (c IssueToken) await(ctx context.Context, p Ports, s *v2alpha1.Site, name string, say Progress) (token.Token, error) {
	tok := token.Token{Name: name, Issuer: s.Name, Uses: c.Redemptions, LinkCost: costOf(c.Cost)}
	ready := goal{what: "grant " + name, state: "ready", timeout: c.Timeout, hint: "`site status " + s.Name + "` says more", again: settle, deeper: newDeeper(p)}
	err := await(ctx, p.Store, ready, say, func(ctx context.Context) (bool, string, error) {
		grants, err := list[*v2alpha1.AccessGrant](ctx, p.Store, v2alpha1.KindAccessGrant, name)
		if err != nil {
			return false, "", err
		}
		if s := v2alpha1.StatusOf(grants[0]); s.Message == grantsOff && len(s.Conditions) == 0 {
			return false, "", fault.New(fault.Failed, "the controller issues no tokens: "+grantsOff,
				"`link generate` links sites without a token; for tokens have the controller's administrator enable grants")
		}
		met, final, message := judge(grants[0], v2alpha1.ConditionReady, false)
		if final || !met {
			if message == "Not "+v2alpha1.ConditionReady { // then the site may say more
				message = orElse(grants[0].Status.Message, c.siteSays(ctx, p, s.Name))
			}
			if final {
				return false, "", fault.New(fault.Failed, "the grant is refused: "+message, "`site status "+s.Name+"`")
			}
			return false, ready.deeper.reason(ctx, grants[0], message), nil
		}
		status := grants[0].Status
		tok.URL, tok.Code, tok.CA = status.URL, status.Code, status.CA
		if t, err := time.Parse(time.RFC3339, status.ExpirationTime); err == nil {
			tok.ExpiresAt = t
		}
		return true, "", nil
	})
	return tok, err
}

func (c IssueToken) siteSays(ctx context.Context, p Ports, name string) string {
	sites, err := list[*v2alpha1.Site](ctx, p.Store, v2alpha1.KindSite, name)
	if err != nil || sites[0].Status.StatusType == v2alpha1.StatusReady {
		return "not looked at yet"
	}
	return "site " + name + ": " + orElse(sites[0].Status.Message, "Not "+v2alpha1.ConditionConfigured)
}

// withdrawTimeout bounds what is done after the caller has given up.
const withdrawTimeout = 5 * time.Second

// Withdraw takes a grant back whose token did not reach anybody. It works even if ctx has ended.
func Withdraw(ctx context.Context, p Ports, grant string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	if err := p.Store.Delete(ctx, v2alpha1.KindAccessGrant, grant); err != nil && !fault.Is(err, fault.Missing) {
		return fmt.Errorf("take back grant %s, which stays until it expires: %w", grant, err)
	}
	return nil
}
