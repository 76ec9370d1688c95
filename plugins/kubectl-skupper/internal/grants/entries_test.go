package grants

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
)

// claims are those with the serials of a text, one a letter, of claimants with the same letter in capitals as key.
func claims(serials string) (out []grant.Claim) {
	for _, s := range strings.Split(serials, "") {
		out = append(out, grant.Claim{Fingerprint: strings.ToUpper(s), Serial: s})
	}
	return out
}

func serials(claims []grant.Claim) (text string) {
	for _, c := range claims {
		text += c.Serial
	}
	return text
}

// counted is a grant with a record of as many uses as there are letters, and a status.
func counted(t *testing.T, recorded string, status int) *v2alpha1.AccessGrant {
	t.Helper()
	g := &v2alpha1.AccessGrant{}
	g.UID, g.Name = "u", "g"
	g.Spec.RedemptionsAllowed = 9
	g.Status.ExpirationTime = time.Now().Add(time.Hour).Format(time.RFC3339)
	if recorded != "" {
		if _, err := (grant.Redemption{Count: len(recorded), Claims: claims(recorded)}).Fold(g); err != nil {
			t.Fatal(err)
		}
	}
	g.Status.Redemptions = status
	return g
}

func TestEntriesAdd(t *testing.T) {
	for name, c := range map[string]struct {
		recorded string // in the grant
		status   int
		has      entries
		add      grant.Redemption
		count    int // of the entry then; 0: a conflict
		claims   string
	}{
		"first":                     {"", 0, entries{}, grant.Redemption{Count: 1, Claims: claims("a")}, 1, "a"},
		"two at once":               {"", 0, entries{}, grant.Redemption{Count: 2, Claims: claims("ab")}, 2, "ab"},
		"beside others":             {"", 0, entries{"v": {Name: "h", Count: 7}}, grant.Redemption{Count: 1, Claims: claims("a")}, 1, "a"},
		"after those in the grant":  {"ab", 2, entries{}, grant.Redemption{Count: 3, Claims: claims("c")}, 3, "c"},
		"after those in both":       {"ab", 1, entries{"u": {Name: "g", Count: 3, Claims: claims("c")}}, grant.Redemption{Count: 4, Claims: claims("d")}, 4, "cd"},
		"after those folded":        {"abc", 3, entries{"u": {Name: "g", Count: 3, Claims: claims("c")}}, grant.Redemption{Count: 4, Claims: claims("d")}, 4, "cd"},
		"after another make's":      {"", 2, entries{}, grant.Redemption{Count: 3, Claims: claims("c")}, 3, "c"},
		"what was lost":             {"", 0, entries{}, grant.Redemption{Count: 4, Claims: claims("d")}, 4, "d"},
		"again":                     {"", 0, entries{"u": {Name: "g", Count: 2, Claims: claims("ab")}}, grant.Redemption{Count: 2, Claims: claims("b")}, 2, "ab"},
		"others in the journal":     {"", 0, entries{"u": {Name: "g", Count: 1, Claims: claims("a")}}, grant.Redemption{Count: 1, Claims: claims("b")}, 0, ""},
		"others in the grant":       {"a", 0, entries{}, grant.Redemption{Count: 1, Claims: claims("b")}, 0, ""},
		"others in the status":      {"", 1, entries{}, grant.Redemption{Count: 1, Claims: claims("b")}, 0, ""},
		"the claimant in the grant": {"a", 1, entries{}, grant.Redemption{Count: 2, Claims: []grant.Claim{{Fingerprint: "A", Serial: "z"}}}, 0, ""},
		"the claimant in both":      {"", 0, entries{"u": {Name: "g", Count: 1, Claims: claims("a")}}, grant.Redemption{Count: 2, Claims: []grant.Claim{{Fingerprint: "A", Serial: "z"}}}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := counted(t, c.recorded, c.status)
			before, err := c.has.encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.has.add(g, c.add)
			if c.count == 0 {
				if !fault.Is(err, fault.Conflict) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil || got["u"].Count != c.count || serials(got["u"].Claims) != c.claims || got["u"].Name != "g" || got["v"].Count != c.has["v"].Count {
				t.Errorf("got %+v, %v", got, err)
			}
			if after, err := c.has.encode(); err != nil || after != before || serials(recordOf(t, g).Claims) != c.recorded {
				t.Errorf("what was given has changed: %s, %v", after, err)
			}
		})
	}
	damaged := counted(t, "", 0)
	damaged.Annotations = map[string]string{grant.AnnotationRecord: "{"}
	if got, err := (entries{}).add(damaged, grant.Redemption{Count: 1, Claims: claims("a")}); err == nil {
		t.Errorf("a grant with a damaged record is redeemed: %+v", got)
	}
}

func recordOf(t *testing.T, g *v2alpha1.AccessGrant) grant.Grant {
	t.Helper()
	out, err := grant.Of(g)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEntriesWithout(t *testing.T) {
	all := entries{"u": {Name: "g", Count: 5, Claims: claims("cde")}, "v": {Name: "h", Count: 1, Claims: claims("a")}}
	for name, c := range map[string]struct {
		done map[string]int
		want string // claims left of u, and of v
	}{
		"nothing":         {nil, "cde/a"},
		"one":             {map[string]int{"v": 1}, "cde/"},
		"both":            {map[string]int{"u": 5, "v": 1}, "/"},
		"one in part":     {map[string]int{"u": 4}, "e/a"},
		"more than there": {map[string]int{"u": 9, "w": 1}, "/a"},
		"none of it":      {map[string]int{"u": 1}, "cde/a"},
	} {
		got := all.without(c.done)
		if text := serials(got["u"].Claims) + "/" + serials(got["v"].Claims); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
		if one, left := got["u"]; left && one.Count != 5 {
			t.Errorf("%s: count %d", name, one.Count)
		}
	}
	if serials(all["u"].Claims) != "cde" {
		t.Error("what was given has changed")
	}
}

// Whatever is folded when, and how often, the grant has each use once.
func TestEntriesFoldedAtAnyTime(t *testing.T) {
	for fold := range 8 { // bits: after which of three uses the journal is folded
		for cut := range 8 { // and after which of these it is known that it was
			g, all := counted(t, "", 0), entries{}
			for i, s := range []string{"a", "b", "c"} {
				var err error
				if all, err = all.add(g, grant.Redemption{Count: i + 1, Claims: claims(s)}); err != nil {
					t.Fatal(err)
				}
				if fold>>i&1 == 1 {
					if err := all.apply(g); err != nil {
						t.Fatal(err)
					}
					if cut>>i&1 == 1 {
						all = all.without(map[string]int{"u": i + 1})
					}
				}
			}
			for range 2 {
				if err := all.apply(g); err != nil {
					t.Fatal(err)
				}
			}
			if got := recordOf(t, g); got.Redeemed != 3 || serials(got.Claims) != "abc" {
				t.Errorf("fold %b, cut %b: %+v", fold, cut, got)
			}
		}
	}
}

func TestParseEntries(t *testing.T) {
	text, err := entries{"u": {Name: "g", Count: 2, Claims: claims("ab")}}.encode()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := parseEntries(text); err != nil || e["u"].Count != 2 || serials(e["u"].Claims) != "ab" || e["u"].Claims[0].Fingerprint != "A" {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, text := range []string{"", "{}", "null"} {
		if e, err := parseEntries(text); err != nil || e == nil || len(e) != 0 {
			t.Errorf("%q: %v, %v", text, e, err)
		}
	}
	for _, text := range []string{"{", "[]", `{"u":1}`, `{"u":{"count":"2"}}`} {
		if e, err := parseEntries(text); err == nil {
			t.Errorf("%q: %v", text, e)
		}
	}
}
