package interop

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// Types and attributes of telemetry that the tests look at.
const (
	typeRouter, typeLink, typeListener, typeConnector, typeFlow uint32 = 1, 2, 4, 5, 16

	attrParent, attrEnd, attrSourceHost, attrSourcePort  uint32 = 2, 4, 14, 17
	attrOctets, attrLatency, attrName, attrTrace         uint32 = 23, 24, 30, 31
	attrOctetsReverse, attrConnector, attrProcessLatency uint32 = 58, 60, 61
	attrListenerError, attrConnectorError                uint32 = 64, 65
)

// telemetry is the records that a subscriber at one router has heard, those of flows among them.
type telemetry struct {
	mu      sync.Mutex
	records map[string]map[uint32]any
}

// hearAll subscribes to everything that the sources of the network tell, until the test ends.
func hearAll(t *testing.T, n *routertest.Node) *telemetry {
	t.Helper()
	h := &telemetry{records: map[string]map[uint32]any{}}
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := manage.Connect(ctx, manage.Options{URL: n.URL()})
	if err != nil {
		t.Fatal(err)
	}
	session, err := conn.NewSession(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	t.Cleanup(func() { cancel(); _ = conn.Close(); done.Wait() })
	listen := func(address string, each func(m *amqp.Message)) {
		r, err := session.NewReceiver(ctx, address, &amqp.ReceiverOptions{Credit: 1000})
		if err != nil {
			return // the test is over, or what it waits for does not come
		}
		for {
			m, err := r.Receive(ctx, nil)
			if err != nil {
				return
			}
			each(m)
		}
	}
	known := map[any]bool{}
	done.Go(func() {
		listen("mc/sfe.all", func(m *amqp.Message) {
			id, address := m.ApplicationProperties["id"], m.ApplicationProperties["address"]
			if known[id] {
				return
			}
			known[id] = true
			for _, a := range []string{fmt.Sprint(address), fmt.Sprint(address, ".flows"), fmt.Sprint(address, ".logs")} {
				done.Go(func() { listen(a, h.hear) })
			}
			to := fmt.Sprint(m.ApplicationProperties["direct"])
			done.Go(func() { askAgain(ctx, session, to) })
		})
	})
	return h
}

// askAgain has a source tell all it knows every few seconds: what it tells before the way here is known is lost.
func askAgain(ctx context.Context, session *amqp.Session, to string) {
	flush := "FLUSH"
	s, err := session.NewSender(ctx, to, nil)
	for err == nil {
		err = s.Send(ctx, &amqp.Message{Properties: &amqp.MessageProperties{To: &to, Subject: &flush}}, nil)
		select {
		case <-ctx.Done():
		case <-time.After(3 * time.Second):
		}
	}
}

func (h *telemetry) hear(m *amqp.Message) {
	list, _ := m.Value.([]any)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, item := range list {
		r, _ := item.(map[any]any)
		id, _ := r[uint32(1)].(string)
		if h.records[id] == nil {
			h.records[id] = map[uint32]any{}
		}
		for k, v := range r {
			if a, ok := k.(uint32); ok {
				h.records[id][a] = v
			}
		}
	}
}

// find is the first record of a type for which ok is true.
func (h *telemetry) find(typ uint32, ok func(r map[uint32]any) bool) map[uint32]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(h.records)) {
		if r := h.records[id]; r[0] == typ && ok(r) {
			return maps.Clone(r)
		}
	}
	return nil
}

// await waits for such a record.
func (h *telemetry) await(t *testing.T, what string, typ uint32, ok func(r map[uint32]any) bool) (found map[uint32]any) {
	t.Helper()
	routertest.Eventually(t, 60*time.Second, func(context.Context) error {
		if found = h.find(typ, ok); found == nil {
			var all []string
			h.mu.Lock()
			for id, r := range h.records {
				if r[0] == typ {
					all = append(all, fmt.Sprint(id, r))
				}
			}
			h.mu.Unlock()
			return fmt.Errorf("no %s among %s", what, strings.Join(all, "\n"))
		}
		return nil
	})
	return found
}

func named(name string) func(map[uint32]any) bool {
	return func(r map[uint32]any) bool { return r[attrName] == name }
}

// TestFlowRecords: flows from either make of router to the other are told of by the one where they enter, with what the other one knows; and both tell the
// same things of them.
func TestFlowRecords(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	for _, n := range []*routertest.Node{a, b} {
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
	}
	m.Link("OURS", "REAL")
	m.Link("REAL", "OURS")
	m.Start()
	server, nobody := routertest.BulkServer(t), m.Port()
	heard := map[string]*telemetry{"REAL": hearAll(t, a), "OURS": hearAll(t, b)}
	for _, n := range []*routertest.Node{a, b} {
		n.Connect("out-"+n.ID, "at-"+n.ID, server.Port)
		n.Connect("nobody-"+n.ID, "refused-"+n.ID, nobody)
	}
	keys := map[string]map[string][]uint32{}
	for _, pair := range [][2]*routertest.Node{{a, b}, {b, a}} {
		n, o := pair[0], pair[1]
		addr, vain := n.Listen("to-"+o.ID, "at-"+o.ID), n.Listen("vain-"+o.ID, "refused-"+o.ID)
		n.AwaitListener("to-"+o.ID, true)
		n.AwaitListener("vain-"+o.ID, true)
		for at, h := range heard { // or else what a real router tells of flows is not the whole of it
			h.await(t, "listener of "+n.ID+" at "+at, typeListener, named("to-"+o.ID))
		}
		if err := routertest.Bulk(t.Context(), addr, 1000, 2000); err != nil {
			t.Error(err)
		}
		if err := routertest.Bulk(t.Context(), vain, 1000, 2000); err == nil {
			t.Error("there is a server where none is")
		}
		keys[n.ID] = map[string][]uint32{}
		for at, h := range heard {
			in := h.await(t, "listener", typeListener, named("to-"+o.ID))
			out := h.await(t, "connector", typeConnector, named("out-"+o.ID))
			f := h.await(t, "flow of "+n.ID+" at "+at, typeFlow, func(r map[uint32]any) bool { return r[attrParent] == in[1] && r[attrEnd] != nil })
			// A head of 16 octets goes before what is asked for, and a checksum of 32 after what is sent.
			if f[attrOctets] != uint64(1016) || f[attrOctetsReverse] != uint64(2032) || f[attrConnector] != out[1] || f[attrTrace] != "0/"+n.ID ||
				f[attrSourceHost] != "127.0.0.1" || f[attrListenerError] != nil || f[attrConnectorError] != nil {
				t.Errorf("at %s the flow of %s is %v", at, n.ID, f)
			}
			keys[n.ID][at] = slices.Sorted(maps.Keys(f))
			in = h.await(t, "listener", typeListener, named("vain-"+o.ID))
			h.await(t, "refused flow of "+n.ID+" at "+at, typeFlow, func(r map[uint32]any) bool {
				return r[attrParent] == in[1] && r[attrEnd] != nil && r[attrConnectorError] != nil
			})
		}
	}
	for at := range heard {
		if !slices.Equal(keys["REAL"][at], keys["OURS"][at]) {
			t.Errorf("at %s, flows that enter at the real router have attributes\n%v, at ours\n%v", at, keys["REAL"][at], keys["OURS"][at])
		}
	}
	for at, h := range heard {
		links := map[string][]uint32{}
		for _, name := range []string{"REAL-OURS", "OURS-REAL"} {
			l := h.await(t, "link "+name+" at "+at, typeLink, func(r map[uint32]any) bool {
				sent, _ := r[attrOctets].(uint64)
				got, _ := r[attrOctetsReverse].(uint64)
				return r[attrName] == name && sent > 2000 && got > 2000
			})
			for _, a := range []uint32{attrLatency, 28, 29, 56} { // ours tells the first, too; the others are of links that were down once
				delete(l, a)
			}
			links[name] = slices.Sorted(maps.Keys(l))
		}
		if !slices.Equal(links["REAL-OURS"], links["OURS-REAL"]) {
			t.Errorf("at %s, links of the real router have attributes\n%v, ours\n%v", at, links["REAL-OURS"], links["OURS-REAL"])
		}
	}
}

// TestFlowRecordsOfEdges: flows that enter or leave at an edge router of either make, behind an interior one of the other, are told of as a whole, but for
// those that leave at a real edge router: that does not tell its half even to a real one.
func TestFlowRecordsOfEdges(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	ea, eb := m.AddEdge("REALEDGE", real), m.AddEdge("OURSEDGE", ours)
	m.Link("OURS", "REAL")
	m.Link("REALEDGE", "OURS")
	m.Link("OURSEDGE", "REAL")
	nodes := []*routertest.Node{a, b, ea, eb}
	for _, n := range nodes {
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
	}
	m.Start()
	server := routertest.BulkServer(t)
	heard := map[string]*telemetry{"REAL": hearAll(t, a), "OURS": hearAll(t, b)}
	for _, n := range nodes {
		n.Connect("out-"+n.ID, "at-"+n.ID, server.Port)
	}
	ways := [][2]*routertest.Node{{ea, b}, {eb, a}, {b, ea}, {a, eb}, {ea, eb}, {eb, ea}, {ea, a}, {b, eb}}
	keys := map[bool][]uint32{}
	for _, way := range ways {
		from, to := way[0], way[1]
		name := "from-" + from.ID + "-to-" + to.ID
		addr := from.Listen(name, "at-"+to.ID)
		from.AwaitListener(name, true)
		for at, h := range heard {
			h.await(t, "listener of "+from.ID+" at "+at, typeListener, named(name))
			h.await(t, "connector of "+to.ID+" at "+at, typeConnector, named("out-"+to.ID))
		}
		routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, 1000, 2000) })
		for at, h := range heard {
			in, out := h.await(t, "listener", typeListener, named(name)), h.await(t, "connector", typeConnector, named("out-"+to.ID))
			f := h.await(t, "whole flow "+name+" at "+at, typeFlow, func(r map[uint32]any) bool {
				return r[attrParent] == in[1] && r[attrEnd] != nil && r[attrListenerError] == nil && r[attrConnectorError] == nil
			})
			if f[attrOctets] != uint64(1016) || f[attrOctetsReverse] != uint64(2032) || f[attrSourceHost] != "127.0.0.1" || to != ea && f[attrConnector] != out[1] {
				t.Errorf("at %s the flow %s is %v", at, name, f)
			}
			t.Logf("at %s the flow %s came by %v", at, name, f[attrTrace])
			got := slices.Sorted(maps.Keys(f))
			if want := keys[to == ea]; want == nil {
				keys[to == ea] = got
			} else if !slices.Equal(got, want) {
				t.Errorf("at %s the flow %s has attributes\n%v, others\n%v", at, name, got, want)
			}
		}
	}
}
