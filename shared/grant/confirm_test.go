package grant

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// crowd reserves n uses and has them confirmed while the first is being persisted, which ends when hold is closed.
func crowd(t *testing.T, n int, persist Persist) (hold chan struct{}, results []chan error) {
	t.Helper()
	var b Book
	g := newGrant(func(g *Grant) { g.Allowed = n })
	hold = make(chan struct{})
	first := true
	held := func(ctx context.Context, r Redemption) error {
		if first {
			first = false
			<-hold
		}
		return persist(ctx, r)
	}
	for i := range n {
		a := b.Reserve(now, g, code, fmt.Sprint("key", i))
		if a.Reservation == nil {
			t.Fatalf("reservation %d: %+v", i, a)
		}
		done := make(chan error, 1)
		results = append(results, done)
		go func() { done <- a.Reservation.Confirm(t.Context(), Claim{}, held) }()
		synctest.Wait()
	}
	return hold, results
}

func TestConfirmsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counts []int
		hold, results := crowd(t, maxTogether+3, func(_ context.Context, r Redemption) error {
			counts = append(counts, r.Count)
			if r.Before() != r.Count-len(r.Claims) {
				t.Errorf("count %d, before %d, claims %d", r.Count, r.Before(), len(r.Claims))
			}
			return nil
		})
		close(hold)
		for i, r := range results {
			if err := <-r; err != nil {
				t.Errorf("claimant %d: %v", i, err)
			}
		}
		if fmt.Sprint(counts) != fmt.Sprint([]int{1, maxTogether + 1, maxTogether + 3}) {
			t.Errorf("counts %v: the first alone, then as many as may be", counts)
		}
	})
}

// One that stands in the way does not take the others with it.
func TestOneOfManyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := 0
		hold, results := crowd(t, 5, func(_ context.Context, r Redemption) error {
			for _, c := range r.Claims {
				if c.Fingerprint == "key2" {
					return fault.New(fault.Conflict, "the same claimant", "")
				}
			}
			if r.Before() != count {
				return fault.New(fault.Conflict, "counted by others", "")
			}
			count = r.Count
			return nil
		})
		close(hold)
		for i, r := range results {
			if err := <-r; (err != nil) != (i == 2) {
				t.Errorf("claimant %d: %v", i, err)
			}
		}
		if count != 4 {
			t.Errorf("counted %d", count)
		}
	})
}

// What was perhaps written is not written again.
func TestUnknownOutcomeIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		hold, results := crowd(t, 5, func(context.Context, Redemption) error {
			if writes++; writes > 1 {
				return errors.New("no answer")
			}
			return nil
		})
		close(hold)
		for i, r := range results {
			if err := <-r; (err == nil) != (i == 0) {
				t.Errorf("claimant %d: %v", i, err)
			}
		}
		if writes != 2 {
			t.Errorf("%d writes", writes)
		}
	})
}

// Whoever gives up while others are being persisted takes its confirmation back.
func TestConfirmIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Book
		g := newGrant(func(g *Grant) { g.Allowed = 2 })
		first, second := b.Reserve(now, g, code, "a"), b.Reserve(now, g, code, "b")
		hold := make(chan struct{})
		persisted := make(chan int, 2)
		persist := func(_ context.Context, r Redemption) error {
			<-hold
			persisted <- len(r.Claims)
			return nil
		}
		done := make(chan error, 1)
		go func() { done <- first.Reservation.Confirm(t.Context(), Claim{}, persist) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := second.Reservation.Confirm(ctx, Claim{}, persist); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(hold)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := <-persisted; n != 1 || len(persisted) != 0 {
			t.Errorf("persisted %d, and %d writes more", n, len(persisted))
		}
	})
}
