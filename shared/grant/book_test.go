package grant

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBookWaits(t *testing.T) {
	var b Book
	first := b.Reserve(now, newGrant(), code, "a")
	if first.Reservation == nil {
		t.Fatalf("got %+v", first)
	}
	second := b.Reserve(now, newGrant(), code, "b")
	if second.Denied != Busy || second.Settled == nil {
		t.Fatalf("got %+v", second)
	}
	select {
	case <-second.Settled:
		t.Fatal("settled already")
	default:
	}
	first.Reservation.Release()
	<-second.Settled
	first.Reservation.Release() // does nothing
	if second = b.Reserve(now, newGrant(), code, "b"); second.Reservation == nil {
		t.Fatalf("after the release: %+v", second)
	}
	if third := b.Reserve(now, newGrant(), code, "c"); third.Denied != Busy {
		t.Fatalf("a second release gave back a use that was not taken: %+v", third)
	}
}

func TestConfirmFails(t *testing.T) {
	var b Book
	a := b.Reserve(now, newGrant(), code, "a")
	boom := errors.New("disk full")
	err := a.Reservation.Confirm(t.Context(), Claim{}, func(context.Context, Redemption) error { return boom })
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if other := b.Reserve(now, newGrant(), code, "b"); other.Denied != Busy {
		t.Errorf("the reservation is gone: %+v", other)
	}
	var got Redemption
	if err := a.Reservation.Confirm(t.Context(), Claim{Name: "n"}, func(_ context.Context, r Redemption) error { got = r; return nil }); err != nil {
		t.Fatal(err)
	}
	if got.Count != 1 || len(got.Claims) != 1 || got.Claims[0].Fingerprint != "a" || got.Claims[0].Name != "n" {
		t.Errorf("persisted %+v", got)
	}
	if err := a.Reservation.Confirm(t.Context(), Claim{}, func(context.Context, Redemption) error { return nil }); err == nil {
		t.Error("confirmed twice")
	}
}

// Another server counted meanwhile: what is left is looked at again.
func TestConfirmAfterOthers(t *testing.T) {
	var b Book
	a := b.Reserve(now, newGrant(), code, "a")
	a.Reservation.See(newGrant(func(g *Grant) { g.Redeemed = 1 }))
	err := a.Reservation.Confirm(t.Context(), Claim{}, func(context.Context, Redemption) error { t.Error("persisted"); return nil })
	if !errors.Is(err, UsedUp) {
		t.Errorf("got %v", err)
	}
}

// Another server has served the claimant meanwhile: that is no other's use, and the one that is reserved here is given back.
func TestServedElsewhere(t *testing.T) {
	var b Book
	a := b.Reserve(now, newGrant(), code, "a")
	meanwhile := newGrant(func(g *Grant) { g.Redeemed, g.Claims = 1, []Claim{{Fingerprint: "a"}} })
	if !a.Reservation.See(meanwhile) {
		t.Error("the claimant is not known")
	}
	a.Reservation.Release()
	if again := b.Reserve(now, meanwhile, code, "a"); !again.Again {
		t.Errorf("got %+v", again)
	}
	var other Book
	nameless := other.Reserve(now, newGrant(), code, "")
	if nameless.Reservation.See(newGrant(func(g *Grant) { g.Redeemed, g.Claims = 1, []Claim{{}} })) {
		t.Error("a claimant of unknown key is taken for another")
	}
}

func TestConfirmWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Book
		g := newGrant(func(g *Grant) { g.Allowed = 2 })
		a, c := b.Reserve(now, g, code, "a"), b.Reserve(now, g, code, "c")
		hold := make(chan struct{})
		go func() {
			_ = a.Reservation.Confirm(t.Context(), Claim{}, func(context.Context, Redemption) error { <-hold; return nil })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Reservation.Confirm(ctx, Claim{}, func(context.Context, Redemption) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(hold)
		var count int
		if err := c.Reservation.Confirm(t.Context(), Claim{}, func(_ context.Context, r Redemption) error { count = r.Count; return nil }); err != nil || count != 2 {
			t.Errorf("got %v, count %d", err, count)
		}
	})
}

func TestBookForgets(t *testing.T) {
	var b Book
	b.Reserve(now, newGrant(), "wrong", "")
	later := newGrant(func(g *Grant) { g.UID, g.ExpiresAt = "v", now.Add(9*time.Hour) })
	held := b.Reserve(now, later, code, "")
	b.Reserve(now.Add(2*time.Hour), newGrant(func(g *Grant) { g.UID = "w" }), "x", "")
	if _, ok := b.pages["u"]; ok || held.Reservation == nil || b.pages["v"] == nil {
		t.Errorf("pages %v", b.pages)
	}
}

// Many claimants, some of whose issues or writes fail, never get more than is allowed, and in the end exactly that.
func TestBookUnderLoad(t *testing.T) {
	const allowed = 10
	var (
		b       Book
		served  atomic.Int64
		stored  atomic.Int64
		wg      sync.WaitGroup
		persist = func(_ context.Context, r Redemption) error {
			if rand.IntN(3) == 0 {
				return errors.New("unlucky")
			}
			if !stored.CompareAndSwap(int64(r.Before()), int64(r.Count)) {
				t.Errorf("count %d persisted out of order", r.Count)
			}
			return nil
		}
		g = newGrant(func(g *Grant) { g.Allowed = allowed })
	)
	for range 200 {
		wg.Go(func() {
			for {
				a := b.Reserve(now, g, code, "")
				switch {
				case a.Denied == Busy:
					<-a.Settled
				case a.Denied != "":
					return
				case rand.IntN(4) == 0: // the issue fails
					a.Reservation.Release()
				case a.Reservation.Confirm(t.Context(), Claim{}, persist) == nil:
					served.Add(1)
					return
				default:
					a.Reservation.Release()
				}
			}
		})
	}
	wg.Wait()
	if served.Load() != allowed || stored.Load() != allowed {
		t.Errorf("served %d, stored %d, want %d", served.Load(), stored.Load(), allowed)
	}
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte{0, 0, 0, 8, 16, 1, 9, 17, 2, 10})
	f.Fuzz(func(t *testing.T, steps []byte) {
		const allowed = 3
		var l Ledger
		g := newGrant(func(g *Grant) { g.Allowed = allowed })
		l.See(g)
		open, used := []string{}, 0
		for _, s := range steps {
			key := string(rune('a' + s>>3%4))
			if s>>3%4 == 0 {
				key = ""
			}
			switch s % 4 {
			case 0:
				if d := l.Reserve(now, code, key); d == (Decision{}) {
					open = append(open, key)
				}
			case 1:
				if len(open) > 0 {
					l.Confirm(l.Next(Claim{Fingerprint: open[0]}))
					open, used = open[1:], used+1
				}
			case 2:
				if len(open) > 0 {
					l.Release(open[0])
					open = open[1:]
				}
			case 3:
				l.See(g) // stale
			}
			if got := l.Grant(); got.Redeemed != used || l.Reserved() != len(open) || used+len(open) > allowed {
				t.Fatalf("redeemed %d of %d, reserved %d of %d", got.Redeemed, used, l.Reserved(), len(open))
			}
		}
	})
}
