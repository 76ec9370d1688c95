package manage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/agent"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// node is a peer that answers from a store.
func node(t *testing.T, s *store) peer {
	a := agent.New(s)
	return peer{t: t, answer: func(req []byte) [][]byte {
		_, reply, ok := a.Handle(t.Context(), req)
		if !ok {
			return nil
		}
		return [][]byte{reply}
	}}
}

func TestEntityLife(t *testing.T) {
	ctx := t.Context()
	c := node(t, newStore()).dial(Options{})
	if err := c.Create(ctx, "tcpListener", "L", map[string]any{"address": "a", "port": 8080, "name": "L"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Update(ctx, "io.skupper.router.tcpListener", "L", map[string]any{"observer": "none"}); err != nil {
		t.Fatal(err)
	}
	row, err := c.Read(ctx, "tcpListener", "L")
	if err != nil || row["port"] != "8080" || row["observer"] != "none" || row["backlog"] != int64(0) {
		t.Errorf("got %v, %v", row, err)
	}
	rows, err := c.Query(ctx, "tcpListener", "name", "siteId")
	if err != nil || !reflect.DeepEqual(rows, []map[string]any{{"name": "L", "siteId": nil}}) {
		t.Errorf("got %v, %v", rows, err)
	}
	if err := c.Delete(ctx, "tcpListener", "L"); err != nil {
		t.Fatal(err)
	}
	err = c.Delete(ctx, "tcpListener", "L")
	if !IsNotFound(err) || err.Error() != `DELETE tcpListener "L": the router answered 404: No entity with name=L` {
		t.Errorf("got %v", err)
	}
	err = c.Update(ctx, "router", "router/A", nil)
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 501 || status.Op != "UPDATE" || status.Type != "router" || status.Name != "router/A" {
		t.Errorf("got %#v", err)
	}
}

// TestManyRequests goes beyond the credit that replies have.
func TestManyRequests(t *testing.T) {
	c := node(t, newStore()).dial(Options{})
	for range 5 * replyCredit {
		if _, err := c.Routers(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPages(t *testing.T) {
	for _, n := range []int{0, 1, PageRows - 1, PageRows, PageRows + 1, 2 * PageRows, 2*PageRows + 1} {
		s := newStore()
		s.fill(n)
		for name, drop := range map[string]bool{"paging": false, "not paging": true} {
			p := node(t, s)
			answer := p.answer
			if drop { // as skupper-router does for most types
				p.answer = func(req []byte) [][]byte {
					return answer(bytes.ReplaceAll(bytes.ReplaceAll(req, []byte("count"), []byte("cOunt")), []byte("offset"), []byte("oFfset")))
				}
			}
			got, err := p.dial(Options{}).TCPConnectors(t.Context())
			if err != nil || len(got) != n || n > 0 && got[n-1].Name != fmt.Sprintf("c%d", n-1) {
				t.Errorf("%s: got %d rows, %v; want %d", name, len(got), err, n)
			}
		}
	}
}

func TestConfigAndApply(t *testing.T) {
	ctx, s := t.Context(), newStore()
	c := node(t, s).dial(Options{})
	live, err := c.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Parse([]byte(`[["router",{"id":"A","mode":"interior","metadata":"{\"id\":\"s\"}","helloMaxAgeSeconds":"3"}],
		["address",{"prefix":"mc","distribution":"multicast"}],["log",{"module":"SERVER","enable":"debug+"}]]`))
	if err != nil {
		t.Fatal(err)
	}
	if d := config.Diff(live, want); !d.Empty() {
		t.Errorf("what is read back differs: %+v", d)
	}
	want, err = config.Parse([]byte(`[["router",{"id":"A","mode":"interior","metadata":"{\"id\":\"s\"}"}],
		["address",{"prefix":"mc","distribution":"multicast"}],["log",{"module":"SERVER","enable":"error+"}],
		["proxyProfile",{"name":"p","host":"h","port":1,"password":"s3cret"}],
		["sslProfile",{"name":"s","ordinal":1}],["connector",{"name":"c","role":"edge","port":2,"cost":3,"sslProfile":"s"}],
		["tcpListener",{"name":"l","port":"3","multiAddressStrategy":"weighted"}],["listenerAddress",{"name":"la","value":0,"listener":"l","address":"x"}],
		["tcpConnector",{"name":"t","port":"4","address":"x","verifyHostname":false}]]`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(ctx, config.Diff(live, want)); err != nil {
		t.Fatal(err)
	}
	order := "~ log log/SERVER,+ sslProfile s,+ proxyProfile p,+ connector c,+ tcpConnector t,+ tcpListener l,+ listenerAddress la"
	if got := strings.Join(s.calls, ","); got != order {
		t.Errorf("got calls %s\nwant %s", got, order)
	}
	again, err := c.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := config.Diff(again, want); !d.Empty() {
		t.Errorf("after the changes there are more: %+v", d)
	}
	if again.ProxyProfiles[0].Password != config.Hidden {
		t.Errorf("the password is told: %q", again.ProxyProfiles[0].Password)
	}
}

// TestApplyGoesOn checks that a refusal does not stop what comes after it, and that all are reported.
func TestApplyGoesOn(t *testing.T) {
	s := newStore()
	c := node(t, s).dial(Options{})
	conn := func(name, port string) config.Entity {
		return config.Entity{Type: "tcpConnector", Attributes: map[string]any{"name": name, "port": port, "address": "a"}}
	}
	err := c.Apply(t.Context(), config.Changes{
		Deleted: []config.Entity{conn("gone", "1")},
		Created: []config.Entity{conn("one", "13"), conn("two", "1"), conn("three", "0"), conn("four", "2")},
	})
	if err == nil || !strings.Contains(err.Error(), `CREATE tcpConnector "one": the router answered 500: unlucky`) ||
		!strings.Contains(err.Error(), `CREATE tcpConnector "three": the router answered 400`) || strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v", err)
	}
	if len(s.rows["tcpConnector"]) != 2 {
		t.Errorf("got %v", s.rows["tcpConnector"])
	}
}

func TestTimeout(t *testing.T) {
	c := peer{t: t, answer: func([]byte) [][]byte { return nil }}.dial(Options{Timeout: 200 * time.Millisecond})
	_, err := c.Query(t.Context(), "router")
	var late *TimeoutError
	if !errors.As(err, &late) || !strings.Contains(err.Error(), "QUERY router: no answer from the router within 200ms") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Query(ctx, "router"); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*TimeoutError)) {
		t.Errorf("the caller's own limit reads as %v", err)
	}
}

// TestLateReply checks that the reply to a request that was given up is not taken for the next one's.
func TestLateReply(t *testing.T) {
	p := node(t, newStore())
	answer, first := p.answer, [][]byte(nil)
	p.answer = func(req []byte) [][]byte {
		if first == nil {
			first = answer(req)
			return nil
		}
		return append(first, answer(req)...)
	}
	c := p.dial(Options{Timeout: time.Second})
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Query(short, "log", "module"); err == nil {
		t.Fatal("got a reply to the first request")
	}
	rows, err := c.Query(t.Context(), "router", "id")
	if err != nil || len(rows) != 1 || rows[0]["id"] != "A" {
		t.Errorf("got %v, %v", rows, err)
	}
}

// raw is a peer that answers with the given body.
func raw(t *testing.T, body func(m *message.Message) []byte) *Client {
	return peer{t: t, frameSize: 60_000, answer: func(req []byte) [][]byte {
		m, err := message.Parse(req)
		if err != nil {
			return nil
		}
		head := message.Message{CorrelationID: m.CorrelationID, AppProps: wire.Map{{Key: "statusCode", Value: int32(200)}, {Key: "statusDescription", Value: "OK"}}}
		b, err := head.Append(nil)
		if err != nil {
			return nil
		}
		return [][]byte{append(b, body(m)...)}
	}}.dial(Options{Timeout: 5 * time.Second})
}

// TestHostileReplies checks that a router cannot harm its client.
func TestHostileReplies(t *testing.T) {
	value := []byte{0x00, 0x53, 0x77}
	tests := []struct {
		name, want string
		body       []byte
	}{
		{"nested descriptors", "data from the router", append(value, bytes.Repeat([]byte{0}, 1<<20)...)},
		{"nested described values", "data from the router", append(append(value, bytes.Repeat([]byte{0, 0x53, 1}, 1<<20)...), 0x40)},
		{"nested lists", "data from the router", append(value, nestedLists(1<<20)...)},
		{"list longer than it is", "data from the router", append(value, 0xd0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40)},
		{"endless", "more than", append(append(value, 0xb0, 0x7f, 0, 0, 0), make([]byte, MaxReply+1)...)},
		{"no table", "QUERY router: the reply's body is not a map", append(value, 0x41)},
		{"names are a number", "the reply has no table", append(value, 0xc1, 18, 2, 0xa1, 14, 'a', 't', 't', 'r', 'i', 'b', 'u', 't', 'e', 'N', 'a', 'm', 'e', 's', 0x44)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := raw(t, func(*message.Message) []byte { return tt.body })
			rows, err := c.Query(t.Context(), "router")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want %q", rows, err, tt.want)
			}
		})
	}
}

func nestedLists(n int) (b []byte) {
	for i := range n {
		b = append(b, 0xd0)
		b = binary.BigEndian.AppendUint32(b, uint32((n-i-1)*9+5))
		b = binary.BigEndian.AppendUint32(b, 1)
	}
	return append(b, 0x40)
}

func TestTable(t *testing.T) {
	tests := []struct {
		name string
		body any
		rows int
		want string
	}{
		{"empty", map[string]any{}, 0, ""},
		{"one", map[string]any{"attributeNames": []string{"a"}, "results": []any{[]any{int32(1)}}}, 1, ""},
		{"short row", map[string]any{"attributeNames": []any{"a", "b"}, "results": []any{[]any{int32(1)}}}, 1, ""},
		{"long row", map[string]any{"attributeNames": []any{"a"}, "results": []any{[]any{1, 2}}}, 0, "row 0 does not match"},
		{"row is a map", map[string]any{"attributeNames": []any{"a"}, "results": []any{map[string]any{}}}, 0, "row 0 does not match"},
		{"column is a number", map[string]any{"attributeNames": []any{int32(1)}, "results": []any{[]any{1}}}, 0, "column 0 has no name"},
		{"results are a text", map[string]any{"attributeNames": []any{"a"}, "results": "x"}, 0, "no table"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := table(tt.body)
			if len(rows) != tt.rows || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", rows, err)
			}
		})
	}
}

func TestViews(t *testing.T) {
	s := newStore()
	s.rows["connection"] = []map[string]any{{"name": "connection/x", "identity": "4", "role": "edge", "dir": "in", "container": "E", "active": true,
		"uptimeSeconds": 3, "properties": map[string]any{"qd.version": "v"}, "operStatus": "up"}}
	s.rows["router.node"] = []map[string]any{{"id": "B", "cost": 2, "linkState": []string{"A", "C"}, "nextHop": nil}}
	s.rows["router.address"] = []map[string]any{{"key": "Mecho", "subscriberCount": uint32(1), "remoteCount": 2, "remoteHostRouters": []any{"B", "C"}, "deliveriesEgress": uint64(9)}}
	c := node(t, s).dial(Options{})
	conns, err := c.Connections(t.Context())
	if err != nil || !reflect.DeepEqual(conns, []Connection{{Name: "connection/x", Identity: "4", Role: "edge", Dir: "in", Container: "E", Active: true,
		UptimeSeconds: 3, Properties: map[string]any{"qd.version": "v"}, OperStatus: "up"}}) {
		t.Errorf("got %+v, %v", conns, err)
	}
	nodes, err := c.Nodes(t.Context())
	if err != nil || !reflect.DeepEqual(nodes, []Node{{ID: "B", Cost: 2, LinkState: []string{"A", "C"}}}) {
		t.Errorf("got %+v, %v", nodes, err)
	}
	addrs, err := c.Addresses(t.Context())
	if err != nil || !reflect.DeepEqual(addrs, []Address{{Key: "Mecho", Subscribers: 1, Remotes: 2, RemoteHostRouters: []string{"B", "C"}, DeliveriesEgress: 9}}) {
		t.Errorf("got %+v, %v", addrs, err)
	}
	for name, list := range map[string]func() (int, error){
		"listeners":  func() (int, error) { l, err := c.Listeners(t.Context()); return len(l), err },
		"connectors": func() (int, error) { l, err := c.Connectors(t.Context()); return len(l), err },
		"tcp":        func() (int, error) { l, err := c.TCPListeners(t.Context()); return len(l), err },
		"addresses":  func() (int, error) { l, err := c.ListenerAddresses(t.Context()); return len(l), err },
		"profiles":   func() (int, error) { l, err := c.SSLProfiles(t.Context()); return len(l), err },
	} {
		if n, err := list(); err != nil || n != 0 {
			t.Errorf("%s: got %d, %v", name, n, err)
		}
	}
}

// TestOldRouter: a router that does not know a type of entity is managed all the same, but for what needs that type.
func TestOldRouter(t *testing.T) {
	p := node(t, newStore())
	answer := p.answer
	p.answer = func(req []byte) [][]byte {
		for _, typ := range []string{"proxyProfile", "listenerAddress"} {
			req = bytes.ReplaceAll(req, []byte("router."+typ), []byte("router."+strings.Repeat("x", len(typ))))
		}
		return answer(req)
	}
	c := p.dial(Options{})
	want, err := c.Config(t.Context())
	if err != nil || want.Router.ID != "A" {
		t.Fatalf("got %+v, %v", want, err)
	}
	if got := c.Unknown(); !reflect.DeepEqual(got, []string{"proxyProfile", "listenerAddress"}) {
		t.Errorf("unknown are %q", got)
	}
	want.TCPListeners = append(want.TCPListeners, config.TCPListener{Name: "L", Address: "a", Port: "8080"})
	want.ProxyProfiles = append(want.ProxyProfiles, config.ProxyProfile{Name: "px", Host: "h", Port: "1"})
	_, err = c.Bring(t.Context(), All(want))
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Type != "proxyProfile" {
		t.Errorf("got %v", err)
	}
	if rows, err := c.TCPListeners(t.Context()); err != nil || len(rows) != 1 {
		t.Errorf("listeners are %v, %v", rows, err)
	}
	p = node(t, newStore())
	answer = p.answer
	p.answer = func(req []byte) [][]byte {
		return answer(bytes.ReplaceAll(req, []byte("router.connector"), []byte("router.xxxxxxxxx")))
	}
	if _, err := p.dial(Options{}).Config(t.Context()); err == nil {
		t.Error("a router without connectors is one")
	}
}
