package control

import (
	"slices"
	"sort"
)

// graph is the network as the link states tell it: directed, with the routers
// numbered in the order of their ids, so that comparing numbers compares ids.
type graph struct {
	ids   []string
	edges [][]edge
}

type edge struct {
	to   int
	cost int64
}

// newGraph joins the link states (router id → peer id → cost). A router that
// is listed as a peer but has no link state itself gets one with a single peer
// at cost 1: self if self lists it, else the first that lists it in id order.
// That is enough to ask it for its link state.
func newGraph(self string, states map[string]map[string]int) *graph {
	g := &graph{ids: make([]string, 0, len(states))}
	made := map[string]string{} // router without a link state → its single peer
	for id, peers := range states {
		g.ids = append(g.ids, id)
		for p := range peers {
			if _, has := states[p]; has {
				continue
			}
			at, ok := made[p]
			if !ok {
				g.ids = append(g.ids, p)
			}
			if !ok || id == self || (id < at && at != self) {
				made[p] = id
			}
		}
	}
	sort.Strings(g.ids)
	g.edges = make([][]edge, len(g.ids))
	for i, id := range g.ids {
		if at, ok := made[id]; ok {
			g.edges[i] = []edge{{to: g.index(at), cost: 1}}
			continue
		}
		for p, cost := range states[id] {
			if p != id {
				g.edges[i] = append(g.edges[i], edge{to: g.index(p), cost: int64(cost)})
			}
		}
	}
	return g
}

// index is that of an id known to be in the graph.
func (g *graph) index(id string) int {
	i, _ := slices.BinarySearch(g.ids, id)
	return i
}

// tree is the shortest-path tree of one root. Its slices are used again for
// the next root.
type tree struct {
	cost  []int64 // -1 means unreachable
	prev  []int   // -1 for the root and the unreachable
	hops  []int   // of the longest of the cheapest ways, which need not be in the tree
	order []int   // the reachable, the root first, as they were settled
	done  []bool
	queue frontier
}

// grow fills t with the tree of root. Of several routers at the same cost the
// one with the least id is settled first, and a way is replaced only by a
// cheaper one. Every router has to follow the two rules, for then all of them
// see the same tree, and multicast along the trees reaches each once.
func (g *graph) grow(t *tree, root int) {
	n := len(g.ids)
	t.cost = slices.Grow(t.cost[:0], n)[:n]
	t.prev = slices.Grow(t.prev[:0], n)[:n]
	t.hops = slices.Grow(t.hops[:0], n)[:n]
	t.done = slices.Grow(t.done[:0], n)[:n]
	t.order, t.queue = t.order[:0], t.queue[:0]
	for i := range n {
		t.cost[i], t.prev[i], t.hops[i], t.done[i] = -1, -1, 0, false
	}
	t.cost[root] = 0
	t.queue.push(place{router: root})
	for len(t.queue) > 0 {
		u := t.queue.pop().router
		if t.done[u] {
			continue // it was settled at a lower cost
		}
		t.done[u] = true
		t.order = append(t.order, u)
		for _, e := range g.edges[u] {
			c, old := t.cost[u]+e.cost, t.cost[e.to]
			switch {
			case t.done[e.to]:
			case old < 0 || c < old:
				t.cost[e.to], t.prev[e.to], t.hops[e.to] = c, u, t.hops[u]+1
				t.queue.push(place{cost: c, router: e.to})
			case c == old:
				t.hops[e.to] = max(t.hops[e.to], t.hops[u]+1)
			}
		}
	}
}
