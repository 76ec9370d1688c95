package control

// route is the way to one router.
type route struct {
	next    string // the first router on the way, which may be the target itself
	parent  string // the last one before the target, which may be this router
	cost    int
	hops    int
	origins []string // sorted: routers whose multicast to the target passes through this one
}

// paths are the ways from one router to all it can reach.
//
// The radius is not just the hops to the farthest router. Each router on the
// way decides the next hop by its own tree, so a message can come by any of the
// ways that cost the least, and of those the longest counts.
type paths struct {
	routes map[string]route
	radius int // hops that a message may have made when it comes here
}

// computePaths finds the ways from self. A router r is a valid origin of w if
// self lies strictly inside the way from r to w in the tree rooted at r, so
// the tree of every router is grown.
func computePaths(self string, states map[string]map[string]int) paths {
	if _, ok := states[self]; !ok {
		return paths{}
	}
	g := newGraph(self, states)
	me := g.index(self)

	var t tree
	g.grow(&t, me)
	p := paths{routes: make(map[string]route, len(t.order))}
	first := make([]int, len(g.ids)) // the first router on the way
	hops := make([]int, len(g.ids))
	reached := make([]bool, len(g.ids))
	for _, w := range t.order[1:] {
		first[w], hops[w], reached[w] = first[t.prev[w]], hops[t.prev[w]]+1, true
		if t.prev[w] == me {
			first[w] = w
		}
		p.routes[g.ids[w]] = route{next: g.ids[first[w]], parent: g.ids[t.prev[w]], cost: int(t.cost[w]), hops: hops[w]}
		p.radius = max(p.radius, hops[w])
	}

	beyond := make([]bool, len(g.ids)) // the way from the root passes through self
	origins := make([][]string, len(g.ids))
	for root := range g.ids {
		if root == me {
			continue
		}
		g.grow(&t, root)
		if reached[root] {
			p.radius = max(p.radius, t.hops[me])
		}
		clear(beyond)
		for _, w := range t.order[1:] {
			if beyond[w] = t.prev[w] == me || beyond[t.prev[w]]; beyond[w] {
				origins[w] = append(origins[w], g.ids[root])
			}
		}
	}
	for w, id := range g.ids {
		if reached[w] {
			r := p.routes[id]
			r.origins = origins[w]
			p.routes[id] = r
		}
	}
	return p
}
