package control

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files of testdata instead of comparing with them")

const ms = time.Millisecond

// scenarios are conversations between a few routers. Each is kept whole in
// testdata/conversation, and checked for its outcome besides.
var scenarios = []struct {
	name string
	play func(w *network)
	want func(t *testing.T, w *network)
}{
	{
		name: "two routers meet",
		play: func(w *network) {
			w.boot("A")
			w.boot("B", "Mecho:8080")
			w.run(500 * ms)
			w.join("A", "B", 2)
			w.run(1200 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 2)
			wantCost(t, w, "B", "A", 2)
			wantKeys(t, w, "A", "B", "Mecho:8080")
		},
	},
	{
		name: "chain C A B",
		play: func(w *network) {
			w.boot("A")
			w.boot("B", "Mecho:8080")
			w.boot("C")
			w.join("A", "B", 2)
			w.join("C", "A", 1)
			w.run(300 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "C", "B", 3)
			wantKeys(t, w, "C", "B", "Mecho:8080")
			if got := w.routers["C"].nodes["B"].NextHop; got != "A" {
				t.Errorf("C goes to B by %q, want A", got)
			}
			a := w.routers["A"].nodes
			if got := a["C"].ValidOrigins; len(got) != 1 || got[0] != "B" {
				t.Errorf("A: valid origins of C are %v, want [B]", got)
			}
			if got := a["B"].ValidOrigins; len(got) != 1 || got[0] != "C" {
				t.Errorf("A: valid origins of B are %v, want [C]", got)
			}
		},
	},
	{
		name: "peer restarts",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B", "Mold")
			w.join("A", "B", 1)
			w.run(2500 * ms)
			w.kill("B")
			w.run(100 * ms)
			w.boot("B", "Mnew")
			w.join("A", "B", 1)
			w.run(300 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantKeys(t, w, "A", "B", "Mnew")
			wantKeys(t, w, "B", "A", "Ma")
		},
	},
	{
		name: "peer restarts before its link is missed",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B", "Mold")
			w.join("A", "B", 1)
			w.run(1500 * ms)
			w.routers["B"].asleep = true // the link stays up at A
			w.boot("B", "Mnew")
			w.join("A", "B", 3)
			w.run(2800 * ms) // until the former one misses a HELLO: it could be that one that is right
		},
		want: func(t *testing.T, w *network) {
			wantKeys(t, w, "A", "B", "Mnew")
			wantCost(t, w, "A", "B", 3)
		},
	},
	{
		name: "silent death",
		play: func(w *network) {
			w.boot("A")
			w.boot("B", "Mb")
			w.join("A", "B", 1)
			w.run(1500 * ms)
			w.routers["B"].asleep = true
			w.run(9 * time.Second)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 0)
			wantKeys(t, w, "A", "B")
		},
	},
	{
		name: "lost MAU healed by MAR",
		play: func(w *network) {
			a := w.boot("A", "Mone")
			w.boot("B")
			w.join("A", "B", 1)
			w.run(500 * ms)
			w.drop = func(_, _ string, m *body) bool { return m.op == opMAU }
			a.LocalAdded(w.now, "Mtwo", 3)
			w.collect(a)
			w.run(100 * ms)
			w.drop = nil
			w.run(400 * ms)
			a.LocalRemoved(w.now, "Mone")
			w.collect(a)
			w.run(200 * ms)
		},
		want: func(t *testing.T, w *network) { wantKeys(t, w, "B", "A", "Mtwo") },
	},
	{
		name: "duplicate id",
		play: func(w *network) {
			w.boot("A")
			w.boot("B")
			w.join("A", "B", 1)
			w.run(200 * ms)
			// A namesake of A that is on a link of its own to B is a restart to B,
			// and one that is on a link to A is ignored there.
			w.forge("A", 1, body{op: opHello, id: "A", area: "0", version: 1, instance: 7, has: hasInstance | hasSeen, seen: []string{"A"}})
			w.run(200 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 1)
			if n := len(w.routers["A"].nodes); n != 1 {
				t.Errorf("A knows %d routers, want 1", n)
			}
		},
	},
	{
		name: "cost changes with a new link",
		play: func(w *network) {
			w.boot("A")
			w.boot("B")
			w.boot("C")
			w.join("A", "B", 1)
			n := w.join("B", "C", 1)
			w.run(300 * ms)
			w.part(n)
			w.join("B", "C", 5)
			w.run(300 * ms)
		},
		want: func(t *testing.T, w *network) { wantCost(t, w, "A", "C", 6) },
	},
	{
		name: "second link takes over",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B")
			n := w.join("A", "B", 1)
			w.join("A", "B", 4)
			w.run(1300 * ms)
			w.part(n)
			w.run(200 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 4)
			wantCost(t, w, "B", "A", 4)
			wantKeys(t, w, "B", "A", "Ma")
		},
	},
	{
		name: "reconnection that one end did not notice",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B")
			n := w.join("A", "B", 1)
			w.run(200 * ms)
			w.routers["A"].ends[n].cut, w.routers["B"].ends[n].cut = true, true
			w.routers["A"].LinkLost(w.now, n) // B still has the link
			w.collect(w.routers["A"])
			w.run(100 * ms)
			w.join("A", "B", 1)
			w.run(4 * time.Second)
		},
		want: func(t *testing.T, w *network) {
			if got := w.routers["B"].nodes["A"].Link; got != 2 {
				t.Errorf("B uses link %d, want 2", got)
			}
			wantKeys(t, w, "B", "A", "Ma")
		},
	},
	{
		name: "peer with a tick",
		play: func(w *network) {
			w.boot("A", "Ma")
			b := w.boot("B", "Mb")
			b.ticks = time.Second
			w.run(300 * ms)
			w.join("A", "B", 1)
			w.drop = func(at, _ string, m *body) bool { // it has no way to us before its first computation
				return at == "B" && m.op != opHello && w.now.Sub(w.start) < 1500*ms
			}
			w.run(5 * time.Second)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 1)
			wantCost(t, w, "B", "A", 1)
			wantKeys(t, w, "A", "B", "Mb")
			wantKeys(t, w, "B", "A", "Ma")
		},
	},
	{
		name: "cheaper way around a direct link",
		play: func(w *network) {
			for _, id := range []string{"A", "B", "C"} {
				w.boot(id)
			}
			w.join("A", "B", 10)
			w.join("A", "C", 1)
			w.join("C", "B", 1)
			w.run(300 * ms)
		},
		want: func(t *testing.T, w *network) {
			n := w.routers["A"].nodes["B"]
			if n.Link != 1 || n.NextHop != "C" || n.Cost != 2 {
				t.Errorf("A has %+v, want link 1 and next hop C at cost 2", n)
			}
		},
	},
	{
		name: "partition and heal",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B")
			w.boot("C", "Mc")
			w.join("A", "B", 1)
			n := w.join("B", "C", 1)
			w.run(300 * ms)
			w.part(n)
			w.run(300 * ms)
			w.routers["C"].LocalAdded(w.now, "Mmore", 1)
			w.collect(w.routers["C"])
			w.run(2 * time.Second)
			w.join("B", "C", 1)
			w.run(300 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "C", 2)
			wantKeys(t, w, "A", "C", "Mc", "Mmore")
			wantKeys(t, w, "C", "A", "Ma")
		},
	},
	{
		name: "link flaps",
		play: func(w *network) {
			w.boot("A", "Ma")
			w.boot("B", "Mb")
			n := w.join("A", "B", 1)
			for range 4 {
				w.run(20 * ms)
				w.part(n)
				n = w.join("A", "B", 1)
			}
			w.run(400 * ms)
		},
		want: func(t *testing.T, w *network) {
			wantCost(t, w, "A", "B", 1)
			wantKeys(t, w, "A", "B", "Mb")
			wantKeys(t, w, "B", "A", "Ma")
		},
	},
}

func TestConversation(t *testing.T) {
	for _, s := range scenarios {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			w := newNetwork(t)
			w.record = true
			s.play(w)
			s.want(t, w)
			golden(t, filepath.Join("testdata", "conversation", strings.ReplaceAll(s.name, " ", "-")+".txt"), strings.Join(w.lines, "\n")+"\n")
		})
	}
}

// forge lets a router receive a message that nobody sent.
func (w *network) forge(at string, link int, b body) {
	r := w.routers[at]
	if err := r.Receive(w.now, link, b.encode(toHello)); err != nil {
		w.t.Errorf("%s refused %v: %v", at, b.op, err)
	}
	w.collect(r)
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; after a wanted change run the test with -update. Got:\n%s", file, got)
	}
}

// wantCost checks the cost from a to b; 0 means unreachable.
func wantCost(t *testing.T, w *network, a, b string, cost int) {
	t.Helper()
	if got := w.routers[a].nodes[b].Cost; got != cost {
		t.Errorf("%s to %s costs %d, want %d", a, b, got, cost)
	}
}

// wantKeys checks the addresses that a knows of b.
func wantKeys(t *testing.T, w *network, a, b string, keys ...string) {
	t.Helper()
	has := w.routers[a].addresses[b]
	if len(has) != len(keys) {
		t.Errorf("%s knows %v of %s, want %v", a, has, b, keys)
		return
	}
	for _, k := range keys {
		if _, ok := has[k]; !ok {
			t.Errorf("%s does not know %s of %s", a, k, b)
		}
	}
}
