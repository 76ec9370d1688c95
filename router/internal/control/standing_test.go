package control

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// crowd is n ids.
func crowd(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s%03d", prefix, i))
	}
	return ids
}

func (b *bench) wantKnown(ids ...string) {
	b.t.Helper()
	for _, id := range ids {
		if b.nodes[id] == nil {
			b.t.Errorf("%s is not in the table of %d", id, len(b.nodes))
		}
	}
}

// TestInventedRouters: a router that invents others, in whatever manner, keeps
// out no real one, and what it invents is not passed on.
func TestInventedRouters(t *testing.T) {
	listed := map[string]int{"A": 1}
	for _, id := range crowd("0", MaxRouters-1) {
		listed[id] = 1
	}
	chain := crowd("0", MaxRouters-1)
	for name, invent := range map[string]func(b *bench){
		"in a row": func(b *bench) {
			at := "R"
			for _, id := range chain {
				b.get(1, lsuOf(at, 1, 5, map[string]int{"A": 1, id: 1}))
				at = id
				b.get(1, raOf(id, 1, 5, 0))
			}
		},
		"of no links": func(b *bench) {
			for _, id := range chain {
				b.get(1, raOf(id, 7, 1, 0))
			}
		},
		"listed": func(b *bench) { b.get(1, lsuOf("R", 1, 5, listed)) },
		"speaking": func(b *bench) {
			b.get(1, lsuOf("R", 1, 5, listed))
			for id := range listed {
				if id != "A" {
					b.get(1, raOf(id, 7, 1, 0))
					b.get(1, lsuOf(id, 7, 1, map[string]int{"R": 1}))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.meet("R", "B")
			invent(b)
			if len(b.nodes) != MaxRouters-1 {
				t.Fatalf("the table has %d routers", len(b.nodes))
			}
			b.get(1, raOf("000more", 7, 1, 0))
			b.get(2, lsuOf("B", 1, 2, map[string]int{"A": 1, "C": 1}))
			b.get(2, raOf("C", 1, 1, 0))
			b.get(2, lsuOf("C", 1, 1, map[string]int{"B": 1}))
			b.LinkUp(b.now, 3, 1)
			b.get(3, helloOf("D", 1))
			invent(b)
			b.get(1, raOf("000more", 7, 1, 0))
			b.wantKnown("R", "B", "C", "D")
			if b.nodes["000more"] != nil || !b.Foreign("000more") {
				t.Error("one invention more is taken, or passed on")
			}
			if b.Foreign("C") || b.Foreign("A") {
				t.Error("what real ones say is not passed on")
			}
			if !b.nodes["C"].reachable || !b.nodes["D"].reachable {
				t.Error("there is no way to the real ones")
			}
		})
	}
}

// TestOneLinkOneNeighbour: nobody but the router at its other end says HELLO on a link.
func TestOneLinkOneNeighbour(t *testing.T) {
	b := newBench(t)
	b.LinkUp(b.now, 1, 1)
	b.Peer(1, "R")
	b.get(1, helloOf("R", 1))
	for _, id := range crowd("X", 10) {
		if err := b.try(1, helloOf(id, 1)); err == nil || !strings.Contains(err.Error(), `"R"`) {
			t.Errorf("the HELLO of %s: %v", id, err)
		}
	}
	if n := len(b.nodes); n != 1 {
		t.Errorf("there are %d routers", n)
	}
}

// TestInTheNameOfANeighbour: what others say in the name of a neighbour changes nothing.
func TestInTheNameOfANeighbour(t *testing.T) {
	for name, link := range map[string]struct {
		number int
		peer   string
	}{"as itself": {2, "R"}, "as the neighbour": {2, "B"}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.LinkUp(b.now, 1, 1)
			b.Peer(1, "B")
			b.get(1, helloOf("B", 1))
			b.get(1, raOf("B", 1, 1, 1))
			b.get(1, lsuOf("B", 1, 1, map[string]int{"A": 1}))
			b.get(1, allOf("B", 1, "Mx"))
			b.LinkUp(b.now, link.number, 1)
			b.Peer(link.number, link.peer)
			b.pass(500 * ms)
			b.did()
			for range 20 {
				for _, m := range []body{helloOf("B", 77), raOf("B", 77, math.MaxInt64, math.MaxInt64), raOf("B", 1, 0, 0),
					lsuOf("B", 77, math.MaxInt64, map[string]int{"R": 1}), allOf("B", math.MaxInt64, "Mother")} {
					_ = b.try(link.number, m) // refused, or passed over
				}
				b.pass(500*ms, "B")
			}
			for _, d := range b.did() {
				if strings.HasPrefix(d, "Address") || strings.HasPrefix(d, "Node") {
					t.Errorf("it does %s", d)
				}
			}
			if n := b.nodes["B"]; n.instance != 1 || n.link != 1 || n.lsSeq != 1 || n.mobileSeq != 1 {
				t.Errorf("the neighbour is now %+v", n)
			}
			if link.peer == "B" && strings.Count(b.log.String(), "another router has the id of a neighbour") != 1 {
				t.Errorf("the log does not say so, once: %s", &b.log)
			}
		})
	}
}
