package op

import (
	"reflect"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func TestParseSetting(t *testing.T) {
	for in, want := range map[string]Setting{
		"a=b": {"a", "b", false}, "a=": {"a", "", false}, "a=b=c": {"a", "b=c", false}, "a=b,c": {"a", "b,c", false}, "a-": {"a", "", true}, "a-=": {"a-", "", false},
	} {
		if got, err := ParseSetting(in); got != want || err != nil {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a", "=b", "-"} {
		if got, err := ParseSetting(in); err == nil {
			t.Errorf("%q is taken for %+v", in, got)
		}
	}
}

func TestSiteSettings(t *testing.T) {
	c := CreateSite{Name: "west", Edge: true, HA: true, LinkAccess: true, Issuer: "Bad", Wait: Wait{WaitNone, 1 << 40},
		Settings: []Setting{{"router-data-connection-count", "999", false}, {"router-logging", "ROUTER:loud", false}, {"advertise", "x", false}, {"x", "", true}, {"x", "1", false}}}
	wantFaults(t, c.Check(), "edge and enable-link-access", "edge and enable-ha", "default-issuer is \"Bad\"", "setting router-data-connection-count is \"999\"",
		"setting router-logging ", "setting advertise is what --advertise is for", "setting x- removes", "setting x is given twice")

	store := newMemory(&v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{ServiceAccount: "sa",
		Settings: map[string]string{"advertise": "a.example", "size": "big", "mine": "1"}}})
	u := UpdateSite{Settings: []Setting{{"size", "", true}, {"router-logging", "debug", false}}, Wait: Wait{WaitNone, 1 << 40}}
	if err := u.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Run(t.Context(), Ports{Store: store}, nil); err != nil {
		t.Fatal(err)
	}
	s := must[*v2alpha1.Site](t, store, "west")
	want := map[string]string{"advertise": "a.example", "mine": "1", "router-logging": "debug"}
	if !reflect.DeepEqual(s.Spec.Settings, want) || s.Spec.ServiceAccount != "sa" {
		t.Errorf("got %+v", s.Spec)
	}
}

func TestUpdateSiteToEdge(t *testing.T) {
	yes, no := true, false
	w := Wait{WaitNone, 1 << 40}
	for _, tc := range []struct {
		name string
		u    UpdateSite
		ok   bool
	}{
		{"takes links", UpdateSite{Edge: &yes, Wait: w}, false},
		{"no links any more", UpdateSite{Edge: &yes, LinkAccess: &no, Wait: w}, true},
		{"two routers", UpdateSite{Edge: &yes, LinkAccess: &no, HA: &yes, Wait: w}, false},
	} {
		store := newMemory(west())
		_, err := tc.u.Run(t.Context(), Ports{Store: store}, nil)
		if ok := err == nil; ok != tc.ok || !ok && fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// wantFaults wants each text in what was found wrong.
func wantFaults(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		wantKind(t, fault.Wrap(fault.Usage, "", err, ""), fault.Usage, text)
	}
}
