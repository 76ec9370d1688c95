package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// noControl is a control plane that has nothing to say.
type noControl struct{}

func (noControl) LinkUp(int, int, string)        {}
func (noControl) LinkLost(int)                   {}
func (noControl) Receive(int, []byte)            {}
func (noControl) LocalAdded(string, Treatment)   {}
func (noControl) LocalRemoved(string)            {}
func (noControl) LocalMesh(string, string)       {}
func (noControl) Flood(string, int, []byte) bool { return true }
func (noControl) Deadline() time.Time            { return time.Now().Add(time.Hour) }
func (noControl) Tick(time.Time)                 {}

func quiet(id string) *Core {
	return New(Config{ID: id, Log: zerolog.Nop(), Control: noControl{}, Default: Balanced})
}

// neighbours makes routers that are reached over connections of their own, by cost; "a" passes over "b" when it is "b/a".
func neighbours(c *Core, costs map[string]int) map[string]*Connection {
	cns := map[string]*Connection{}
	n := 0
	for _, id := range sortedKeys(costs) {
		n++
		cns[id] = &Connection{ID: uint64(n), core: c, role: InterRouter, remote: &frame.Open{ContainerID: id}}
		c.links[n] = cns[id]
		c.SetNode(id, n, "", costs[id], []string{"far"})
	}
	return cns
}

func name(ch choice, cns map[string]*Connection) string {
	switch {
	case ch.consumer != nil:
		return fmt.Sprint("local", ch.consumer.capacity)
	case ch.link != nil:
		return "client"
	}
	for id, cn := range cns {
		if cn == ch.hop {
			return id
		}
	}
	return "none"
}

func TestBalanced(t *testing.T) {
	for _, c := range []struct {
		name   string
		local  []int32 // open streams of local connectors with capacity 5, 6, ...
		remote map[string]int
		out    map[string]int32
		origin string
		want   string
	}{
		{"nothing", nil, nil, nil, "", "none"},
		{"idle-local-wins", []int32{0}, map[string]int{"b": 1}, nil, "", "local5"},
		{"second-local-is-idle", []int32{3, 0}, map[string]int{"b": 1}, nil, "", "local6"},
		{"busy-local-against-near-router", []int32{2}, map[string]int{"b": 1}, nil, "", "b"},
		{"busy-local-against-far-router", []int32{2}, map[string]int{"b": 10}, nil, "", "local5"},
		{"full-local-against-any-router", []int32{3}, map[string]int{"b": 10000}, nil, "", "b"},
		{"full-local-against-full-router", []int32{5}, map[string]int{"b": 1}, map[string]int32{"b": 250}, "", "local5"},
		{"full-local-alone", []int32{7}, nil, nil, "", "local5"},
		{"cost-is-a-head-start", nil, map[string]int{"b": 1, "c": 5}, map[string]int32{"b": 3}, "", "b"},
		{"until-it-is-used-up", nil, map[string]int{"b": 1, "c": 5}, map[string]int32{"b": 5}, "", "c"},
		{"not-valid-for-origin", nil, map[string]int{"b": 1}, nil, "elsewhere", "none"},
		{"valid-for-origin", nil, map[string]int{"b": 1}, nil, "far", "b"},
		{"unknown-origin-does-not-matter-here", []int32{2}, map[string]int{"b": 1}, nil, "elsewhere", "local5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := quiet("me")
			cns := neighbours(k, c.remote)
			a := k.address("Mx")
			for i, open := range c.local {
				s := &consumer{capacity: 5 + i}
				s.open.Store(open)
				a.consumers = append(a.consumers, s)
			}
			for id := range c.remote {
				k.AddRemote(id, "Mx", Balanced, "")
			}
			for id, n := range c.out {
				a.count(cns[id]).Store(n)
			}
			for range 4 { // wherever the rotation stands
				if got := name(k.choose(a, entry{origin: c.origin}), cns); got != c.want {
					t.Errorf("chose %s, want %s", got, c.want)
				}
			}
		})
	}
}

func TestClosest(t *testing.T) {
	k := quiet("me")
	cns := neighbours(k, map[string]int{"b": 2, "c": 2, "d": 3})
	a := k.address("Mx")
	a.Treatment = Closest
	if got := name(k.choose(a, entry{}), cns); got != "none" {
		t.Errorf("chose %s of nothing", got)
	}
	for id := range cns {
		k.AddRemote(id, "Mx", Closest, "")
	}
	got := map[string]int{}
	for range 20 {
		got[name(k.choose(a, entry{}), cns)]++
	}
	if got["b"] != 10 || got["c"] != 10 {
		t.Errorf("two routers of equal cost get %v", got)
	}
	k.NodeDown("b")
	k.NodeDown("c")
	if got := name(k.choose(a, entry{}), cns); got != "d" {
		t.Errorf("the only router that is up is d, chose %s", got)
	}
	if got := name(k.choose(a, entry{origin: "elsewhere"}), cns); got != "none" {
		t.Errorf("chose %s for an origin that does not come by here", got)
	}
	a.locals = append(a.locals, &link{cn: &Connection{}})
	if got := name(k.choose(a, entry{}), cns); got != "client" {
		t.Errorf("chose %s although there is a client here", got)
	}
}

// Copies go to each neighbour once, and not back to where the message has been.
func TestFanout(t *testing.T) {
	k := quiet("me")
	cns := neighbours(k, map[string]int{"b": 1, "c": 1, "d": 1})
	k.SetNode("e", 0, "b", 2, []string{"far"}) // behind b
	k.SetNode("far", 0, "d", 2, nil)
	for _, id := range []string{"b", "c", "e"} {
		k.AddRemote(id, "Mx", Multicast, "")
	}
	for _, c := range []struct {
		name  string
		key   string
		trace []string
		flood bool
		want  string
	}{
		{"from-here", "Mx", nil, false, "b c"},
		{"from-far", "Mx", []string{"0/far"}, false, "b c"},
		{"has-been-at-b", "Mx", []string{"0/far", "0/b"}, false, "c"},
		{"origin-unknown", "Mx", []string{"0/stranger"}, false, ""},
		{"origin-not-valid", "Mx", []string{"0/d"}, false, ""},
		{"control-to-all", "Tqdrouter.ma", nil, true, "b c d"},
		{"control-while-converging", "Tqdrouter", []string{"0/stranger"}, true, "b c d"},
		{"control-has-been-at-c", "Tqdrouter", []string{"0/stranger", "0/c"}, true, "b d"},
	} {
		d := &Delivery{core: k}
		d.ann.Trace = c.trace
		got := ""
		hops := k.fanout(d, c.key, k.addrs[c.key], c.flood)
		for _, id := range sortedKeys(cns) {
			for _, h := range hops {
				if h == cns[id] {
					got += " " + id
				}
			}
		}
		if got = fmt.Sprint(got); len(hops)*2 != len(got) || got != "" && got[1:] != c.want || got == "" && c.want != "" {
			t.Errorf("%s: to%s, want %s", c.name, got, c.want)
		}
	}
}

// What left to a connection that is no link between routers is in the sum, and not in the list by link.
func TestOutstandingWithoutLink(t *testing.T) {
	k := quiet("me")
	cns := neighbours(k, map[string]int{"b": 1})
	a := k.address("Mx")
	cns["b"].controlNo = 1
	a.count(cns["b"]).Add(1)
	a.count(&Connection{core: k, role: Edge}).Add(2)
	v := k.Addresses()
	if len(v) != 1 || v[0].Outstanding != 3 || v[0].OutstandingByLink[0] != 0 || v[0].OutstandingByLink[cns["b"].controlNo] != 1 {
		t.Errorf("got %+v", v)
	}
}
