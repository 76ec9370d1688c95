package control

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

// topology is links between routers 0 to n-1.
type topology struct {
	n     int
	links [][3]int // router, router, cost
}

// randomTopology joins n routers to one network and adds links until there
// are extra more.
func randomTopology(rnd *rand.Rand, n, extra int) topology {
	tp := topology{n: n}
	has := map[[2]int]bool{}
	add := func(i, j int) {
		if i != j && !has[[2]int{i, j}] {
			has[[2]int{i, j}], has[[2]int{j, i}] = true, true
			tp.links = append(tp.links, [3]int{i, j, 1 + rnd.Intn(4)})
		}
	}
	for i := 1; i < n; i++ {
		add(i, rnd.Intn(i))
	}
	for want := len(tp.links) + extra; len(tp.links) < want; {
		add(rnd.Intn(n), rnd.Intn(n))
	}
	return tp
}

// distances is what the engines have to find, by other means (Floyd, Warshall).
// -1 means unreachable. dead routers have no links.
func (tp topology) distances(dead map[int]bool) [][]int {
	const far = 1 << 40
	d := make([][]int, tp.n)
	for i := range d {
		d[i] = make([]int, tp.n)
		for j := range d[i] {
			if i != j {
				d[i][j] = far
			}
		}
	}
	for _, l := range tp.links {
		if !dead[l[0]] && !dead[l[1]] {
			d[l[0]][l[1]], d[l[1]][l[0]] = l[2], l[2]
		}
	}
	for k := range d {
		for i := range d {
			for j := range d {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	for i := range d {
		for j := range d {
			if d[i][j] >= far {
				d[i][j] = -1
			}
		}
	}
	return d
}

// converged compares every router with the distances, and sees that multicast
// works. It tells the first difference.
func (w *network) converged(d [][]int, dead map[int]bool) error {
	for i := range d {
		if dead[i] {
			continue
		}
		r := w.routers[name(i)]
		for j := range d {
			if i == j {
				continue
			}
			n, reachable := r.nodes[name(j)]
			if want := d[i][j]; reachable != (want >= 0) || reachable && n.Cost != want {
				return fmt.Errorf("%s to %s: reachable %v at %d, want %d", name(i), name(j), reachable, n.Cost, want)
			}
			key, want := "M"+name(j), d[i][j] >= 0
			if _, has := r.addresses[name(j)][key]; has != want {
				return fmt.Errorf("%s knows %s: %v, want %v", name(i), key, has, want)
			}
		}
	}
	return w.multicast(d, dead)
}

// until runs until the engines agree with the distances, and returns how long
// that took.
func (w *network) until(limit time.Duration, d [][]int, dead map[int]bool) time.Duration {
	w.t.Helper()
	start := w.now
	err := w.converged(d, dead)
	for ; err != nil && w.now.Sub(start) < limit; err = w.converged(d, dead) {
		w.run(20 * ms)
	}
	if err != nil {
		w.t.Fatalf("no agreement within %v: %v", limit, err)
	}
	return w.now.Sub(start)
}

// multicast checks that a message of each router reaches every other that it
// can reach once, by valid origins alone.
func (w *network) multicast(d [][]int, dead map[int]bool) error {
	for o := range d {
		if dead[o] {
			continue
		}
		copies := map[string]int{}
		var spread func(at string, depth int) bool
		spread = func(at string, depth int) bool {
			copies[at]++
			r := w.routers[at]
			for _, link := range r.treeLinks(parcel{ingress: name(o)}) {
				if end := r.ends[link]; depth > len(d) || end == nil || !spread(end.peer, depth+1) {
					return false
				}
			}
			return true
		}
		if !spread(name(o), 0) {
			return fmt.Errorf("multicast of %s runs in circles or to nowhere", name(o))
		}
		for j := range d {
			want := 1
			if d[o][j] < 0 {
				want = 0
			}
			if got := copies[name(j)]; got != want {
				return fmt.Errorf("%s gets %d copies from %s, want %d", name(j), got, name(o), want)
			}
		}
	}
	return nil
}

func TestMesh(t *testing.T) {
	for _, tt := range []struct {
		routers, extra int
		seeds          []int64
		limit          time.Duration // to agree
	}{
		{routers: 3, extra: 0, seeds: []int64{1}, limit: 100 * ms},
		{routers: 20, extra: 15, seeds: []int64{1, 2, 3, 4, 5, 6}, limit: time.Second},
		// In this one a way of 13 hops costs as much as one of 10.
		{routers: 100, extra: 40, seeds: []int64{7}, limit: 3 * time.Second},
	} {
		for _, seed := range tt.seeds {
			t.Run(fmt.Sprintf("%d-routers-seed-%d", tt.routers, seed), func(t *testing.T) {
				if tt.routers > 50 && testing.Short() {
					t.Skip("short: takes seconds")
				}
				rnd := rand.New(rand.NewSource(seed))
				tp := randomTopology(rnd, tt.routers, tt.extra)
				w := newNetwork(t)
				w.jitter(rnd)
				for i := range tp.n {
					w.boot(name(i), "M"+name(i))
				}
				for _, l := range tp.links {
					w.join(name(l[0]), name(l[1]), l[2])
				}
				d := tp.distances(nil)
				took := w.until(tt.limit, d, nil)
				t.Logf("agreed after %v, %d messages", took, w.sent)

				// Once agreed, nothing but HELLO and RA is said.
				w.run(2 * time.Second)
				before := w.sent
				w.drop = func(_, _ string, m *body) bool {
					if m.op != opHello && m.op != opRA {
						t.Errorf("%s of %s in a stable network", m.op, m.id)
					}
					return false
				}
				w.run(5 * time.Second)
				t.Logf("%d messages in 5 s when stable", w.sent-before)
				w.drop = nil

				// A tenth of the routers dies; the rest finds its ways.
				dead := map[int]bool{}
				for range max(1, tp.n/10) {
					i := rnd.Intn(tp.n)
					dead[i] = true
					w.kill(name(i))
				}
				d = tp.distances(dead)
				took = w.until(tt.limit+2*time.Second, d, dead)
				t.Logf("%d died: agreed after %v", len(dead), took)
			})
		}
	}
}

// TestMeshLossy loses messages of all kinds while the network forms. It has to
// heal by itself.
func TestMeshLossy(t *testing.T) {
	for seed := range int64(5) {
		rnd := rand.New(rand.NewSource(seed))
		tp := randomTopology(rnd, 12, 8)
		w := newNetwork(t)
		w.jitter(rnd)
		w.drop = func(string, string, *body) bool { return rnd.Intn(4) == 0 }
		for i := range tp.n {
			w.boot(name(i), "M"+name(i))
		}
		for _, l := range tp.links {
			w.join(name(l[0]), name(l[1]), l[2])
		}
		w.run(3 * time.Second)
		w.drop = nil
		d := tp.distances(nil)
		t.Logf("seed %d: agreed %v after the losses", seed, w.until(8*time.Second, d, nil))
	}
}

// TestMeshFlapping takes links down and up at random, and addresses too.
func TestMeshFlapping(t *testing.T) {
	for seed := range int64(5) {
		rnd := rand.New(rand.NewSource(seed))
		tp := randomTopology(rnd, 10, 8)
		w := newNetwork(t)
		w.jitter(rnd)
		for i := range tp.n {
			w.boot(name(i), "M"+name(i))
		}
		numbers := make([]int, len(tp.links))
		for k, l := range tp.links {
			numbers[k] = w.join(name(l[0]), name(l[1]), l[2])
		}
		for range 200 {
			w.run(time.Duration(rnd.Intn(60)) * ms)
			k := rnd.Intn(len(tp.links))
			if l := tp.links[k]; numbers[k] != 0 {
				w.part(numbers[k])
				numbers[k] = 0
			} else {
				numbers[k] = w.join(name(l[0]), name(l[1]), l[2])
			}
			r := w.routers[name(rnd.Intn(tp.n))]
			if rnd.Intn(2) == 0 {
				r.LocalRemoved(w.now, "M"+r.id)
			} else {
				r.LocalAdded(w.now, "M"+r.id, 3)
			}
			w.collect(r)
		}
		for k, l := range tp.links {
			if numbers[k] == 0 {
				w.join(name(l[0]), name(l[1]), l[2])
			}
		}
		for i := range tp.n {
			r := w.routers[name(i)]
			r.LocalAdded(w.now, "M"+r.id, 3)
			w.collect(r)
		}
		d := tp.distances(nil)
		t.Logf("seed %d: agreed after %v", seed, w.until(5*time.Second, d, nil))
	}
}
