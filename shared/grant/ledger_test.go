package grant

import (
	"testing"
	"time"
)

var (
	now  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	code = "ABCDEFGHIJKLMNOPQRSTUVWX"
)

// newGrant is a grant of one use that is good for an hour.
func newGrant(change ...func(*Grant)) Grant {
	g := Grant{UID: "u", Name: "g", Namespace: "west", Code: code, Allowed: 1, ExpiresAt: now.Add(time.Hour)}
	for _, f := range change {
		f(&g)
	}
	return g
}

func TestReserve(t *testing.T) {
	claimed := func(g *Grant) { g.Redeemed, g.Claims = 1, []Claim{{Fingerprint: "f"}} }
	for _, tt := range []struct {
		name      string
		change    func(*Grant)
		at        time.Time
		code, key string
		want      Decision
	}{
		{name: "right", want: Decision{}},
		{name: "wrong code", code: "x", want: Decision{Denied: Refused}},
		{name: "code with a line break", code: code + "\n", want: Decision{Denied: Refused}},
		{name: "no expiry", change: func(g *Grant) { g.ExpiresAt = time.Time{} }, want: Decision{Denied: Corrupted}},
		{name: "no code yet", change: func(g *Grant) { g.Code = "" }, want: Decision{Denied: Refused}},
		{name: "a nanosecond before it expires", at: now.Add(time.Hour - 1), want: Decision{}},
		{name: "expires now", at: now.Add(time.Hour), want: Decision{Denied: Expired}},
		{name: "expired comes before the code", at: now.Add(time.Hour), code: "x", want: Decision{Denied: Expired}},
		{name: "used up", change: func(g *Grant) { g.Redeemed = 1 }, want: Decision{Denied: UsedUp}},
		{name: "used up comes before the code", change: func(g *Grant) { g.Redeemed = 1 }, code: "x", want: Decision{Denied: UsedUp}},
		{name: "used up by claims alone", change: func(g *Grant) { g.Claims = []Claim{{}} }, want: Decision{Denied: UsedUp}},
		{name: "none allowed", change: func(g *Grant) { g.Allowed = 0 }, want: Decision{Denied: UsedUp}},
		{name: "known key", change: claimed, key: "f", want: Decision{Again: true}},
		{name: "known key, wrong code", change: claimed, key: "f", code: "x", want: Decision{Denied: UsedUp}},
		{name: "known key, expired", change: claimed, key: "f", at: now.Add(time.Hour), want: Decision{Denied: Expired}},
		{name: "other key", change: claimed, key: "e", want: Decision{Denied: UsedUp}},
		{name: "no key against a claim without key", change: func(g *Grant) { g.Redeemed, g.Claims = 1, []Claim{{}} }, want: Decision{Denied: UsedUp}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.code == "" {
				tt.code = code
			}
			if tt.at.IsZero() {
				tt.at = now
			}
			g := newGrant()
			if tt.change != nil {
				tt.change(&g)
			}
			var l Ledger
			l.See(g)
			if got := l.Reserve(tt.at, tt.code, tt.key); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			reserved := 0
			if tt.want == (Decision{}) {
				reserved = 1
			}
			if l.Reserved() != reserved {
				t.Errorf("%d reserved, want %d", l.Reserved(), reserved)
			}
		})
	}
}

func TestReservedUsesCount(t *testing.T) {
	var l Ledger
	l.See(newGrant(func(g *Grant) { g.Allowed = 2 }))
	for i, want := range []Cause{"", "", Busy} {
		if got := l.Reserve(now, code, ""); got.Denied != want {
			t.Fatalf("reservation %d: %q, want %q", i, got.Denied, want)
		}
	}
	l.Release("")
	if got := l.Reserve(now, code, "k"); got.Denied != "" {
		t.Errorf("after a release: %q", got.Denied)
	}
	if got := l.Reserve(now, code, "k"); got.Denied != Busy {
		t.Errorf("the same key at once: %q", got.Denied)
	}
	r := l.Next(Claim{Fingerprint: "k"})
	if r.Count != 1 {
		t.Errorf("count %d, want 1", r.Count)
	}
	l.Confirm(r)
	if got := l.Reserve(now, code, "k"); !got.Again {
		t.Errorf("the same key later: %+v", got)
	}
	l.Confirm(l.Next(Claim{}))
	if got := l.Reserve(now, code, ""); got.Denied != UsedUp || l.Reserved() != 0 {
		t.Errorf("at the end: %+v, %d reserved", got, l.Reserved())
	}
}

// The same key may not take two uses at once even where two are left: one of the two answers would be lost.
func TestSameKeyReservesOnce(t *testing.T) {
	var l Ledger
	l.See(newGrant(func(g *Grant) { g.Allowed = 9 }))
	l.Reserve(now, code, "k")
	if got := l.Reserve(now, code, "k"); got.Denied != Busy {
		t.Errorf("got %+v", got)
	}
}

// What is read may be older than what was confirmed here.
func TestSeeNeverGoesBack(t *testing.T) {
	var l Ledger
	g := newGrant(func(g *Grant) { g.Allowed = 3 })
	l.See(g)
	l.Reserve(now, code, "k")
	l.Confirm(l.Next(Claim{Fingerprint: "k"}))
	l.See(g)
	if got := l.Grant(); got.Redeemed != 1 || len(got.Claims) != 1 || got.Left() != 2 {
		t.Errorf("got %+v", got)
	}
	g.Redeemed = 3
	l.See(g)
	if got := l.Reserve(now, code, "x"); got.Denied != UsedUp {
		t.Errorf("a higher count was not taken over: %+v", got)
	}
	g.Allowed, g.Code = 4, "changed"
	l.See(g)
	if got := l.Reserve(now, "changed", "x"); got.Denied != "" {
		t.Errorf("new limit and code were not taken over: %+v", got)
	}
	if len(g.Claims) != 0 {
		t.Error("the caller's claims were written to")
	}
}

func TestCauses(t *testing.T) {
	for c := range words {
		if !c.Known() || c.Error() == "" {
			t.Errorf("%q is not known", c)
		}
	}
	for c, want := range map[Cause]bool{Expired: true, UsedUp: true, Refused: true, Unknown: true, Busy: false, NoEndpoints: false, "novel": true} {
		if c.Final() != want {
			t.Errorf("%q final: %v", c, c.Final())
		}
	}
	if got := Cause("novel").Error(); got != "refused: novel" {
		t.Errorf("got %q", got)
	}
}
