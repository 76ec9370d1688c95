package control

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// bench is one engine, called A, and a hand that plays everybody else.
type bench struct {
	*Engine
	t   *testing.T
	now time.Time
	log strings.Builder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Unix(1_800_000_000, 0)}
	b.Engine = New(Config{ID: "A", Instance: 100}, zerolog.New(&b.log), b.now)
	return b
}

// try receives a message and returns the error.
func (b *bench) try(link int, m body) error {
	b.t.Helper()
	if m.has&hasVersion == 0 {
		m.version = versionRouting
		if m.mobile() {
			m.version = versionMobile
		}
	}
	if m.area == "" {
		m.area = "0"
	}
	return b.Receive(b.now, link, m.encode("x"))
}

func (b *bench) get(link int, m body) {
	b.t.Helper()
	if err := b.try(link, m); err != nil {
		b.t.Fatalf("%s: %v", m.op, err)
	}
}

// pass lets time pass, with a HELLO of each neighbour in every second.
func (b *bench) pass(d time.Duration, neighbours ...string) {
	b.t.Helper()
	end := b.now.Add(d)
	hello := b.now
	for {
		next := b.NextDeadline()
		if len(neighbours) > 0 && hello.Before(next) {
			next = hello
		}
		if next.After(end) {
			b.now = end
			return
		}
		if next.After(b.now) {
			b.now = next
		}
		if next.Equal(hello) {
			hello = hello.Add(time.Second)
			for i, id := range neighbours {
				b.get(i+1, helloOf(id, 1))
			}
		}
		b.Tick(b.now)
	}
}

// meet makes routers neighbours on links 1, 2 and so on.
func (b *bench) meet(ids ...string) {
	b.t.Helper()
	for i, id := range ids {
		b.LinkUp(b.now, i+1, 1)
		b.get(i+1, helloOf(id, 1))
		b.get(i+1, raOf(id, 1, 1, 0))
		b.get(i+1, lsuOf(id, 1, 1, map[string]int{"A": 1}))
	}
	b.Effects()
}

// did returns the effects since the last look, as lines; messages by what they say.
func (b *bench) did() []string {
	b.t.Helper()
	var out []string
	for _, x := range b.Effects() {
		s, ok := x.(Send)
		if !ok {
			out = append(out, strings.TrimPrefix(fmt.Sprintf("%T%+v", x, x), "control."))
			continue
		}
		m, err := decode(s.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		if m.op != opHello {
			out = append(out, show(m, parcel{to: s.To}))
		}
	}
	return out
}

func (b *bench) wantDid(want ...string) {
	b.t.Helper()
	if got := b.did(); !reflect.DeepEqual(got, append([]string(nil), want...)) {
		b.t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func helloOf(id string, instance int64) body {
	return body{op: opHello, has: hasInstance | hasSeen, id: id, instance: instance, seen: []string{"A"}}
}

func raOf(id string, instance, ls, mobile int64) body {
	return body{op: opRA, has: hasInstance | hasLSSeq | hasMobileSeq, id: id, instance: instance, lsSeq: ls, mobileSeq: mobile}
}

func lsuOf(id string, instance, seq int64, peers map[string]int) body {
	return body{op: opLSU, has: hasInstance | hasLSSeq | hasLS, id: id, instance: instance, lsSeq: seq,
		ls: linkState{id: id, area: "0", seq: seq, peers: peers}}
}

func allOf(id string, seq int64, keys ...string) body {
	b := body{op: opMAU, has: hasMobileSeq | hasExist, id: id, mobileSeq: seq}
	for _, k := range keys {
		b.exist = append(b.exist, address{key: k, treatment: 3})
	}
	return b
}

func diffOf(id string, seq int64, add, del []string) body {
	b := body{op: opMAU, has: hasMobileSeq | hasAdd | hasDel, id: id, mobileSeq: seq, del: del}
	for _, k := range add {
		b.add = append(b.add, address{key: k, treatment: 3})
	}
	return b
}

func TestPassedOver(t *testing.T) {
	later := raOf("B", 1, 9, 9)
	later.version, later.has = 2, later.has|hasVersion
	laterMobile := diffOf("B", 1, []string{"Mx"}, nil)
	laterMobile.version, laterMobile.has = 3, laterMobile.has|hasVersion
	otherArea := raOf("B", 1, 9, 9)
	otherArea.area = "1"
	for name, m := range map[string]body{
		"later version":           later,
		"later version of MAU":    laterMobile,
		"other area":              otherArea,
		"our own RA":              raOf("A", 100, 9, 9),
		"RA of a namesake":        raOf("A", 7, 9, 9),
		"MAU of an unknown":       allOf("X", 1, "Mx"),
		"MAR with nothing to get": {op: opMAR, has: hasHaveSeq, id: "B"},
	} {
		b := newBench(t)
		b.meet("B")
		before := b.Nodes()
		b.get(1, m)
		b.wantDid()
		if after := b.Nodes(); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: nodes are %+v, were %+v", name, after, before)
		}
	}
}

func TestLaterVersionIsLoggedOnce(t *testing.T) {
	b := newBench(t)
	m := raOf("B", 1, 9, 9)
	m.version, m.has = 2, m.has|hasVersion
	for range 3 {
		b.get(1, m)
	}
	if n := strings.Count(b.log.String(), "later protocol version"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, b.log.String())
	}
}

func TestDuplicateIDIsLoggedOnce(t *testing.T) {
	b := newBench(t)
	b.LinkUp(b.now, 1, 1)
	for _, instance := range []int64{100, 7, 7} { // 100 is our own, come back
		b.get(1, helloOf("A", instance))
	}
	if n := strings.Count(b.log.String(), "has the id of this one"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, b.log.String())
	}
	if len(b.Nodes()) != 1 {
		t.Errorf("nodes are %+v", b.Nodes())
	}
}

// TestRefusedChangesNothing sends messages that are in order but break a bound.
func TestRefusedChangesNothing(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.get(1, allOf("B", 1, "Ma"))
	b.did()
	before := b.Nodes()
	many := make([]string, MaxAddresses)
	for i := range many {
		many[i] = fmt.Sprintf("Mx%d", i)
	}
	if err := b.try(1, diffOf("B", 2, many, nil)); err == nil || !strings.Contains(err.Error(), "65537 addresses") {
		t.Errorf("error %v", err)
	}
	if err := b.try(9, helloOf("C", 1)); err == nil || !strings.Contains(err.Error(), "not up") {
		t.Errorf("error %v", err)
	}
	b.wantDid()
	if after := b.Nodes(); !reflect.DeepEqual(after, before) {
		t.Errorf("nodes are %+v, were %+v", after, before)
	}
	b.get(1, diffOf("B", 2, []string{"Mb"}, nil)) // the number was not taken
	b.wantDid("AddressAdded{Node:B Key:Mb Treatment:3 Mesh:}")
}

func TestRemoteAddressesBound(t *testing.T) {
	b := newBench(t)
	keys := make([]string, MaxAddresses)
	for i := range keys {
		keys[i] = fmt.Sprintf("M%d", i)
	}
	ids := []string{"B", "C", "D", "E", "F"}
	b.meet(ids...)
	for _, id := range ids[:4] {
		b.get(1, allOf(id, 1, keys...))
	}
	if err := b.try(1, allOf("F", 1, "Mone")); err == nil || !strings.Contains(err.Error(), "of all routers") {
		t.Errorf("error %v", err)
	}
	b.get(1, allOf("E", 2, "Mone")) // makes room
	b.get(1, allOf("F", 1, "Mone"))
	if b.remoteAddresses != 3*MaxAddresses+2 {
		t.Errorf("%d addresses counted", b.remoteAddresses)
	}
}

func TestTableIsFull(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	for i := range 2 * MaxRouters {
		b.get(1, raOf(fmt.Sprintf("r%03d", i), 1, 0, 0))
	}
	nodes := b.Nodes()
	if len(nodes) != MaxRouters {
		t.Fatalf("%d routers", len(nodes))
	}
	index := map[int]bool{}
	for _, n := range nodes {
		if n.Index < 0 || n.Index >= MaxRouters || index[n.Index] {
			t.Errorf("index %d of %s", n.Index, n.ID)
		}
		index[n.Index] = true
	}
	// Those that a link state lists get the places of those that nobody lists.
	peers := map[string]int{"A": 1}
	for i := range 100 {
		peers[fmt.Sprintf("q%03d", i)] = 1
	}
	b.get(1, lsuOf("B", 1, 2, peers))
	if n := strings.Count(b.log.String(), "table full"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	// Nobody speaks of the others, so their places become free again.
	b.pass(4*time.Second, "B")
	if n := len(b.Nodes()); n != 102 {
		t.Errorf("%d routers are left, want 102", n)
	}
	b.get(1, lsuOf("B", 1, 3, peers))
	if n := len(b.Nodes()); n != 102 {
		t.Errorf("%d routers, want 102", n)
	}
}

func TestHeardBound(t *testing.T) {
	b := newBench(t)
	b.LinkUp(b.now, 1, 1)
	for i := range MaxRouters - 1 {
		b.get(1, helloOf(fmt.Sprintf("r%03d", i), 1))
	}
	if err := b.try(1, helloOf("one-more", 1)); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("error %v", err)
	}
	if n := len(b.Nodes()); n != MaxRouters {
		t.Errorf("%d routers", n)
	}
}

func TestLinksBound(t *testing.T) {
	b := newBench(t)
	b.LinkUp(b.now, 0, 1)
	b.LinkUp(b.now, -1, 1)
	b.wantDid()
	for i := range MaxLinks {
		b.LinkUp(b.now, i+1, 1)
	}
	b.Effects()
	b.LinkUp(b.now, MaxLinks+1, 1)
	if x := b.Effects(); len(x) != 0 {
		t.Errorf("got %v", x)
	}
	b.LinkLost(b.now, 1)
	b.LinkUp(b.now, MaxLinks+1, 1)
	if x := b.Effects(); len(x) != 1 {
		t.Errorf("got %v, want a HELLO", x)
	}
}

// TestCostIsFixed: the cost of a neighbour stays while it is one.
func TestCostIsFixed(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.LinkUp(b.now, 1, 7)
	b.get(1, helloOf("B", 1))
	if got := b.Nodes()[1].Cost; got != 1 {
		t.Errorf("cost is %d, want 1", got)
	}
	b.LinkLost(b.now, 1)
	b.LinkUp(b.now, 1, 7)
	b.get(1, helloOf("B", 1))
	if got := b.Nodes()[1].Cost; got != 7 {
		t.Errorf("cost is %d, want 7", got)
	}
}

func TestNodes(t *testing.T) {
	b := newBench(t)
	b.meet("C", "B")
	b.get(1, lsuOf("C", 1, 2, map[string]int{"A": 1, "D": 4}))
	got := b.Nodes()
	want := []NodeView{
		{ID: "A", ProtocolVersion: 1, Instance: 100, LinkState: []string{"B", "C"}, NextHop: "(self)", Reachable: true, LastTopoChange: b.now},
		{ID: "B", ProtocolVersion: 1, Instance: 1, LinkState: []string{"A"}, ValidOrigins: []string{"C", "D"}, Link: 2, Cost: 1, Reachable: true, Index: 2},
		{ID: "C", ProtocolVersion: 1, Instance: 1, LinkState: []string{"A", "D"}, ValidOrigins: []string{"B"}, Link: 1, Cost: 1, Reachable: true, Index: 1},
		{ID: "D", NextHop: "C", ValidOrigins: []string{"B"}, Cost: 5, Reachable: true, Index: 3},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
