package grant

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func newResource() *v2alpha1.AccessGrant {
	obj := &v2alpha1.AccessGrant{}
	obj.UID, obj.Name, obj.Namespace = "u", "g", "west"
	obj.Spec.RedemptionsAllowed = 3
	obj.Status.Code, obj.Status.ExpirationTime = code, now.Add(time.Hour).Format(time.RFC3339)
	return obj
}

func TestOf(t *testing.T) {
	obj := newResource()
	g, err := Of(obj)
	want := newGrant(func(g *Grant) { g.Allowed = 3 })
	if err != nil || g.UID != want.UID || g.Code != want.Code || !g.ExpiresAt.Equal(want.ExpiresAt) || g.Left() != 3 {
		t.Errorf("got %+v, %v", g, err)
	}
	obj.Spec.RedemptionsAllowed, obj.Status.ExpirationTime, obj.Status.Redemptions = 0, "soon", 1
	if g, err = Of(obj); err != nil || g.Allowed != 1 || !g.ExpiresAt.IsZero() || g.Left() != 0 {
		t.Errorf("got %+v, %v", g, err)
	}
	obj.Annotations = map[string]string{AnnotationRecord: "{"}
	if _, err = Of(obj); err == nil {
		t.Error("a damaged record reads as a grant with all its uses")
	}
}

func TestRecord(t *testing.T) {
	obj := newResource()
	obj.Status.Redemptions = 1 // counted by another implementation, which keeps no record
	first := Redemption{Count: 2, Claims: []Claim{{Fingerprint: "f", Serial: "1"}}}
	for range 2 { // the second time is no conflict
		if err := first.Record(obj); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Of(obj)
	if err != nil || g.Redeemed != 2 || len(g.Claims) != 1 || !g.claimedBy("f") {
		t.Errorf("got %+v, %v", g, err)
	}
	for _, r := range []Redemption{{Count: 2, Claims: []Claim{{Serial: "2"}}}, {Count: 4, Claims: []Claim{{}}}, {Count: 2, Claims: []Claim{{}}}, {Count: 5, Claims: make([]Claim, 2)}} {
		if err := r.Record(obj); fault.KindOf(err) != fault.Conflict {
			t.Errorf("count %d: %v", r.Count, err)
		}
	}
	obj.Status.Redemptions = 9
	if err := (Redemption{Count: 3, Claims: []Claim{{}}}).Record(obj); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a status that is ahead: %v", err)
	}
}

// Claims without a key serve nobody later; those with one are known however old.
func TestOldClaimsAreShort(t *testing.T) {
	obj := newResource()
	for i := range 2 * fullClaims {
		c := Claim{Name: "n", Serial: string(rune('a' + i)), At: now}
		if i%2 == 0 {
			c.Fingerprint = "f" + c.Serial
		}
		if err := (Redemption{Count: i + 1, Claims: []Claim{c}}).Record(obj); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Of(obj)
	if err != nil || g.Redeemed != 2*fullClaims || len(g.Claims) != fullClaims*3/2 || !g.claimedBy("fa") || g.Claims[0].Name != "" || g.Claims[len(g.Claims)-1].Name != "n" {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestRecordStaysSmall(t *testing.T) {
	obj := newResource()
	long := strings.Repeat("n", 63)
	for i := range maxClaims + 1 {
		r := Redemption{Count: i + 1, Claims: []Claim{{Fingerprint: strings.Repeat("f", 64), Name: long, Subject: long,
			Serial: strings.Repeat("0", 32), At: now}}}
		if err := r.Record(obj); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Of(obj)
	if err != nil || g.Redeemed != maxClaims+1 || len(g.Claims) != maxClaims || len(obj.Annotations[AnnotationRecord]) > 12<<10 {
		t.Errorf("%d redeemed, %d claims, %d octets, %v", g.Redeemed, len(g.Claims), len(obj.Annotations[AnnotationRecord]), err)
	}
}

func TestFoldCountsNothingTwice(t *testing.T) {
	claims := func(serials ...string) (out []Claim) {
		for _, s := range serials {
			out = append(out, Claim{Fingerprint: "f" + s, Serial: s})
		}
		return out
	}
	for name, c := range map[string]struct {
		count  int // of the record, which has as many claims
		fold   Redemption
		want   int
		serial string // of all claims
		same   bool
	}{
		"first":         {0, Redemption{2, claims("1", "2")}, 2, "12", false},
		"again":         {2, Redemption{2, claims("1", "2")}, 2, "12", true},
		"in part":       {1, Redemption{3, claims("1", "2", "3")}, 3, "123", false},
		"older":         {3, Redemption{2, claims("1", "2")}, 3, "123", true},
		"without some":  {1, Redemption{5, claims("4", "5")}, 5, "145", false},
		"without claim": {1, Redemption{Count: 2}, 2, "1", false},
	} {
		obj := newResource()
		if c.count > 0 {
			if err := (Redemption{c.count, claims("1", "2", "3")[:c.count]}).Record(obj); err != nil {
				t.Fatal(err)
			}
		}
		changed, err := c.fold.Fold(obj)
		g, bad := Of(obj)
		serials := ""
		for _, claim := range g.Claims {
			serials += claim.Serial
		}
		if err != nil || bad != nil || changed == c.same || g.Redeemed != c.want || serials != c.serial {
			t.Errorf("%s: changed %v, %v, %v: %+v", name, changed, err, bad, g)
		}
	}
	obj := newResource()
	obj.Annotations = map[string]string{AnnotationRecord: "{"}
	if _, err := (Redemption{Count: 1}).Fold(obj); err == nil || obj.Annotations[AnnotationRecord] != "{" {
		t.Errorf("a damaged record is written over: %v", err)
	}
}
