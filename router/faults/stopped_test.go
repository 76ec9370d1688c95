//go:build linux

package faults

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestStoppedWithThousandFlows stops a router with SIGSTOP in the middle of a thousand flows that end there, and lets it go on: each of those gets all of its
// octets or is reset, and flows to another router do not notice.
func TestStoppedWithThousandFlows(t *testing.T) {
	t.Parallel()
	n := descriptors(t, 1000)
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b, c := m.Add("A", p), m.Add("B", p), m.Add("C", p)
	m.Link("B", "A")
	m.Link("C", "A")
	m.Start()
	r, beside := newTraffic(t), newTraffic(t)
	addr := r.join(a, b, "x")
	beside.start(beside.join(a, c, "beside"), 2, 100_000, 100_000)
	beside.flows(2)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	whole, broken, begin := 0, 0, make(chan struct{})
	for range n {
		k, done, err := routertest.Dial(ctx, addr)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer done()
			f := flow{r.next.Add(1), 50_000, 100_000}
			_, err := k.Write(f.head())
			if err == nil {
				<-begin
				err = both(k, func() error { return send(k, f, f.up, 'u') }, func() error { return check(k, f, f.down, 'd', 0) })
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				whole++
			case errors.Is(err, errWrong):
				t.Error(err)
			default:
				broken++
			}
		})
	}
	beside.flows(2)
	if err := b.Process().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	close(begin)
	if err := b.Process().Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	r.strike()
	back := time.Now()
	r.start(addr, 2, 100_000, 100_000)
	r.report("of %d flows %d got all of it, %d were reset; new ones were well %v after it went on", n, whole, broken, r.heals(back))
	beside.report("beside it")
	beside.unharmed()
}
