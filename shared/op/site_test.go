package op

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

func TestCreateSiteAgain(t *testing.T) {
	for _, tc := range []struct {
		name string
		verb CreateSite
		did  Did
		kind fault.Kind
		text string
	}{
		{"same", CreateSite{Name: "west", LinkAccess: true, Wait: aWait}, Unchanged, 0, ""},
		{"different", CreateSite{Name: "west", Wait: aWait}, Created, fault.Conflict, "site west exists already and is different"},
		{"another", CreateSite{Name: "east", Wait: aWait}, "", fault.Conflict, "create site east: namespace default has a site already, west"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, sys := newMemory(west()), &fakeSystem{stopped: true}
			did, err := tc.verb.Run(t.Context(), Ports{Store: m, System: sys}, nil)
			wantKind(t, err, tc.kind, tc.text)
			if err == nil && (did.Did != tc.did || sys.started != 1) {
				t.Errorf("did %v and started %d times", did.Did, sys.started)
			}
			if m.names() != "Site/west" {
				t.Errorf("the store has %s", m.names())
			}
		})
	}
}

func TestCreateSiteThatCannotStart(t *testing.T) {
	m, sys := newMemory(), &fakeSystem{startErr: errors.New("no router program")}
	_, err := CreateSite{Name: "west", Wait: aWait}.Run(t.Context(), Ports{Store: m, System: sys}, nil)
	wantKind(t, err, fault.Failed, "site west is stored, but cannot be started: no router program")
	if got := fault.Hint(err); got != "`system start`" {
		t.Errorf("hint %q", got)
	}
	for hint, want := range map[string]string{"make room on /": "make room on /; then: `system start`", "end it, then: system start": "end it, then: system start"} {
		sys = &fakeSystem{startErr: fault.New(fault.Engine, "no", hint)}
		if _, err := (CreateSite{Name: "west", Wait: aWait}).Run(t.Context(), Ports{Store: newMemory(), System: sys}, nil); fault.Hint(err) != want || !fault.Is(err, fault.Engine) {
			t.Errorf("%s: %v, hint %q", hint, err, fault.Hint(err))
		}
	}
}

func TestCreateSiteObject(t *testing.T) {
	o := CreateSite{Name: "west", LinkAccess: true, AccessType: "route", HA: true, Advertise: []string{"a.example", "10.0.0.1"}, Namespace: "n"}.Object()
	want := v2alpha1.SiteSpec{LinkAccess: "route", HA: true, Settings: map[string]string{"advertise": "a.example,10.0.0.1"}}
	if o.Kind != "Site" || o.APIVersion != v2alpha1.APIVersion || o.Namespace != "n" || !reflect.DeepEqual(o.Spec, want) {
		t.Errorf("got %+v", o)
	}
}

// An update keeps what it was not told to change.
func TestUpdateSiteIsAPatch(t *testing.T) {
	full := func() *v2alpha1.Site {
		return &v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: "route", HA: true, DefaultIssuer: "mine", ServiceAccount: "sa",
			Settings: map[string]string{"size": "small", "advertise": "old.example"}}}
	}
	for _, tc := range []struct {
		name string
		verb UpdateSite
		did  Did
		want func(*v2alpha1.SiteSpec)
	}{
		{"link-access-off", UpdateSite{LinkAccess: ptr(false)}, Updated, func(s *v2alpha1.SiteSpec) { s.LinkAccess = "none" }},
		{"link-access-on-keeps-the-type", UpdateSite{LinkAccess: ptr(true)}, Unchanged, func(*v2alpha1.SiteSpec) {}},
		{"type", UpdateSite{AccessType: ptr("loadbalancer")}, Updated, func(s *v2alpha1.SiteSpec) { s.LinkAccess = "loadbalancer" }},
		{"ha-off", UpdateSite{HA: ptr(false)}, Updated, func(s *v2alpha1.SiteSpec) { s.HA = false }},
		{"ha-again", UpdateSite{HA: ptr(true)}, Unchanged, func(*v2alpha1.SiteSpec) {}},
		{"advertise", UpdateSite{Advertise: &[]string{"a", "b"}}, Updated, func(s *v2alpha1.SiteSpec) { s.Settings["advertise"] = "a,b" }},
		{"advertise-no-more", UpdateSite{Advertise: &[]string{""}}, Updated, func(s *v2alpha1.SiteSpec) { delete(s.Settings, "advertise") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(full())
			tc.verb.Wait = Wait{For: WaitNone}
			did, err := tc.verb.Run(t.Context(), Ports{Store: m}, nil)
			if err != nil || did.Did != tc.did {
				t.Fatalf("did %v, %v; want %v", did.Did, err, tc.did)
			}
			want := full().Spec
			tc.want(&want)
			got, err := m.Get(t.Context(), "Site", "west")
			if err != nil || !reflect.DeepEqual(got.(*v2alpha1.Site).Spec, want) {
				t.Errorf("got %+v, want %+v (%v)", got.(*v2alpha1.Site).Spec, want, err)
			}
		})
	}
}

func TestUpdateSiteWithoutName(t *testing.T) {
	verb := UpdateSite{HA: ptr(true), Wait: Wait{For: WaitNone}}
	_, err := verb.Run(t.Context(), Ports{Store: newMemory()}, nil)
	wantKind(t, err, fault.Missing, "there is no site in namespace default")
	_, err = verb.Run(t.Context(), Ports{Store: newMemory(west(), &v2alpha1.Site{ObjectMeta: named("east")})}, nil)
	wantKind(t, err, fault.Usage, "there are 2 sites (east, west): name one")
	verb.Name = "north"
	_, err = verb.Run(t.Context(), Ports{Store: newMemory(west())}, nil)
	wantKind(t, err, fault.Missing, `there is no site "north" in namespace default`)
	verb.Name = "west"
	edge := &v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{Edge: true}}
	_, err = verb.Run(t.Context(), Ports{Store: newMemory(edge)}, nil)
	wantKind(t, err, fault.Usage, "site west is an edge site, which cannot have two routers")
}

func TestDeleteSite(t *testing.T) {
	link := func() *v2alpha1.Link {
		return &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{TLSCredentials: "mine"}}
	}
	secret := func(name string) *v2alpha1.Secret { return &v2alpha1.Secret{ObjectMeta: named(name)} }
	came := func(name string) *v2alpha1.Secret {
		s := secret(name)
		s.Annotations = map[string]string{site.AnnotationRedeemed: "true"}
		return s
	}
	for _, tc := range []struct {
		name  string
		store *memory
		verb  DeleteSite
		left  string
		kind  fault.Kind
	}{
		{"only-the-site", newMemory(west(), link(), secret("mine")), DeleteSite{}, "Link/l Secret/mine", 0},
		{"all", newMemory(west(), link(), secret("mine"), secret("foreign"), &v2alpha1.MultiKeyListener{ObjectMeta: named("m")}, &v2alpha1.AccessGrant{ObjectMeta: named("g")}),
			DeleteSite{All: true}, "Secret/foreign", 0},
		{"all-after-the-site-is-gone", newMemory(link(), secret("mine")), DeleteSite{All: true}, "", 0},
		{"all-after-a-redemption-was-cut", newMemory(came("t"), secret("foreign")), DeleteSite{All: true}, "Secret/foreign", 0},
		{"all-of-many", newMemory(west(), &v2alpha1.Site{ObjectMeta: named("second")}, link(), secret("mine")), DeleteSite{All: true}, "", 0},
		{"one-of-many", newMemory(west(), &v2alpha1.Site{ObjectMeta: named("second")}), DeleteSite{}, "Site/second Site/west", fault.Usage},
		{"all-of-nothing", newMemory(), DeleteSite{All: true}, "", fault.Missing},
		{"none", newMemory(link()), DeleteSite{}, "Link/l", fault.Missing},
		{"other-name", newMemory(west()), DeleteSite{Name: "east", All: true}, "Site/west", fault.Missing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tc.verb.Gone = Gone{Wait: true, Timeout: aGone.Timeout}
				_, err := tc.verb.Run(t.Context(), Ports{Store: tc.store, System: &fakeSystem{}}, nil)
				wantKind(t, err, tc.kind, "")
				if got := tc.store.names(); got != tc.left {
					t.Errorf("left %q, want %q", got, tc.left)
				}
			})
		})
	}
}

// cut is a store that is of no use any more after so many deletions, as for a command that is killed.
type cut struct {
	*memory
	deletions int
}

func (c *cut) Delete(ctx context.Context, kind, name string) error {
	if c.deletions--; c.deletions < 0 {
		return errors.New("killed")
	}
	return c.memory.Delete(ctx, kind, name)
}

// forgetful is a Redeemer that was cut off itself.
type forgetful struct {
	Redeemer
	left *[]string
}

func (f forgetful) Forget(context.Context) ([]string, error) {
	names := *f.left
	*f.left = nil
	return names, nil
}

// Wherever a deletion of everything is cut off, the next one finds the rest, with the keys.
func TestDeleteEverythingCutOff(t *testing.T) {
	for n := range 8 {
		left := []string{"tok"}
		link := &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{TLSCredentials: "mine"}}
		m := newMemory(west(), link, &v2alpha1.Secret{ObjectMeta: named("mine")}, &v2alpha1.AccessGrant{ObjectMeta: named("g")})
		verb := DeleteSite{All: true, Gone: aGone}
		p := Ports{Store: &cut{m, n}, System: &fakeSystem{}, Redeemer: forgetful{left: &left}}
		_, err := verb.Run(t.Context(), p, nil)
		if killed := n < 4; (err != nil) != killed {
			t.Errorf("%d deletions: %v", n, err)
		}
		p.Store = m
		if _, err := verb.Run(t.Context(), p, nil); err != nil && !fault.Is(err, fault.Missing) {
			t.Errorf("%d deletions, then again: %v", n, err)
		}
		if got := m.names(); got != "" || len(left) > 0 {
			t.Errorf("%d deletions: left %q, and redemptions %v", n, got, left)
		}
	}
	left := []string{"tok"}
	all, err := DeleteSite{All: true, Gone: aGone}.Run(t.Context(), Ports{Store: newMemory(), System: &fakeSystem{}, Redeemer: forgetful{left: &left}}, nil)
	if err != nil || len(all) != 1 || all[0].Kind != v2alpha1.KindAccessToken || all[0].Name != "tok" {
		t.Errorf("of a redemption alone: %+v, %v", all, err)
	}
}
