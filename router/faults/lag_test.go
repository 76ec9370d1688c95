//go:build linux

package faults

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lag is by how much later than they want to goroutines of this process run, at most.
type lag struct{ longest atomic.Int64 }

// newLag measures it until the test ends.
func newLag(t *testing.T) *lag {
	l := &lag{}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	for range 4 {
		all.Go(func() {
			for t.Context().Err() == nil {
				began := time.Now()
				time.Sleep(50 * time.Millisecond)
				late := int64(time.Since(began) - 50*time.Millisecond)
				for was := l.longest.Load(); late > was && !l.longest.CompareAndSwap(was, late); was = l.longest.Load() {
				}
			}
		})
	}
	return l
}

func (l *lag) most() time.Duration { return time.Duration(l.longest.Load()).Round(time.Millisecond) }
