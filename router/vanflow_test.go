package router

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestSiteID(t *testing.T) {
	for _, c := range []struct{ metadata, variable, want string }{
		{"", "", ""}, {`{"id":"m","version":"2"}`, "", "m"}, {`{"id":"m"}`, "e", "e"}, {"", "e", "e"}, {"not json", "", ""}, {`{"id":3}`, "", ""}, {"[]", "", ""},
	} {
		if got := siteID(c.metadata, c.variable); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.metadata, c.variable, got, c.want)
		}
	}
}

func TestTelemetryTreatment(t *testing.T) {
	for addr, want := range map[string]core.Treatment{
		"mc/sfe.all": core.Multicast, "mc/sfe.abcde:0": core.Multicast, "sfe.abcde:0": core.Closest, "vfcr.abcde:0": core.Closest,
		"sfe.": core.Balanced, "mc/other": core.Balanced, "backend": core.Balanced,
	} {
		if got, ok := telemetryTreatment(addr); got != want || ok != (want != core.Balanced) {
			t.Errorf("%s: got %v, %v", addr, got, ok)
		}
	}
}

// ear hears a router's records as a subscriber in its process.
type ear struct {
	mu   sync.Mutex
	keep bool // records that have ended
	recs map[string]map[uint32]any
}

func (e *ear) hear(m core.Incoming) {
	msg, err := message.Parse(m.Body)
	if err != nil || msg.Subject != vanflow.SubjectRecord {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	list, _ := msg.Body.([]any)
	for _, item := range list {
		r, _ := item.(wire.Map)
		id, _ := r[1].Value.(string)
		if e.recs[id] == nil {
			e.recs[id] = map[uint32]any{}
		}
		for _, p := range r {
			k, _ := p.Key.(uint32)
			e.recs[id][k] = p.Value
		}
		if e.recs[id][uint32(vanflow.EndTime)] != nil && !e.keep {
			delete(e.recs, id)
		}
	}
}

// find lists records of a type, by their names and addresses.
func (e *ear) find(typ vanflow.Type) []map[uint32]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []map[uint32]any
	for _, r := range e.recs {
		if r[0] == uint32(typ) {
			out = append(out, maps.Clone(r))
		}
	}
	key := func(r map[uint32]any) string { return fmt.Sprint(r[uint32(vanflow.Name)], r[uint32(vanflow.Address)]) }
	slices.SortFunc(out, func(a, b map[uint32]any) int { return strings.Compare(key(a), key(b)) })
	return out
}

// runTelling runs a router until the test ends.
func runTelling(t *testing.T, cfg *config.Config) (*Router, *ear) {
	t.Helper()
	r, err := New(cfg, Options{Log: zerolog.Nop(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{recs: map[string]map[uint32]any{}}
	r.core.Subscribe("M"+r.flows.source.RecordAddress(), false, e.hear)
	t.Cleanup(func() { // after the router's end
		if n := len(e.recs); n != 0 {
			t.Errorf("%d records have not ended with the router", n)
		}
	})
	run(t, r)
	return r, e
}

// run has a router work until the test ends.
func run(t *testing.T, r *Router) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
}

func soon(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not soon: %s", what)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// TestRecordsOfLinks: what a connector tells of its link names the very record of the listener at the other end, which
// counts links, not connections.
func TestRecordsOfLinks(t *testing.T) {
	t.Setenv(siteIDVariable, "")
	port, clients := freePort(t), freePort(t)
	far := func() *config.Config {
		return &config.Config{Router: config.Router{ID: "far", Mode: config.ModeInterior, Metadata: `{"id":"far-id"}`}, Sites: []config.Site{{Name: "site"}}, Listeners: []config.Listener{
			{Name: "inter", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: port}, {Name: "clients", Host: "127.0.0.1", Port: clients},
		}}
	}
	_, near := runTelling(t, &config.Config{Router: config.Router{ID: "near", Mode: config.ModeInterior}, Connectors: []config.Connector{
		{Name: "k", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: port, Cost: 7}, {Name: "client", Host: "127.0.0.1", Port: clients},
	}})
	link := func() map[uint32]any {
		if ls := near.find(vanflow.Link); len(ls) == 1 { // none of the connector for clients
			return ls[0]
		}
		return nil
	}
	is := func(a vanflow.Attr, want any) bool { return link()[uint32(a)] == want }
	soon(t, "the link is down", func() bool { return is(vanflow.Status, "down") && is(vanflow.DownCount, uint64(1)) })
	if l := link(); l[uint32(vanflow.Name)] != "k" || l[uint32(vanflow.LinkCost)] != uint64(7) || l[uint32(vanflow.Role)] != "inter-router" ||
		l[uint32(vanflow.Peer)] != nil || l[uint32(vanflow.Reason)] == "" || near.find(vanflow.Site) != nil {
		t.Errorf("link %v", l)
	}
	if r := near.find(vanflow.Router); len(r) != 1 || r[0][uint32(vanflow.Name)] != "0/near" || r[0][uint32(vanflow.Parent)] != nil {
		t.Errorf("router %v", r)
	}
	t.Run("up", func(t *testing.T) {
		r, e := runTelling(t, far())
		soon(t, "the link is up", func() bool { return is(vanflow.Status, "up") })
		r.mu.Lock()
		id := r.listeners["inter"].accessID
		r.mu.Unlock()
		if !is(vanflow.Peer, id) || !is(vanflow.Reason, "") {
			t.Errorf("link %v, want the peer %s", link(), id)
		}
		soon(t, "the listener counts one link", func() bool {
			a := e.find(vanflow.RouterAccess)
			return len(a) == 1 && a[0][1] == id && a[0][uint32(vanflow.LinkCount)] == uint64(1)
		})
		if s := e.find(vanflow.Site); len(s) != 1 || s[0][1] != "far-id" || s[0][uint32(vanflow.Name)] != "site" {
			t.Errorf("site %v", s)
		}
		if p := e.find(vanflow.Router)[0][uint32(vanflow.Parent)]; p != "far-id" {
			t.Errorf("the router belongs to %v", p)
		}
	})
	soon(t, "the link is down again", func() bool { return is(vanflow.Status, "down") && is(vanflow.DownCount, uint64(2)) })
}

// TestRecordsOfServices come and go with their entities; a listener with several addresses has one for each.
func TestRecordsOfServices(t *testing.T) {
	r, e := runTelling(t, &config.Config{Router: config.Router{ID: "r"}})
	create := func(entityType, name string, attrs map[string]any) {
		t.Helper()
		if _, err := r.Create(t.Context(), entityType, name, attrs); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(entityType, name string) {
		t.Helper()
		if err := r.Delete(t.Context(), entityType, name); err != nil {
			t.Fatal(err)
		}
	}
	tells := func(want string) {
		t.Helper()
		got := ""
		soon(t, want, func() bool {
			got = ""
			for _, typ := range []vanflow.Type{vanflow.Listener, vanflow.Connector} {
				for _, r := range e.find(typ) {
					got += fmt.Sprintf("%v:%v/%v ", r[0], r[uint32(vanflow.Name)], r[uint32(vanflow.Address)])
				}
			}
			return got == want
		})
	}
	soon(t, "the router tells of itself", func() bool { return len(e.find(vanflow.Router)) == 1 })
	create("tcpListener", "l", map[string]any{"host": "127.0.0.1", "port": freePort(t), "address": "backend"})
	create("tcpConnector", "k", map[string]any{"port": "1", "address": "backend", "processId": "p"})
	tells("4:l/backend 5:k/backend ")
	// The usual host, which need not be named, is told too: who has none is not counted by those who look for servers.
	if k := e.find(vanflow.Connector); len(k) != 1 || k[0][uint32(vanflow.DestHost)] != "127.0.0.1" {
		t.Errorf("connector %v, want its host", k)
	}
	create("tcpListener", "m", map[string]any{"host": "127.0.0.1", "port": freePort(t), "multiAddressStrategy": "priority"})
	create("listenerAddress", "m1", map[string]any{"listener": "m", "address": "one", "value": 1})
	create("listenerAddress", "m2", map[string]any{"listener": "m", "address": "two", "value": 2})
	tells("4:l/backend 4:m/one 4:m/two 5:k/backend ")
	remove("listenerAddress", "m1")
	tells("4:l/backend 4:m/two 5:k/backend ")
	remove("listenerAddress", "m2")
	remove("tcpListener", "m")
	remove("tcpConnector", "k")
	tells("4:l/backend ")
	remove("tcpListener", "l")
	tells("")
}
