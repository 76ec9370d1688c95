package router

import (
	"io"
	"net"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// hearFlows has an ear hear what a router tells of flows, until the function returned is called.
func hearFlows(r *Router) (*ear, func()) {
	e := &ear{recs: map[string]map[uint32]any{}, keep: true}
	return e, r.core.Subscribe("M"+r.flows.ledger.Address(), false, e.hear)
}

// answering is a server that answers what it gets, and its port.
func answering(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// client connects as soon as that can be done, and says something.
func client(t *testing.T, port, say string) *net.TCPConn {
	t.Helper()
	var c net.Conn
	soon(t, "a listener at "+port, func() (ok bool) {
		var err error
		c, err = new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
		return err == nil
	})
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, say); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// TestRecordsOfFlows has flows go through two routers, and through one that has both ends, and hears of them from where they enter.
func TestRecordsOfFlows(t *testing.T) {
	t.Setenv(siteIDVariable, "")
	inter, in, local, refused := freePort(t), freePort(t), freePort(t), freePort(t)
	server := answering(t)
	far, farEar := runTelling(t, &config.Config{
		Router:    config.Router{ID: "far", Mode: config.ModeInterior},
		Listeners: []config.Listener{{Name: "inter", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: inter}},
		TCPConnectors: []config.TCPConnector{
			{Name: "server", Host: "127.0.0.1", Port: server, Address: "far"}, {Name: "nobody", Host: "127.0.0.1", Port: freePort(t), Address: "refused"},
		},
	})
	near, nearEar := runTelling(t, &config.Config{
		Router:        config.Router{ID: "near", Mode: config.ModeInterior},
		Connectors:    []config.Connector{{Name: "k", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: inter}},
		TCPConnectors: []config.TCPConnector{{Name: "server", Host: "127.0.0.1", Port: server, Address: "near"}},
		TCPListeners: []config.TCPListener{
			{Name: "far", Host: "127.0.0.1", Port: in, Address: "far"}, {Name: "local", Host: "127.0.0.1", Port: local, Address: "near"},
			{Name: "refused", Host: "127.0.0.1", Port: refused, Address: "refused"},
		},
	})
	early := client(t, in, "hello") // nobody listens to flows yet
	if _, err := io.ReadFull(early, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	e, stop := hearFlows(near)
	defer stop()
	id := func(e *ear, typ vanflow.Type, name string) (id any) {
		soon(t, "the record of "+name, func() bool {
			for _, r := range e.find(typ) {
				if r[uint32(vanflow.Name)] == name {
					id = r[1]
				}
			}
			return id != nil
		})
		return id
	}
	flow := func(parent any, what string, ok func(a func(vanflow.Attr) any) bool) {
		t.Helper()
		var last []map[uint32]any
		defer func() {
			if t.Failed() {
				t.Logf("flows: %v", last)
			}
		}()
		soon(t, what, func() bool {
			last = e.find(vanflow.Transport)
			for _, r := range last {
				if r[uint32(vanflow.Parent)] == parent && ok(func(a vanflow.Attr) any { return r[uint32(a)] }) {
					return true
				}
			}
			return false
		})
	}
	passed := func(c *net.TCPConn, n uint64) func(a func(vanflow.Attr) any) bool {
		host, port, _ := net.SplitHostPort(c.LocalAddr().String())
		return func(a func(vanflow.Attr) any) bool {
			return a(vanflow.SourceHost) == host && a(vanflow.SourcePort) == port && a(vanflow.Octets) == n && a(vanflow.OctetsReverse) == n && a(vanflow.Latency) != nil
		}
	}
	toFar, server0 := id(nearEar, vanflow.Listener, "far"), id(farEar, vanflow.Connector, "server")
	flow(toFar, "a flow that was there before", func(a func(vanflow.Attr) any) bool {
		return passed(early, 5)(a) && a(vanflow.Trace) == "0/near" && a(vanflow.ConnectorID) == server0 && a(vanflow.ProxyHost) == "127.0.0.1" &&
			a(vanflow.ProxyPort) != nil && a(vanflow.ProcessLatency) != nil && a(vanflow.EndTime) == nil && a(vanflow.StartTime) != nil
	})
	if _, err := io.WriteString(early, "again"); err != nil {
		t.Fatal(err)
	}
	flow(toFar, "what it has carried since", passed(early, 10))
	_ = early.CloseWrite()
	here := client(t, local, "hello")
	_ = here.CloseWrite()
	client(t, refused, "hello")
	flow(toFar, "its end", func(a func(vanflow.Attr) any) bool {
		return passed(early, 10)(a) && a(vanflow.EndTime) != nil && a(vanflow.ListenerError) == nil && a(vanflow.ConnectorError) == nil
	})
	flow(id(nearEar, vanflow.Listener, "local"), "a flow that stays here", func(a func(vanflow.Attr) any) bool {
		return passed(here, 5)(a) && a(vanflow.Trace) == "Local" && a(vanflow.ConnectorID) == id(nearEar, vanflow.Connector, "server") && a(vanflow.EndTime) != nil
	})
	flow(id(nearEar, vanflow.Listener, "refused"), "a flow that the server refuses", func(a func(vanflow.Attr) any) bool {
		return a(vanflow.EndTime) != nil && a(vanflow.ListenerError) != nil && a(vanflow.ConnectorError) != nil && a(vanflow.ConnectorID) != nil && a(vanflow.ProxyHost) == nil
	})
	link := func(a vanflow.Attr) uint64 {
		if ls := nearEar.find(vanflow.Link); len(ls) == 1 {
			n, _ := ls[0][uint32(a)].(uint64)
			return n
		}
		return 0
	}
	soon(t, "what the link has carried", func() bool { return link(vanflow.Octets) > 1000 && link(vanflow.OctetsReverse) > 1000 })
	for _, m := range far.flows.ledger.Close(far.started) {
		if m.To == far.flows.ledger.Address() {
			t.Error("the router where flows leave tells of its own")
		}
	}
}
