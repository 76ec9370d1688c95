package control

import (
	"testing"
	"time"
)

// TestStaleLinkState: what a router said before its restart must not come back.
func TestStaleLinkState(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, lsuOf("B", 1, 57, map[string]int{"A": 1, "C": 1}))
	b.get(1, helloOf("B", 2)) // restarted
	b.did()
	b.get(1, lsuOf("B", 1, 58, map[string]int{"A": 1, "X": 1}))
	b.wantDid()
	b.get(1, lsuOf("B", 2, 1, map[string]int{"A": 1, "D": 1}))
	b.wantDid(`NodeReachable{ID:D Link:0 NextHop:B Cost:2 ValidOrigins:[] Hops:2}`,
		"RadiusChanged{Radius:2}", "LSR{A to D}", "MAR{A to D have=0}")
}

// TestBackwardClock: the instance of a restarted router may be lower.
func TestBackwardClock(t *testing.T) {
	b := newBench(t)
	b.LinkUp(b.now, 1, 1)
	b.get(1, helloOf("B", 500))
	b.get(1, lsuOf("B", 500, 9, map[string]int{"A": 1}))
	b.get(1, raOf("B", 400, 1, 0))
	b.did()
	b.get(1, lsuOf("B", 400, 1, map[string]int{"A": 1, "C": 1}))
	if got := b.did(); len(got) == 0 {
		t.Error("the link state after the restart was not taken")
	}
}

// TestBehindForLong: a router that restarts within one second has the same
// instance. Its low numbers tell, if they stay.
func TestBehindForLong(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, lsuOf("B", 1, 40, map[string]int{"A": 1}))
	b.get(1, allOf("B", 30, "Mold"))
	b.did()
	b.get(1, raOf("B", 1, 2, 1))
	b.wantDid() // may be a late one
	b.pass(3900*ms, "B")
	b.did()
	b.get(1, raOf("B", 1, 2, 1))
	b.wantDid()
	b.pass(100*ms, "B")
	b.did()
	b.get(1, raOf("B", 1, 2, 1))
	b.wantDid("AddressesFlushed{Node:B}", "LSR{A to B}", "MAR{A to B have=0}")
	b.pass(raSpacing, "B")
	b.wantDid("RA{A inst=0 ls=1 mobile=0}") // it lost ours
	b.get(1, lsuOf("B", 1, 2, map[string]int{"A": 1, "C": 1}))
	b.get(1, allOf("B", 1, "Mnew"))
	if got := b.did(); got[len(got)-1] != "AddressAdded{Node:B Key:Mnew Treatment:3 Mesh:}" {
		t.Errorf("got %v", got)
	}
}

// TestLateRA: one RA that was overtaken is not a restart, even if another one
// is overtaken much later.
func TestLateRA(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, lsuOf("B", 1, 5, map[string]int{"A": 1}))
	b.get(1, raOf("B", 1, 4, 0))
	b.get(1, raOf("B", 1, 5, 0))
	b.pass(10*time.Second, "B")
	b.did()
	b.get(1, raOf("B", 1, 4, 0))
	b.wantDid()
}

// TestLinkStateExpires: 60 seconds after the last RA of a far router its link
// state goes, and what only that mentioned 3 seconds later.
func TestLinkStateExpires(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, lsuOf("B", 1, 2, map[string]int{"A": 1, "C": 1}))
	b.get(1, raOf("C", 1, 1, 0))
	b.get(1, lsuOf("C", 1, 1, map[string]int{"B": 1, "D": 1}))
	b.get(1, lsuOf("B", 1, 3, map[string]int{"A": 1})) // B and C part
	if n := len(b.Nodes()); n != 4 {
		t.Fatalf("%d routers, want 4", n)
	}
	start := b.now
	keep := func(until time.Duration) {
		for b.now.Sub(start) < until {
			b.get(1, raOf("B", 1, 3, 0))
			b.pass(min(20*time.Second, until-b.now.Sub(start)), "B")
		}
	}
	keep(60*time.Second - ms)
	if n := b.Nodes(); len(n) != 4 || len(n[2].LinkState) != 2 {
		t.Errorf("before: %+v", n)
	}
	b.did()
	keep(60 * time.Second)
	if n := b.Nodes(); len(n) != 4 || len(n[2].LinkState) != 0 {
		t.Errorf("after: %+v", n)
	}
	keep(63*time.Second - ms)
	if n := b.Nodes(); len(n) != 4 {
		t.Errorf("in grace: %+v", n)
	}
	b.did()
	keep(63 * time.Second)
	b.wantDid("NodeDeleted{ID:C}", "NodeDeleted{ID:D}")
	if n := b.Nodes(); len(n) != 2 {
		t.Errorf("left: %+v", n)
	}
}

// TestLinkStateOfNeighbourExpires: RAs that do not come through are noticed
// even of a neighbour, and it is asked again.
func TestLinkStateOfNeighbourExpires(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.pass(60*time.Second-ms, "B")
	for _, line := range b.did() {
		if line == "LSR{A to B}" {
			t.Fatal("asked too early")
		}
	}
	b.pass(2*ms, "B")
	b.wantDid("LSR{A to B}")
	if v := b.Nodes()[1]; !v.Reachable || v.Cost != 1 {
		t.Errorf("neighbour is %+v", v)
	}
}

// TestPeriods: HELLO every second on each link, RA every 4 seconds in flux and
// every 30 when stable.
func TestPeriods(t *testing.T) {
	b := newBench(t)
	start := b.now
	b.meet("B")
	var hellos, ras []time.Duration
	for b.now.Sub(start) < 80*time.Second {
		if b.now.Sub(start)%(20*time.Second) == 0 {
			b.get(1, raOf("B", 1, 1, 0)) // keeps its link state
		}
		b.pass(100*ms, "B")
		for _, x := range b.Effects() {
			if s, ok := x.(Send); ok && s.Link == 1 {
				hellos = append(hellos, b.now.Sub(start))
			} else if ok && s.To == toAll {
				ras = append(ras, b.now.Sub(start))
			}
		}
	}
	if len(hellos) != 80 {
		t.Errorf("%d HELLOs in 80 s", len(hellos))
	}
	want := []time.Duration{4 * time.Second, 8 * time.Second, 38 * time.Second, 68 * time.Second}
	if len(ras) != len(want) {
		t.Fatalf("RAs at %v, want %v", ras, want)
	}
	for i := range want {
		if ras[i] != want[i] {
			t.Errorf("RAs at %v, want %v", ras, want)
			break
		}
	}
}

// TestHelloMaxAge: a neighbour is lost 3 seconds after its last HELLO that
// listed us, even if others still come.
func TestHelloMaxAge(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	deaf := body{op: opHello, has: hasInstance | hasSeen, id: "B", instance: 1, seen: []string{"C"}}
	for range 2 {
		b.pass(time.Second)
		b.get(1, deaf)
	}
	b.pass(time.Second - ms)
	b.did()
	b.pass(2 * ms)
	b.wantDid("NodeUnreachable{ID:B}", "RadiusChanged{Radius:0}")
}

// TestReachableAgain: addresses are asked for without waiting for an RA.
func TestReachableAgain(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, allOf("B", 3, "Mx"))
	b.LinkLost(b.now, 1)
	b.pass(999 * ms)
	b.did()
	b.pass(ms)
	b.wantDid("AddressesFlushed{Node:B}")
	b.LinkUp(b.now, 1, 1)
	b.get(1, helloOf("B", 1))
	b.wantDid("NodeReachable{ID:B Link:1 NextHop: Cost:1 ValidOrigins:[] Hops:1}", "RadiusChanged{Radius:1}",
		"LSR{A to B}", "MAR{A to B have=0}", "RA{A inst=0 ls=3 mobile=0}")
}
