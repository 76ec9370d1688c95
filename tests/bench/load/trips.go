package load

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// Times are how long each of many like things took.
type Times struct {
	Took   []time.Duration // sorted
	Failed int
	Spent  proc.Spent
}

// Trips sends messages of some octets to and fro on each of some connections, one at a time, for d.
func (c *Client) Trips(ctx context.Context, conns, size int, d time.Duration) (Times, error) {
	open := make([]net.Conn, 0, conns)
	for range conns {
		n, done, err := c.open(ctx, wantEcho)
		if err != nil {
			return Times{}, err
		}
		defer done()
		open = append(open, n)
	}
	w, err := c.Window()
	if err != nil {
		return Times{}, err
	}
	end := time.Now().Add(d)
	var g gather
	for _, n := range open {
		g.all.Go(func() {
			took, err := trips(n, size, end)
			g.add(took, err)
		})
	}
	return g.result(w, 0)
}

func trips(n net.Conn, size int, end time.Time) (took []time.Duration, err error) {
	b := make([]byte, size)
	for at := time.Now(); at.Before(end); {
		if _, err := n.Write(b); err != nil {
			return took, err
		}
		if err := pong(n, b); err != nil {
			return took, err
		}
		now := time.Now()
		took = append(took, now.Sub(at))
		at = now
	}
	return took, nil
}

// Visits makes connections one after the other for d, with some workers: connect, one octet to and fro, close.
func (c *Client) Visits(ctx context.Context, workers int, d time.Duration) (Times, error) {
	w, err := c.Window()
	if err != nil {
		return Times{}, err
	}
	end := time.Now().Add(d)
	var g gather
	for range workers {
		g.all.Go(func() {
			var mine []time.Duration
			for at := time.Now(); at.Before(end) && ctx.Err() == nil; at = time.Now() {
				_, done, err := c.open(ctx, wantEcho)
				if err != nil {
					g.add(nil, err)
					continue
				}
				done()
				mine = append(mine, time.Since(at))
			}
			g.add(mine, nil)
		})
	}
	return g.result(w, 300*time.Millisecond) // to close connections costs CPU too
}

// gather collects the results of goroutines.
type gather struct {
	all    sync.WaitGroup
	mu     sync.Mutex
	took   []time.Duration
	failed int
	why    error // of the last failure
}

func (g *gather) add(took []time.Duration, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.took = append(g.took, took...)
	if err != nil {
		g.failed++
		g.why = err
	}
}

// result waits for all goroutines, and then for what the tunnel has still to do. The wall time does not include that.
func (g *gather) result(w proc.Window, rest time.Duration) (Times, error) {
	g.all.Wait()
	time.Sleep(rest)
	spent, err := w.Close()
	if err != nil {
		return Times{}, err
	}
	spent.Wall -= rest
	if len(g.took) == 0 {
		return Times{}, errors.Join(errors.New("not one succeeded"), g.why)
	}
	slices.Sort(g.took)
	t := Times{Took: g.took, Failed: g.failed, Spent: spent}
	if g.failed > 0 {
		return t, g.why
	}
	return t, nil
}
