package op

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

func testCA(t *testing.T) string {
	t.Helper()
	ca, err := pki.NewP256CA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return string(ca.Cert)
}

// granting makes a grant ready, as the agent or controller does.
func granting(ca string) func(v2alpha1.Object) {
	return func(o v2alpha1.Object) {
		g, ok := o.(*v2alpha1.AccessGrant)
		if !ok {
			return
		}
		g.Status.URL, g.Status.Code, g.Status.CA = "https://west.example:9090/uid", "abcdefghijklmnopqrstuvwx", ca
		g.Status.ExpirationTime = time.Now().Add(15 * time.Minute).UTC().Format(time.RFC3339)
		settled(g)
	}
}

func TestIssueToken(t *testing.T) {
	ca := testCA(t)
	issue := IssueToken{Redemptions: 3, Window: 15 * time.Minute, Cost: 7, Timeout: time.Minute}
	for _, tc := range []struct {
		name       string
		controller func(v2alpha1.Object)
		delay      time.Duration
		system     System
		out        io.Writer
		kind       fault.Kind
		text       string
	}{
		{"ready", granting(ca), time.Second, nil, nil, 0, ""},
		{"late", granting(ca), time.Hour, nil, nil, fault.Late, "is not ready after 1m: not looked at yet"},
		{"refused", failing(v2alpha1.ConditionProcessed, "Edge sites cannot accept incoming links from remote sites"), time.Second, nil, nil, fault.Failed, "the grant is refused: Edge sites"},
		{"not-enabled", func(o v2alpha1.Object) { v2alpha1.StatusOf(o).Message = "AccessGrants are not enabled" }, time.Second, nil, nil, fault.Failed, "the controller issues no tokens: AccessGrants are not enabled"},
		{"disk-full", granting(ca), time.Second, nil, full{}, fault.Failed, "no space left"},
		{"bad-ca", granting("nonsense"), time.Second, nil, nil, fault.Usage, "spec.ca is not a certificate"},
		{"stopped", granting(ca), time.Second, &fakeSystem{stopped: true}, nil, fault.Failed, "site west is stopped"},
		{"nobody-acts", granting(ca), time.Second, &fakeSystem{wakeErr: errors.New("no agent")}, nil, fault.Failed, "no agent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory(west())
				m.controller, m.delay = tc.controller, tc.delay
				var file bytes.Buffer
				out := tc.out
				if out == nil {
					out = &file
				}
				did, err := issue.Run(t.Context(), Ports{Store: m, System: tc.system}, out, nil)
				wantKind(t, err, tc.kind, tc.text)
				time.Sleep(2 * time.Hour)
				if err != nil {
					if m.names() != "Site/west" || file.Len() > 0 {
						t.Errorf("left %s and wrote %q", m.names(), file.String())
					}
					return
				}
				tok, err := token.Decode(&file, "file")
				if err != nil {
					t.Fatal(err)
				}
				if tok.Name != did.Grant || !strings.HasPrefix(tok.Name, "west-") || tok.LinkCost != 7 || tok.Uses != 3 || tok.Issuer != "west" || !tok.ExpiresAt.Equal(did.ExpiresAt) || tok.ExpiresAt.IsZero() {
					t.Errorf("issued %+v, token %+v", did, tok)
				}
				if g := must[*v2alpha1.AccessGrant](t, m, did.Grant).Spec; g.RedemptionsAllowed != 3 || g.ExpirationWindow != "15m0s" || g.Code != "" {
					t.Errorf("grant %+v", g)
				}
			})
		})
	}
}

// A cost of 0 is the same as 1 to every router; the token says so.
func TestIssueTokenWithoutCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(west())
		m.controller = granting(testCA(t))
		var file bytes.Buffer
		if _, err := (IssueToken{1, time.Minute, 0, time.Minute}).Run(t.Context(), Ports{Store: m}, &file, nil); err != nil {
			t.Fatal(err)
		}
		if tok, err := token.Decode(&file, "file"); err != nil || tok.LinkCost != 1 {
			t.Errorf("token %+v, %v", tok, err)
		}
	})
}

func TestIssueTokenInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		m := newMemory(west())
		_, err := IssueToken{1, time.Minute, 1, time.Minute}.Run(ctx, Ports{Store: m}, io.Discard, nil)
		if !errors.Is(err, context.Canceled) || m.names() != "Site/west" {
			t.Errorf("%v; left %s", err, m.names())
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func aToken(t *testing.T) token.Token {
	return token.Token{Name: "west-1", URL: "https://west.example:9090/uid", Code: "abcdefghijklmnopqrstuvwx", CA: testCA(t), Issuer: "west"}
}

type redeemerFunc func(ctx context.Context, tok token.Token) ([]string, error)

func (f redeemerFunc) Redeem(ctx context.Context, tok token.Token) ([]string, error) {
	return f(ctx, tok)
}

func TestRedeemTokenByExchange(t *testing.T) {
	tok := aToken(t)
	noClaim := fault.New(fault.Denied, "No such claim", "")
	for _, tc := range []struct {
		name    string
		store   *memory
		system  System
		expired time.Duration // ago
		answer  error
		silent  bool
		calls   int
		notes   string
		kind    fault.Kind
		text    string
	}{
		{"done", newMemory(west()), nil, -time.Hour, nil, false, 1, "", 0, ""},
		{"no-site-yet", newMemory(), nil, 0, nil, false, 1, "there is no site in namespace default yet: the link is made when there is one", 0, ""},
		{"stopped", newMemory(west()), &fakeSystem{stopped: true}, 0, nil, false, 1, "the site is stopped: the link is made when it is started", 0, ""},
		{"unknown", newMemory(west()), nil, -time.Hour, noClaim, false, 1, "", fault.Denied, "No such claim"},
		{"expired-only-by-this-clock", newMemory(west()), nil, clockSlack - time.Second, nil, false, 1, "", 0, ""},
		{"expired-beyond-doubt", newMemory(west()), nil, clockSlack, nil, false, 0, "", fault.Denied, "expired"},
		{"silent", newMemory(west()), nil, 0, nil, true, 1, "", fault.Late, "token west-1 is not redeemed after 1m"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tok := tok
				if tc.expired != 0 {
					tok.ExpiresAt = time.Now().Add(-tc.expired)
				}
				calls := 0
				r := redeemerFunc(func(ctx context.Context, got token.Token) ([]string, error) {
					calls++
					if got.Code != tok.Code {
						t.Errorf("redeems %v", got)
					}
					if tc.silent {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					return []string{"west-1"}, tc.answer
				})
				did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: tc.store, System: tc.system, Redeemer: r}, nil)
				wantKind(t, err, tc.kind, tc.text)
				if calls != tc.calls || strings.Join(did.Notes, "; ") != tc.notes {
					t.Errorf("%d calls, want %d; notes %q", calls, tc.calls, did.Notes)
				}
			})
		})
	}
}

// A token that was redeemed here before, and one of this very site, are told from others without asking anybody.
func TestRedeemTokenThatIsKnownHere(t *testing.T) {
	tok := aToken(t)
	link := &v2alpha1.Link{ObjectMeta: named("west-1"), Spec: v2alpha1.LinkSpec{TLSCredentials: "west-1"}}
	secret := &v2alpha1.Secret{ObjectMeta: named("west-1")}
	grant := func(code string) *v2alpha1.AccessGrant {
		g := &v2alpha1.AccessGrant{ObjectMeta: named("west-1")}
		g.Status.URL, g.Status.Code = tok.URL, code
		return g
	}
	const note = "this site is linked to west by this token already: nothing was redeemed"
	for _, tc := range []struct {
		name   string
		store  *memory
		late   time.Duration // after the token expired
		before bool
		kind   fault.Kind
		text   string
	}{
		{"link-and-secret", newMemory(west(), link, secret), 0, true, 0, note},
		{"link-and-secret-long-expired", newMemory(west(), link, secret), 1000 * time.Hour, true, 0, note},
		{"link-without-secret", newMemory(west(), link), 0, false, 0, ""},
		{"secret-without-link", newMemory(west(), secret), 0, false, 0, ""},
		{"own", newMemory(west(), grant(tok.Code)), 0, false, fault.Conflict, "was issued by this very site"},
		{"another-grant-of-that-name", newMemory(west(), grant("other")), 0, false, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tok := tok
			tok.ExpiresAt = time.Now().Add(time.Hour)
			if tc.late > 0 {
				tok.ExpiresAt = time.Now().Add(-tc.late)
			}
			r := redeemerFunc(func(context.Context, token.Token) ([]string, error) { return []string{"west-1"}, nil })
			var said words
			did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: tc.store, System: &fakeSystem{}, Redeemer: r}, said.say)
			wantKind(t, err, tc.kind, tc.text)
			if did.Before != tc.before || tc.kind == 0 && strings.Join(did.Notes, "") != tc.text || tc.before && len(said) > 0 {
				t.Errorf("got %+v, said %q", did, said)
			}
		})
	}
}

// talkingRedeemer fails twice before it has an answer.
type talkingRedeemer struct{ tell func(error) }

func (r talkingRedeemer) Telling(tell func(error)) Redeemer { return talkingRedeemer{tell} }

func (r talkingRedeemer) Redeem(context.Context, token.Token) ([]string, error) {
	r.tell(errors.New("no connection"))
	r.tell(errors.New("no connection"))
	return []string{"west-1"}, nil
}

func TestRedeemTokenSaysWhyItTakesTime(t *testing.T) {
	var said words
	_, err := RedeemToken{Token: aToken(t), Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: newMemory(west()), Redeemer: talkingRedeemer{}}, said.say)
	if want := "an answer from west; an answer from west, so far: no connection"; err != nil || strings.Join(said, "; ") != want {
		t.Errorf("%v, said %q, want %q", err, said, want)
	}
}

func TestRedeemTokenByResource(t *testing.T) {
	tok := aToken(t)
	redeemed := func(m *memory) func(v2alpha1.Object) {
		m.makes = &v2alpha1.Link{ObjectMeta: named("west-1"), Spec: v2alpha1.LinkSpec{TLSCredentials: "west-1"}}
		return func(o v2alpha1.Object) {
			if _, ok := o.(*v2alpha1.AccessToken); ok {
				v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionRedeemed, nil)
			}
		}
	}
	old := func(code string, done bool) *v2alpha1.AccessToken {
		o := tok.Object()
		o.Spec.Code, o.Status.Redeemed = code, done
		if done {
			v2alpha1.SetCondition(time.Unix(0, 0), o, v2alpha1.ConditionRedeemed, nil)
		}
		return o
	}
	refused := func(text string) func(*memory) func(v2alpha1.Object) {
		return func(*memory) func(v2alpha1.Object) { return failing(v2alpha1.ConditionRedeemed, text) }
	}
	for _, tc := range []struct {
		name       string
		store      *memory
		controller func(*memory) func(v2alpha1.Object)
		left       string
		kind       fault.Kind
		text       string
		took       time.Duration
	}{
		{"done", newMemory(west()), redeemed, "AccessToken/west-1 Link/west-1 Site/west", 0, "", time.Second},
		{"no-site", newMemory(), redeemed, "", fault.Missing, "there is no site", 0},
		{"refused-at-once", newMemory(west()), refused("Controller got failed response: 404 (Not Found) No such access granted"), "Site/west", fault.Denied, "token west-1 is refused: Controller got failed response: 404 (Not Found) No such access granted", time.Second},
		{"used-up-in-our-words", newMemory(west()), refused("Controller got failed response: 404 (Not Found) No such access granted: token west-1 is used up: it was redeemed as often as it may be; " +
			"it is not tried again until the token is changed: delete it, and redeem a new one"), "Site/west", fault.Denied, "token west-1 is used up: it was redeemed as often as it may be", time.Second},
		{"unreachable", newMemory(west()), refused("Controller got error: dial tcp: connection refused"), "AccessToken/west-1 Site/west", fault.Late, "connection refused", time.Minute},
		{"server-in-trouble", newMemory(west()), refused("Controller got failed response: 503 (Service Unavailable) Internal error"), "AccessToken/west-1 Site/west", fault.Late, "503", time.Minute},
		{"server-too-busy", newMemory(west()), refused("Controller got failed response: 429 (Too Many Requests) slow down"), "AccessToken/west-1 Site/west", fault.Late, "429", time.Minute},
		{"proxy-out-of-time", newMemory(west()), refused("Controller got failed response: 408 (Request Timeout) "), "AccessToken/west-1 Site/west", fault.Late, "408", time.Minute},
		{"too-early", newMemory(west()), refused("Controller got failed response: 425 (Too Early) "), "AccessToken/west-1 Site/west", fault.Late, "425", time.Minute},
		{"site-not-there-yet", newMemory(west()), refused("Controller got failed response: 500 (Internal Server Error) Site not yet defined for west"), "AccessToken/west-1 Site/west", fault.Late, "500", time.Minute},
		{"corrupted", newMemory(west()), refused("Controller got failed response: 500 (Internal Server Error) Corrupted claim"), "Site/west", fault.Denied, "token west-1 is refused", time.Second},
		{"edge", newMemory(west()), refused("Controller got failed response: 500 (Internal Server Error) Edge sites cannot accept incoming links from remote sites"), "Site/west", fault.Denied, "token west-1 is refused", time.Second},
		{"given-up", newMemory(west()), refused("Controller got failed response: 500 (Internal Server Error) odd: the name cannot be used; it is not tried again until the token is changed"), "Site/west", fault.Denied, "token west-1 is refused", time.Second},
		{"bad-token", newMemory(west()), refused("token does not have a CA"), "Site/west", fault.Failed, "token west-1 cannot be redeemed: token does not have a CA", time.Second},
		{"again", newMemory(west(), old(tok.Code, true), &v2alpha1.Link{ObjectMeta: named("west-1"), Spec: v2alpha1.LinkSpec{TLSCredentials: "west-1"}}), nil,
			"AccessToken/west-1 Link/west-1 Site/west", 0, "", 0},
		{"again-after-the-link-was-deleted", newMemory(west(), old(tok.Code, true)), redeemed, "AccessToken/west-1 Link/west-1 Site/west", 0, "", time.Second},
		{"another-of-that-name", newMemory(west(), old("other", false)), redeemed, "AccessToken/west-1 Site/west", fault.Conflict, "there is another token of the name west-1", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tc.store.delay = time.Second
				if tc.controller != nil {
					tc.store.controller = tc.controller(tc.store)
				}
				start := time.Now()
				did, err := RedeemToken{Token: tok, Timeout: time.Minute, Now: time.Now()}.Run(t.Context(), Ports{Store: tc.store}, nil)
				wantKind(t, err, tc.kind, tc.text)
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				if got := tc.store.names(); got != tc.left {
					t.Errorf("left %q, want %q", got, tc.left)
				}
				if err == nil && strings.Join(did.Links, " ") != "west-1" {
					t.Errorf("links %q", did.Links)
				}
			})
		})
	}
}

func TestTokenStatus(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	grant := func(name string, made, allowed int, expires time.Duration) *v2alpha1.AccessGrant {
		g := &v2alpha1.AccessGrant{ObjectMeta: named(name), Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: allowed, Code: "secret"}}
		g.Status.Redemptions, g.Status.Code, g.Status.ExpirationTime = made, "secret", now.Add(expires).Format(time.RFC3339)
		settled(g)
		return g
	}
	m := newMemory(grant("a", 0, 1, time.Second), grant("b", 1, 1, time.Hour), grant("c", 1, 2, 0), grant("d", 1, 0, time.Hour), &v2alpha1.AccessGrant{ObjectMeta: named("e")})
	found, err := TokenStatus{Now: now}.Run(t.Context(), Ports{Store: m})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range found.Items {
		got = append(got, g.Name+" "+string(g.Status.StatusType))
		if g.Spec.Code != "" || g.Status.Code != "" {
			t.Errorf("the code of %s is shown", g.Name)
		}
	}
	if want := "a Ready, b Used, c Expired, d Used, e Pending"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = TokenStatus{Name: "x", Now: now}.Run(t.Context(), Ports{Store: m})
	wantKind(t, err, fault.Missing, `there is no token "x"`)
}

func TestRevokeToken(t *testing.T) {
	g := &v2alpha1.AccessGrant{ObjectMeta: named("g")}
	g.Status.Redemptions = 1
	m := newMemory(g)
	did, err := RevokeToken{Name: "g", Gone: soon()}.Run(t.Context(), Ports{Store: m}, nil)
	if err != nil || did.Did != Revoked || len(did.Notes) != 1 || m.names() != "" {
		t.Errorf("%+v, %v; left %s", did, err, m.names())
	}
	_, err = RevokeToken{Name: "g", Gone: soon()}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Missing, `there is no token "g"`)
}

func TestRefusalIsSaidOnce(t *testing.T) {
	for _, tc := range []struct{ message, want string }{
		{"Controller got failed response: 404 (Not Found) No such claim: the server at h:1 does not know token t: its grant was deleted", "token t is refused: the server at h:1 does not know token t: its grant was deleted"},
		{"Controller got failed response: 403 (Forbidden) Redemption of access token refused: token t has another code; it is not tried again until the token is changed: delete it", "token t has another code"},
		{"Controller got failed response: 404 (Not Found) No such claim", "token t is refused: Controller got failed response: 404 (Not Found) No such claim"},
		{"Controller got failed response: 400 (Bad Request) odd; it is not tried again until the token is changed", "token t is refused: Controller got failed response: 400 (Bad Request) odd"},
	} {
		if got := refusal("t", tc.message); got == nil || got.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", tc.message, got, tc.want)
		}
	}
}

// TestUnredeemed is about a token whose redemption goes on: it shows, and can be given up.
func TestUnredeemed(t *testing.T) {
	waits := aToken(t).Object()
	v2alpha1.SetCondition(time.Unix(0, 0), waits, v2alpha1.ConditionRedeemed, errors.New("Controller got error: no route to host"))
	done := &v2alpha1.AccessToken{ObjectMeta: named("done"), Status: v2alpha1.AccessTokenStatus{Redeemed: true}}
	p := Ports{Store: newMemory(west(), waits, done)}
	found, err := LinkStatus{}.Run(t.Context(), p)
	if err != nil || len(found.Unredeemed) != 1 || found.Unredeemed[0].Name != "west-1" || WhyUnredeemed(found.Unredeemed[0]) != "Controller got error: no route to host" {
		t.Errorf("%+v, %v", found, err)
	}
	_, err = LinkStatus{Name: "west-1"}.Run(t.Context(), p)
	wantKind(t, err, fault.Missing, "there is no link west-1 yet, as its token is not redeemed: Controller got error: no route to host")
	_, err = LinkStatus{Name: "done"}.Run(t.Context(), p)
	wantKind(t, err, fault.Missing, `there is no link "done"`)

	did, err := DeleteLink{Name: "west-1", Gone: Gone{Wait: true, Timeout: time.Minute}}.Run(t.Context(), p, nil)
	if err != nil || did.Kind != v2alpha1.KindAccessToken || did.Did != Deleted || len(did.Notes) != 1 {
		t.Errorf("%+v, %v", did, err)
	}
	_, err = DeleteLink{Name: "done", Gone: Gone{Timeout: time.Minute}}.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Missing, `there is no link "done"`)
	if got := p.Store.(*memory).names(); got != "AccessToken/done Site/west" {
		t.Errorf("left %s", got)
	}
}
