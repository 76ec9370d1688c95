package core

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestEdgeKey(t *testing.T) {
	for addr, want := range map[string]string{
		"backend": "Mbackend", "amqp:/backend": "Mbackend", "mc/sfe.all": "Mmc/sfe.all", "_local/x": "Lx",
		"amqp:/_edge/me/$management": "L$management", "amqp:/_edge/me/temp.abc": "Ltemp.abc", "_edge/me/temp.abc/": "Ltemp.abc",
		"_edge/other/$management": upKey, "_topo/0/me/$management": upKey, "_topo/0/other/x": upKey, "_topo/0/all/qdrouter": upKey, "_topo/7/x/y": upKey,
	} {
		if got := edgeKey("me", addr); got != want {
			t.Errorf("%s: got %q, want %q", addr, got, want)
		}
	}
}

// The octets of what edge and interior routers tell each other besides messages of others.
func TestEdgeMessages(t *testing.T) {
	edge := New(Config{ID: "E", Control: noControl{}, Edge: true})
	edge.up.mesh = "NRkMG3irf+o22hT"
	ann := edge.annotate(message.Annotations{Ingress: "0/x", HasIngress: true, Trace: []string{"0/x"}})
	if got, want := hex.EncodeToString(ann), "0080534b50522d2d5241d0000000190000000543404045a10f"+hex.EncodeToString([]byte(edge.up.mesh)); got != want {
		t.Errorf("annotations of an edge router:\ngot  %s\nwant %s", got, want)
	}
	m := append(quiet("A").annotate(message.Annotations{}), tracked("Mecho:8080", true)...)
	if len(m) != 78 {
		t.Errorf("a tracking message has %d octets, want 78: %x", len(m), m)
	}
	for _, c := range []struct {
		key  string
		up   bool
		body []byte
		ok   bool
	}{
		{"Mecho:8080", true, tracked("Mecho:8080", true), true},
		{"Mx", false, tracked("Mx", false), true},
		{"", false, nil, false},
		{"", false, []byte{0, 0x53, 0x77, 0x45}, false},                      // no elements
		{"", false, []byte{0, 0x53, 0x77, 0xa1, 1, 'x'}, false},              // no list
		{"", false, tracked("Mx", true)[:len(tracked("Mx", true))-1], false}, // cut short
	} {
		key, up, ok := parseTracked(c.body)
		if ok != c.ok || ok && (key != c.key || up != c.up) {
			t.Errorf("%x: got %q, %v, %v", c.body, key, up, ok)
		}
	}
}

// What leads only back to where it came from is no destination.
func TestCanSend(t *testing.T) {
	k := quiet("me")
	neighbours(k, map[string]int{"b": 1})
	e, f := &Connection{core: k, role: Edge, mesh: "EEEEEEEEEEEEEEE"}, &Connection{core: k, role: Edge, mesh: "FFFFFFFFFFFFFFF"}
	client := &Connection{core: k}
	for _, c := range []struct {
		name string
		set  func(a *Address)
		want [3]bool // from e, f and a client
	}{
		{"nothing", func(*Address) {}, [3]bool{}},
		{"e", func(a *Address) { a.locals = []*link{{cn: e}} }, [3]bool{false, true, true}},
		{"e and f", func(a *Address) { a.locals = []*link{{cn: e}, {cn: f}} }, [3]bool{true, true, true}},
		{"client", func(a *Address) { a.locals = []*link{{cn: client}} }, [3]bool{true, true, true}},
		{"process", func(a *Address) { a.consumers = []*consumer{{}} }, [3]bool{true, true, true}},
		{"router", func(a *Address) { k.AddRemote("b", a.Key, Balanced, "") }, [3]bool{true, true, true}},
		{"router with e", func(a *Address) { k.AddRemote("b", a.Key, Balanced, e.mesh) }, [3]bool{false, true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := k.address("M" + c.name)
			c.set(a)
			k.changed(a)
			for i, cn := range []*Connection{e, f, client} {
				if got := a.canSend(cn); got != c.want[i] {
					t.Errorf("from %d: got %v", i, got)
				}
				from := entry{cn: cn, mesh: cn.mesh}
				if got := name(k.choose(a, from), nil); (got != "none") != c.want[i] && len(a.remotes) == 0 {
					t.Errorf("from %d: chose %s", i, got)
				}
				a.Treatment = Closest
				if got := k.choose(a, from) != (choice{}); got != c.want[i] {
					t.Errorf("from %d: closest finds %v", i, got)
				}
				a.Treatment = Balanced
				if got := k.choose(a, from) != (choice{}); got != c.want[i] {
					t.Errorf("from %d: balanced finds %v", i, got)
				}
			}
		})
	}
}

// meshControl notes the meshes that addresses are advertised with.
type meshControl struct {
	noControl
	mesh map[string]string
}

func (m meshControl) LocalMesh(key, mesh string) { m.mesh[key] = mesh }

func TestSoleMesh(t *testing.T) {
	told := meshControl{mesh: map[string]string{}}
	k := New(Config{ID: "me", Control: told, Default: Balanced})
	e := &Connection{core: k, role: Edge, mesh: "EEEEEEEEEEEEEEE"}
	f := &Connection{core: k, role: Edge, mesh: "FFFFFFFFFFFFFFF"}
	a := k.address("Mx")
	for i, c := range []struct {
		locals []*link
		want   string
	}{
		{[]*link{{cn: e}}, e.mesh},
		{[]*link{{cn: e}, {cn: e}}, e.mesh},
		{[]*link{{cn: e}, {cn: f}}, ""},
		{[]*link{{cn: f}}, f.mesh},
		{[]*link{{cn: f}, {cn: &Connection{}}}, ""},
		{[]*link{{cn: f}}, f.mesh},
	} {
		a.locals = c.locals
		k.changed(a)
		if told.mesh["Mx"] != c.want {
			t.Errorf("%d: told %q, want %q", i, told.mesh["Mx"], c.want)
		}
	}
}

// edgePeer plays an edge router at the core under test.
func edgePeer(t *testing.T) (*Core, *neighbour) {
	t.Helper()
	c, n, _ := joined(t, Edge, generous)
	n.await("open", func(e conn.Event) bool { return e.Kind == conn.Opened })
	return c, n
}

func (n *neighbour) open(role frame.Role, s *frame.Source, g *frame.Target, capacity uint32) (l *conn.Link) {
	n.t.Helper()
	n.peer.Do(func(k *conn.Conn) {
		var err error
		if l, err = k.OpenLink(conn.ClassEndpoint, Discriminator(), role, s, g, capacity, nil); err != nil {
			n.t.Error(err)
		}
	})
	return l
}

// refused waits for the end of a link that may not be made.
func (n *neighbour) refused(l *conn.Link) {
	n.t.Helper()
	n.await("refusal", func(e conn.Event) bool { return e.Kind == conn.LinkGone && e.Link == l })
}

func TestEdgeLinksRefused(t *testing.T) {
	_, n := edgePeer(t)
	n.refused(n.open(frame.RoleReceiver, &frame.Source{}, &frame.Target{}, 1))
	n.refused(n.open(frame.RoleReceiver, &frame.Source{Dynamic: true}, &frame.Target{}, 1))
	n.refused(n.open(frame.RoleReceiver, &frame.Source{Address: "_local/x", HasAddress: true}, &frame.Target{}, 1))
	n.refused(n.open(frame.RoleReceiver, &frame.Source{Address: "_topo/0/all/qdrouter", HasAddress: true}, &frame.Target{}, 1))
	n.refused(n.open(frame.RoleSender, &frame.Source{}, &frame.Target{Dynamic: true}, 0))
	// The name of another edge router.
	n.refused(n.open(frame.RoleReceiver, &frame.Source{Address: "other", HasAddress: true, Capabilities: []wire.Symbol{edgeDownlink}}, &frame.Target{}, 1))
	for range 2 { // the second one
		l := n.open(frame.RoleReceiver, &frame.Source{Address: edgeTracking, HasAddress: true}, &frame.Target{}, 1)
		n.await("answer", func(e conn.Event) bool { return e.Kind == conn.LinkAnswered && e.Link == l })
	}
	n.await("refusal", func(e conn.Event) bool { return e.Kind == conn.LinkGone && e.Link.Peer().Source == nil })
}

// An edge router with many listeners and little credit hears of every address, however many change at once.
func TestTrackingManyAddresses(t *testing.T) {
	c, n := edgePeer(t)
	const count = limits.MaxQueued + 500
	for i := range count {
		n.open(frame.RoleSender, &frame.Source{}, &frame.Target{Address: fmt.Sprint("a", i), HasAddress: true}, 0)
	}
	down := n.open(frame.RoleReceiver, &frame.Source{Address: "n", HasAddress: true, Capabilities: []wire.Symbol{edgeDownlink}}, &frame.Target{}, 250)
	n.await("downlink", func(e conn.Event) bool { return e.Kind == conn.LinkAnswered && e.Link == down })
	tracking := n.open(frame.RoleReceiver, &frame.Source{Address: edgeTracking, HasAddress: true}, &frame.Target{}, 32)
	n.await("tracking link", func(e conn.Event) bool { return e.Kind == conn.LinkAnswered && e.Link == tracking })
	var cancel []func()
	for i := range count {
		cancel = append(cancel, c.Subscribe(fmt.Sprint("Ma", i), true, func(Incoming) {}))
	}
	heard := func(state string) int {
		n.mu.Lock()
		defer n.mu.Unlock()
		all := map[string]bool{}
		for _, e := range n.evs {
			if e.Kind != conn.Octets || e.Link != tracking {
				continue
			}
			_, at, _, _, err := message.ParseAnnotations(e.Payload)
			if key, up, ok := parseTracked(e.Payload[at:]); err == nil && ok {
				all[key+fmt.Sprint(up)] = true
			}
		}
		found := 0
		for k := range all {
			if strings.HasSuffix(k, state) {
				found++
			}
		}
		return found
	}
	n.await("all reachable", func(conn.Event) bool { return true })
	settle := func(state string) {
		t.Helper()
		seen := map[*conn.InDelivery]bool{}
		n.eventually(func() bool {
			n.mu.Lock()
			var fresh []*conn.InDelivery
			for _, e := range n.evs {
				if e.Kind == conn.Octets && e.Link == tracking && !seen[e.In] {
					seen[e.In] = true
					fresh = append(fresh, e.In)
				}
			}
			n.mu.Unlock()
			for _, d := range fresh {
				n.peer.Update(d, &frame.Accepted{}, true)
			}
			return heard(state) == count
		})
	}
	settle("true")
	for _, f := range cancel {
		f()
	}
	settle("false")
}
