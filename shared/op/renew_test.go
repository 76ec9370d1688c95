package op

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/token"
)

// renewer notes whether it was to redeem a token whose links are there.
type renewer struct {
	anew   *bool
	redeem redeemerFunc
}

func (r renewer) Anew() Redeemer { *r.anew = true; return r }

func (r renewer) Redeem(ctx context.Context, tok token.Token) ([]string, error) {
	return r.redeem(ctx, tok)
}

func linkTo(name, creds string, down bool) *v2alpha1.Link {
	l := &v2alpha1.Link{ObjectMeta: named(name), Spec: v2alpha1.LinkSpec{TLSCredentials: creds, Cost: 3, Endpoints: []v2alpha1.Endpoint{{Name: "edge", Host: "h", Port: "1"}}}}
	if l.SetOperational(nil); down {
		l.SetOperational(v2alpha1.Waiting(site.Why("unknown ca")))
	}
	return l
}

// TestRedeemTokenOfALinkThatIsOfNoUse redeems a token again whose link cannot come up: it is not "linked already".
func TestRedeemTokenOfALinkThatIsOfNoUse(t *testing.T) {
	tok := aToken(t)
	tok.ExpiresAt = time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		down   bool
		answer error
		kind   fault.Kind
		text   string
	}{
		"up":      {false, nil, 0, ""},
		"down":    {true, nil, 0, ""},
		"used-up": {true, fault.New(fault.Denied, "used up", ""), fault.Denied, "stays as it is"},
	} {
		anew := false
		m := newMemory(west(), linkTo("west-1", "west-1", tt.down), &v2alpha1.Secret{ObjectMeta: named("west-1")})
		r := renewer{&anew, func(context.Context, token.Token) ([]string, error) { return []string{"west-1"}, tt.answer }}
		did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: m, System: &fakeSystem{}, Redeemer: r}, nil)
		if wantKind(t, err, tt.kind, tt.text); did.Before == tt.down || anew != tt.down {
			t.Errorf("%s: %+v, anew %v", name, did, anew)
		}
	}
	// The same where a controller redeems: it is asked again by a new resource.
	old := tok.Object()
	v2alpha1.SetCondition(time.Unix(0, 0), old, v2alpha1.ConditionRedeemed, nil)
	m := newMemory(west(), linkTo("west-1", "west-1", true), &v2alpha1.Secret{ObjectMeta: named("west-1")}, old)
	asked := errors.New("asked again")
	m.controller = func(o v2alpha1.Object) {
		if a, ok := o.(*v2alpha1.AccessToken); ok {
			v2alpha1.SetCondition(time.Now(), a, v2alpha1.ConditionRedeemed, asked)
		}
	}
	_, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Failed, asked.Error())
}

// TestRedeemFreshTokenRenewsALink has a local site with a link to a site that got another authority, and a new token of that site.
func TestRedeemFreshTokenRenewsALink(t *testing.T) {
	tok := aToken(t)
	tok.ExpiresAt = time.Now().Add(time.Hour)
	secret := func(name string) *v2alpha1.Secret {
		ca, err := pki.NewP256CA("ca", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return &v2alpha1.Secret{ObjectMeta: named(name), Data: map[string][]byte{v2alpha1.SecretKeyCA: ca.Cert}}
	}
	for name, tt := range map[string]struct {
		down, used bool
		fail       error
		left       string
	}{
		"down":          {down: true, left: "Link/old Secret/west-1 Site/west"},
		"down-and-used": {down: true, used: true, left: "Link/old Listener/l Secret/old Secret/west-1 Site/west"},
		"untidy":        {down: true, fail: errors.New("disk full"), left: "Link/old Secret/old Secret/west-1 Site/west"},
		"up":            {left: "Link/old Link/west-1 Secret/old Secret/west-1 Site/west"},
	} {
		m := newMemory(west(), linkTo("old", "old", tt.down), secret("old"))
		if tt.used {
			if err := m.Create(t.Context(), &v2alpha1.Listener{ObjectMeta: named("l"), Spec: v2alpha1.ListenerSpec{TLSCredentials: "old"}}); err != nil {
				t.Fatal(err)
			}
		}
		if tt.fail != nil {
			m.fail["Delete Secret"] = tt.fail
		}
		r := redeemerFunc(func(ctx context.Context, _ token.Token) ([]string, error) {
			return []string{"west-1"}, errors.Join(m.Create(ctx, linkTo("west-1", "west-1", true)), m.Create(ctx, secret("west-1")))
		})
		did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: m, System: &fakeSystem{}, Redeemer: r}, nil)
		if err != nil {
			t.Fatal(err)
		}
		links := "west-1"
		if tt.down {
			links = "old"
		}
		if len(did.Links) != 1 || did.Links[0] != links || m.names() != tt.left {
			t.Errorf("%s: links %v, left %s", name, did.Links, m.names())
		}
		if told := strings.Contains(strings.Join(did.Notes, " "), "link old, which led to the same site and was not up, has what token west-1 "); told != tt.down {
			t.Errorf("%s: notes %q", name, did.Notes)
		}
		if noted := strings.Contains(strings.Join(did.Notes, " "), "disk full"); noted != (tt.fail != nil) {
			t.Errorf("%s: notes %q", name, did.Notes)
		}
	}
}

// TestRenewalThatWasCutOffIsEnded redeems the token again after the program ended at any point of the renewal.
func TestRenewalThatWasCutOffIsEnded(t *testing.T) {
	tok := aToken(t)
	tok.ExpiresAt = time.Now().Add(-time.Hour) // it was good when it was redeemed
	secret := func(name string) *v2alpha1.Secret {
		ca, err := pki.NewP256CA("ca", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return &v2alpha1.Secret{ObjectMeta: named(name), Data: map[string][]byte{v2alpha1.SecretKeyCA: ca.Cert}}
	}
	for name, there := range map[string][]v2alpha1.Object{
		"before-it-began":       {linkTo("old", "old", true), linkTo("west-1", "west-1", false), secret("old"), secret("west-1")},
		"before-fresh-was-gone": {linkTo("old", "west-1", false), linkTo("west-1", "west-1", false), secret("west-1")},
		"at-its-end":            {linkTo("old", "west-1", false), secret("west-1")},
	} {
		m := newMemory(append(there, west())...)
		r := redeemerFunc(func(ctx context.Context, _ token.Token) ([]string, error) {
			return linksOf(ctx, Ports{Store: m}, "west-1")
		})
		did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: m, System: &fakeSystem{}, Redeemer: r}, nil)
		if left := m.names(); err != nil || !did.Before || len(did.Links) != 1 || did.Links[0] != "old" || left != "Link/old Secret/west-1 Site/west" {
			t.Errorf("%s: %v, %+v, left %s", name, err, did, left)
		}
	}
}

// TestLinksOfOneTokenAreNoTwins has a site with two routers that are reached at one place, and a link that somebody named likewise.
func TestLinksOfOneTokenAreNoTwins(t *testing.T) {
	m := newMemory(linkTo("west-1", "west-1", false), linkTo("west-1-b", "west-1", false), linkTo("other", "other", false))
	used, _, err := renew(t.Context(), Ports{Store: m}, []string{"west-1", "west-1-b"})
	if left := m.names(); err != nil || len(used) != 2 || left != "Link/other Link/west-1 Link/west-1-b" {
		t.Errorf("%v, %v, left %s", err, used, left)
	}
}
