package control

import (
	"reflect"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// FuzzReceive gives an engine that has two neighbours a message of one of
// them, some time later, and then lets time pass.
func FuzzReceive(f *testing.F) {
	for i, msg := range traced(f) {
		f.Add(msg, uint16(i*200))
	}
	f.Add(allOf("B", 3, "Mx", "HE", "N1").sent(), uint16(0))
	f.Add(diffOf("B", 2, []string{"Mx"}, []string{"Mold"}).sent(), uint16(0))
	f.Add(diffOf("B", 9, []string{"Mx"}, nil).sent(), uint16(5000))
	f.Add(helloOf("B", 2).sent(), uint16(3000))
	f.Add(helloOf("A", 7).sent(), uint16(0))
	f.Add(lsuOf("B", 1, 9, map[string]int{"A": 0, "B": 1, "X": MaxCost, "C": 3}).sent(), uint16(60000))
	var said [2][][]byte // by each neighbour, before: B is known, C has just come
	for i, bodies := range [2][]body{{helloOf("B", 1), lsuOf("B", 1, 1, map[string]int{"A": 1}), allOf("B", 1, "Mold")}, {helloOf("C", 1)}} {
		for _, m := range bodies {
			said[i] = append(said[i], m.sent())
		}
	}
	f.Fuzz(func(t *testing.T, msg []byte, later uint16) {
		if len(msg) > 1<<14 {
			return
		}
		now := time.Unix(1_800_000_000, 0)
		e := New(Config{ID: "A", Instance: 100}, zerolog.Nop(), now)
		e.LocalAdded(now, "Mlocal", 3)
		for i := range said {
			e.LinkUp(now, i+1, 1)
			for _, m := range said[i] {
				if err := e.Receive(now, i+1, m); err != nil {
					t.Fatal(err)
				}
			}
		}
		e.Effects()
		now = now.Add(time.Duration(later) * time.Millisecond)
		before := e.Nodes()
		if err := e.Receive(now, 1, msg); err != nil {
			if x := e.Effects(); len(x) != 0 || !reflect.DeepEqual(e.Nodes(), before) {
				t.Fatalf("refused with %v, but %+v and nodes %+v", err, x, e.Nodes())
			}
			return
		}
		if m, err := decode(msg); err == nil {
			again, err := decode(m.encode("x"))
			if err != nil {
				t.Fatalf("%+v cannot be read again: %v", m, err)
			}
			if again.id != m.id || again.op != m.op || len(again.exist) != len(m.exist) || len(again.ls.peers) != len(m.ls.peers) {
				t.Fatalf("%+v became %+v", m, again)
			}
		}
		for i := range 16 { // of silence, deadline by deadline, and twice longer than anything is remembered
			if next := e.NextDeadline(); next.After(now) {
				now = next
			}
			if i%8 == 7 {
				now = now.Add(2 * time.Minute)
			}
			e.Tick(now)
			if next := e.NextDeadline(); !next.After(now) {
				t.Fatalf("next deadline %v is not after the tick at %v", next, now)
			}
			for _, x := range e.Effects() {
				if s, ok := x.(Send); ok {
					if _, err := decode(s.Body); err != nil {
						t.Fatalf("sends %x: %v", s.Body, err)
					}
				}
			}
		}
		known := 0
		for _, n := range e.nodes {
			known += len(n.addresses)
		}
		if known != e.remoteAddresses || len(e.nodes) >= MaxRouters || len(e.order) != len(e.nodes) {
			t.Fatalf("%d addresses counted of %d, %d routers of %d in order", e.remoteAddresses, known, len(e.order), len(e.nodes))
		}
	})
}

// sent is the message as its sender would send it.
func (b body) sent() []byte {
	b.version, b.area = versionRouting, "0"
	if b.mobile() {
		b.version = versionMobile
	}
	return b.encode("x")
}
