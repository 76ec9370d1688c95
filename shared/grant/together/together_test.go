package together

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// TestTogether has seven values written while the first write lasts: those that came meanwhile are written in batches, in their order.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int]()
		hold := make(chan struct{})
		var batches [][]int
		write := func(_ context.Context, batch []*Entry[int]) {
			var values []int
			for _, e := range batch {
				values = append(values, e.Value)
			}
			batches = append(batches, values)
			<-hold
			for _, e := range batch {
				if e.Value == 4 {
					e.End(errors.ErrUnsupported)
				} else {
					e.End(nil)
				}
			}
		}
		var all sync.WaitGroup
		got := make([]error, 7)
		for i := range got {
			all.Go(func() { got[i] = q.Write(t.Context(), i, 3, write) })
			synctest.Wait() // so that the order is known
		}
		if n := q.Waiting(); n != 6 {
			t.Errorf("%d wait, want all but the one that is being written", n)
		}
		close(hold)
		all.Wait()
		if len(batches) != 3 || !slices.Equal(batches[0], []int{0}) || !slices.Equal(batches[1], []int{1, 2, 3}) || !slices.Equal(batches[2], []int{4, 5, 6}) {
			t.Errorf("written were %v", batches)
		}
		for i, err := range got {
			if (i == 4) != errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// TestGivenUp has one leave while it waits, which is not written, and one while it is being written, which learns what came of it.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[string]()
		hold := make(chan struct{})
		var written []string
		write := func(_ context.Context, batch []*Entry[string]) {
			for _, e := range batch {
				written = append(written, e.Value)
			}
			<-hold
			End(batch, nil)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		var first, second error
		all.Go(func() { first = q.Write(ctx, "first", 9, write) })
		synctest.Wait()
		all.Go(func() { second = q.Write(ctx, "second", 9, write) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(hold)
		all.Wait()
		if first != nil || !errors.Is(second, context.Canceled) || !slices.Equal(written, []string{"first"}) {
			t.Errorf("first %v, second %v, written %v", first, second, written)
		}
		if q.Waiting() != 0 || !q.TryTurn() {
			t.Error("somebody still waits or has the turn")
		}
		if err := q.Turn(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a second turn: %v", err)
		}
		q.Back()
	})
}
