package control

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

type states = map[string]map[string]int

// both makes a graph of links that cost the same in both directions.
func both(links ...any) states {
	s := states{}
	for i := 0; i < len(links); i += 3 {
		a, b, cost := links[i].(string), links[i+1].(string), links[i+2].(int)
		for _, id := range []string{a, b} {
			if s[id] == nil {
				s[id] = map[string]int{}
			}
		}
		s[a][b], s[b][a] = cost, cost
	}
	return s
}

func TestPaths(t *testing.T) {
	ring4 := both("A", "B", 1, "B", "C", 1, "C", "D", 1, "D", "A", 1)
	ring5 := both("A", "B", 1, "B", "C", 1, "C", "D", 1, "D", "E", 1, "E", "A", 1)
	chain := both("A", "B", 2, "A", "C", 1)
	type want struct {
		next    string
		cost    int
		hops    int
		origins string
	}
	for _, tt := range []struct {
		name   string
		self   string
		states states
		want   map[string]want
		radius int
	}{
		{name: "alone", self: "A", states: states{"A": {}}, want: map[string]want{}},
		{name: "chain seen from its middle", self: "A", states: chain, radius: 1, want: map[string]want{
			"B": {"B", 2, 1, "[C]"}, "C": {"C", 1, 1, "[B]"},
		}},
		{name: "chain seen from its end", self: "C", states: chain, radius: 2, want: map[string]want{
			"A": {"A", 1, 1, "[]"}, "B": {"A", 3, 2, "[]"},
		}},
		{name: "way around a direct link", self: "A", states: both("A", "B", 10, "A", "C", 1, "C", "B", 1), radius: 2, want: map[string]want{
			"B": {"C", 2, 2, "[]"}, "C": {"C", 1, 1, "[]"},
		}},
		{name: "direct link at the cost of the way around", self: "A", states: both("A", "B", 2, "A", "C", 1, "C", "B", 1), radius: 2, want: map[string]want{
			"B": {"B", 2, 1, "[]"}, "C": {"C", 1, 1, "[]"},
		}},
		// Opposite corners tie: every root takes the corner of the lesser id,
		// so C and A meet through B, and B and D through A.
		{name: "ring of four, A", self: "A", states: ring4, radius: 2, want: map[string]want{
			"B": {"B", 1, 1, "[D]"}, "C": {"B", 2, 2, "[]"}, "D": {"D", 1, 1, "[B]"},
		}},
		{name: "ring of four, B", self: "B", states: ring4, radius: 2, want: map[string]want{
			"A": {"A", 1, 1, "[C]"}, "C": {"C", 1, 1, "[A]"}, "D": {"A", 2, 2, "[]"},
		}},
		{name: "ring of four, C", self: "C", states: ring4, radius: 2, want: map[string]want{
			"A": {"B", 2, 2, "[]"}, "B": {"B", 1, 1, "[]"}, "D": {"D", 1, 1, "[]"},
		}},
		{name: "ring of five, A", self: "A", states: ring5, radius: 2, want: map[string]want{
			"B": {"B", 1, 1, "[E]"}, "C": {"B", 2, 2, "[]"}, "D": {"E", 2, 2, "[]"}, "E": {"E", 1, 1, "[B]"},
		}},
		{name: "equal ways of different length", self: "A", states: both("A", "B", 1, "B", "D", 3, "A", "C", 2, "C", "D", 2), radius: 2, want: map[string]want{
			"B": {"B", 1, 1, "[C]"}, "C": {"C", 2, 1, "[B]"}, "D": {"B", 4, 2, "[]"},
		}},
		// A goes to D by B, two hops, but what comes from D may have made three:
		// D goes by c, and c by B.
		{name: "longest of the cheapest ways", self: "A", states: both("A", "B", 1, "B", "D", 2, "B", "c", 1, "c", "D", 1), radius: 3, want: map[string]want{
			"B": {"B", 1, 1, "[]"}, "D": {"B", 3, 2, "[]"}, "c": {"B", 2, 2, "[]"},
		}},
		{name: "three equal ways", self: "S", states: both("S", "x", 1, "S", "m", 1, "S", "b", 1, "x", "T", 1, "m", "T", 1, "b", "T", 1), radius: 2, want: map[string]want{
			"T": {"b", 2, 2, "[]"}, "b": {"b", 1, 1, "[m x]"}, "m": {"m", 1, 1, "[b x]"}, "x": {"x", 1, 1, "[b m]"},
		}},
		{name: "one direction only", self: "A", states: states{"A": {"B": 1}, "B": {"C": 1}, "C": {"A": 1}}, radius: 2, want: map[string]want{
			"B": {"B", 1, 1, "[C]"}, "C": {"B", 2, 2, "[]"},
		}},
		{name: "different costs by direction", self: "A", states: states{"A": {"B": 7}, "B": {"A": 1}}, radius: 1, want: map[string]want{
			"B": {"B", 7, 1, "[]"},
		}},
		{name: "peer without link state", self: "A", states: states{"A": {"B": 1}, "B": {"A": 1, "C": 4}}, radius: 2, want: map[string]want{
			"B": {"B", 1, 1, "[]"}, "C": {"B", 5, 2, "[]"},
		}},
		{name: "peer without link state that two list", self: "B", states: states{"A": {"X": 1, "B": 1}, "B": {"X": 9, "A": 1}}, radius: 2, want: map[string]want{
			"A": {"A", 1, 1, "[X]"}, "X": {"A", 2, 2, "[]"},
		}},
		{name: "unreachable part", self: "A", states: both("A", "B", 1, "X", "Y", 1), radius: 1, want: map[string]want{
			"B": {"B", 1, 1, "[]"},
		}},
		{name: "free link", self: "A", states: both("A", "B", 0, "B", "C", 0), radius: 2, want: map[string]want{
			"B": {"B", 0, 1, "[]"}, "C": {"B", 0, 2, "[]"},
		}},
		{name: "dearest links", self: "A", states: both("A", "B", MaxCost, "B", "C", MaxCost), radius: 2, want: map[string]want{
			"B": {"B", MaxCost, 1, "[]"}, "C": {"B", 2 * MaxCost, 2, "[]"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := computePaths(tt.self, tt.states)
			got := map[string]want{}
			for id, r := range p.routes {
				got[id] = want{r.next, r.cost, r.hops, fmt.Sprint(r.origins)}
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if p.radius != tt.radius {
				t.Errorf("radius is %d, want %d", p.radius, tt.radius)
			}
		})
	}
}

func TestPathsOfNobody(t *testing.T) {
	if p := computePaths("A", both("B", "C", 1)); len(p.routes) != 0 || p.radius != 0 {
		t.Errorf("a router without a link state has %+v", p)
	}
}

// TestPathsLargest has the greatest number of routers in a chain, the longest
// way there can be.
func TestPathsLargest(t *testing.T) {
	s := states{}
	id := func(i int) string { return fmt.Sprintf("r%03d", i) }
	for i := range MaxRouters {
		s[id(i)] = map[string]int{}
		if i > 0 {
			s[id(i)][id(i-1)], s[id(i-1)][id(i)] = 3, 3
		}
	}
	const me = 40
	p := computePaths(id(me), s)
	if len(p.routes) != MaxRouters-1 || p.radius != MaxRouters-1-me {
		t.Fatalf("%d routes, radius %d", len(p.routes), p.radius)
	}
	for i := range MaxRouters {
		if i == me {
			continue
		}
		r := p.routes[id(i)]
		next, origins := id(me+1), me // those on the other side
		if i < me {
			next, origins = id(me-1), MaxRouters-1-me
		}
		if r.next != next || r.cost != 3*max(i-me, me-i) || len(r.origins) != origins {
			t.Errorf("%s: %s at %d, %d origins; want %s, %d origins", id(i), r.next, r.cost, len(r.origins), next, origins)
		}
	}
}

// TestTreesAgree checks that what routers work out each for itself fits
// together: a multicast that follows valid origins reaches every router once.
func TestTreesAgree(t *testing.T) {
	for seed := range int64(40) {
		rnd := rand.New(rand.NewSource(seed))
		n := 3 + rnd.Intn(12)
		s := states{}
		for i := range n { // few different costs make many ties
			if s[name(i)] == nil {
				s[name(i)] = map[string]int{}
			}
			for j := range i {
				if j == 0 || rnd.Intn(3) == 0 {
					c := 1 + rnd.Intn(2)
					s[name(i)][name(j)], s[name(j)][name(i)] = c, c
				}
			}
		}
		all := map[string]paths{}
		for id := range s {
			all[id] = computePaths(id, s)
		}
		for origin := range s {
			copies := map[string]int{}
			var spread func(at string, depth int)
			spread = func(at string, depth int) {
				copies[at]++
				if depth > n {
					t.Fatalf("seed %d: multicast of %s runs in circles", seed, origin)
				}
				next := map[string]bool{}
				for _, r := range all[at].routes {
					if at == origin || slices.Contains(r.origins, origin) {
						next[r.next] = true
					}
				}
				for to := range next {
					spread(to, depth+1)
				}
			}
			spread(origin, 0)
			for id := range s {
				if copies[id] != 1 {
					t.Errorf("seed %d: %s gets %d copies from %s", seed, id, copies[id], origin)
				}
			}
		}
	}
}

func name(i int) string { return fmt.Sprintf("n%02d", i) }

func BenchmarkPaths(b *testing.B) {
	rnd := rand.New(rand.NewSource(1))
	s := states{}
	for i := range MaxRouters {
		s[fmt.Sprintf("r%03d", i)] = map[string]int{}
	}
	for i := 1; i < MaxRouters; i++ {
		for _, j := range []int{rnd.Intn(i), rnd.Intn(i)} {
			a, c := fmt.Sprintf("r%03d", i), fmt.Sprintf("r%03d", j)
			s[a][c], s[c][a] = 1, 1
		}
	}
	for b.Loop() {
		computePaths("r000", s)
	}
}
