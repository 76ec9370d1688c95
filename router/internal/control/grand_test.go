package control

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

// reconverge is how long a network may take to find its ways again after a link was cut.
const reconverge = 5 * time.Second

// TestThreeHundredRouters is a network of 100 interior routers, as many as the protocol's 128 leave room for, with two edge routers at each of them, which
// have 1,000 addresses among them. One link is cut without a word to anybody, and one edge router goes to another interior one.
func TestThreeHundredRouters(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("short, or under the race detector: takes many seconds of one goroutine")
	}
	const interior, perEdge = 100, 5
	rnd := rand.New(rand.NewSource(42))
	tp := randomTopology(rnd, interior, 80)
	w := newNetwork(t)
	w.jitter(rnd)
	edge := func(i, k int) (keys []string) {
		keys = append(keys, fmt.Sprintf("HE%d-%d", i, k))
		for n := range perEdge {
			keys = append(keys, fmt.Sprintf("Mservice-%d-%d-%d", i, k, n))
		}
		return keys
	}
	addresses := 0
	for i := range interior {
		keys := append([]string{"M" + name(i)}, append(edge(i, 0), edge(i, 1)...)...)
		addresses += len(keys)
		w.boot(name(i), keys...)
	}
	links := make([]int, len(tp.links))
	for k, l := range tp.links {
		links[k] = w.join(name(l[0]), name(l[1]), l[2])
	}
	took := w.until(10*time.Second, tp.distances(nil), nil)
	t.Logf("formed after %v, %d messages", took, w.sent)
	known := func() error {
		for i := range interior {
			r, n := w.routers[name(i)], len(edge(0, 0))*2+1
			own := n
			for _, of := range r.addresses {
				own += len(of)
			}
			if own != addresses {
				return fmt.Errorf("%s knows %d addresses, want %d", r.id, own, addresses)
			}
		}
		return nil
	}
	w.run(2 * time.Second) // addresses follow in the next advertisement
	if err := known(); err != nil {
		t.Fatal(err)
	}
	// The link that carries most, of those without which the network still hangs together.
	cut, worst := -1, 0
	for k := range tp.links {
		rest := topology{n: tp.n, links: append(append([][3]int(nil), tp.links[:k]...), tp.links[k+1:]...)}
		changed := 0
		before, after := tp.distances(nil), rest.distances(nil)
		for i := range before {
			for j := range before[i] {
				if after[i][j] < 0 {
					changed = -interior * interior * 2
				}
				if after[i][j] != before[i][j] {
					changed++
				}
			}
		}
		if changed > worst {
			cut, worst = k, changed
		}
		if k == 12 { // it need not be the worst of all
			break
		}
	}
	if cut < 0 {
		t.Fatal("there is no link that can be done without")
	}
	for _, r := range w.routers {
		if e := r.ends[links[cut]]; e != nil {
			e.cut = true
		}
	}
	tp.links = append(tp.links[:cut:cut], tp.links[cut+1:]...)
	w.sent = 0
	took = w.until(reconverge, tp.distances(nil), nil)
	t.Logf("link %d cut, which changes %d ways: agreed after %v, %d messages", cut, worst, took, w.sent)
	if err := known(); err != nil {
		t.Error(err)
	}
	from, to := w.routers[name(0)], w.routers[name(interior-1)]
	for _, key := range edge(0, 0) {
		from.LocalRemoved(w.now, key)
		to.LocalAdded(w.now, key, 3)
	}
	w.collect(from)
	w.collect(to)
	moved := func() error {
		for _, r := range w.routers {
			for _, key := range edge(0, 0) {
				_, old := r.addresses[from.id][key]
				_, now := r.addresses[to.id][key]
				if r != from && old || r != to && !now {
					return fmt.Errorf("%s has %s still at %s: %v, at %s: %v", r.id, key, from.id, old, to.id, now)
				}
			}
		}
		return nil
	}
	start, err := w.now, moved()
	for ; err != nil && w.now.Sub(start) < reconverge; err = moved() {
		w.run(20 * ms)
	}
	if err != nil {
		t.Fatalf("after %v: %v", reconverge, err)
	}
	t.Logf("an edge router moved: known to all after %v", w.now.Sub(start))
}
