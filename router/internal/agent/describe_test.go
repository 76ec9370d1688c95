package agent

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestCorrelation(t *testing.T) {
	for _, id := range []any{uint64(0), uint64(1) << 40, "text", []byte{1, 2}, wire.UUID{1}, int32(-1), nil} {
		a := askWith(t, newMemory(), message.Message{ReplyTo: "r", CorrelationID: id, AppProps: props("operation", "GET-ANNOTATIONS")})
		if a.code != 200 || !reflect.DeepEqual(a.msg.CorrelationID, id) {
			t.Errorf("got %#v, want %#v", a.msg.CorrelationID, id)
		}
	}
}

func TestUnanswerable(t *testing.T) {
	silent := func(name string, req []byte) {
		if to, reply, ok := New(newMemory()).Handle(t.Context(), req); ok {
			t.Errorf("%s: got a reply to %q: %x", name, to, reply)
		}
	}
	noReply := message.Message{AppProps: props("operation", "GET-TYPES")}
	req, err := noReply.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	silent("no reply-to", req)
	silent("nothing", nil)
	silent("rubbish", []byte("rubbish"))
}

func TestTooLarge(t *testing.T) {
	body := wire.Map{{Key: "address", Value: strings.Repeat("x", MaxRequest)}}
	a := ask(t, newMemory(), props("operation", "CREATE", "type", "tcpConnector", "name", "x"), body)
	if a.code != 400 || a.text != "the request is too large" {
		t.Errorf("got %d %s", a.code, a.text)
	}
	many := wire.Map{}
	for range MaxAttributes + 1 {
		many = append(many, wire.Pair{Key: "address", Value: "a"})
	}
	a = ask(t, newMemory(), props("operation", "CREATE", "type", "tcpConnector", "name", "x"), many)
	if a.code != 400 || !strings.Contains(a.text, "More than 1024 attributes") {
		t.Errorf("got %d %s", a.code, a.text)
	}
	long := props("operation", "READ", "type", "tcpListener", "name", strings.Repeat("n", 60_000))
	if a := ask(t, newMemory(), long, nil); a.code != 404 || len(a.text) > 300 {
		t.Errorf("got %d and %d octets of text", a.code, len(a.text))
	}
}

func TestNode(t *testing.T) {
	a := ask(t, newMemory(), props("operation", "GET-MGMT-NODES"), nil)
	if !reflect.DeepEqual(a.body, []any{"amqp:/_topo/0/A/$management", "amqp:/_topo/0/B/$management"}) {
		t.Errorf("got %v", a.body)
	}
	edge := newMemory()
	edge.rows["router.node"], edge.rows["router"][0]["mode"] = nil, "edge"
	a = ask(t, edge, props("operation", "GET-MGMT-NODES"), nil)
	if !reflect.DeepEqual(a.body, []any{"amqp:/_edge/A/$management"}) {
		t.Errorf("got %v", a.body)
	}
	a = ask(t, newMemory(), props("operation", "READ"), nil)
	if v, _ := a.body.(wire.Map).Get("type"); v != "io.skupper.router.management" {
		t.Errorf("got %v", a.body)
	}
	a = ask(t, newMemory(), props("operation", "READ", "identity", "4"), nil)
	if v, _ := a.body.(wire.Map).Get("name"); v != "connection/x" {
		t.Errorf("got %v", a.body)
	}
	_, rows := ask(t, newMemory(), props("operation", "QUERY", "entityType", "org.amqp.management"), nil).rows(t)
	if len(rows) != 1 || rows[0][0] != "self" {
		t.Errorf("got %v", rows)
	}
}

func TestDescribe(t *testing.T) {
	get := func(op string) wire.Map {
		a := ask(t, newMemory(), props("operation", op), nil)
		m, ok := a.body.(wire.Map)
		if a.code != 200 || !ok {
			t.Fatalf("%s: got %d %s %T", op, a.code, a.text, a.body)
		}
		return m
	}
	if n := len(get("GET-TYPES")); n != len(config.Types()) {
		t.Errorf("got %d types", n)
	}
	if v, _ := get("GET-OPERATIONS").Get("io.skupper.router.connector"); !reflect.DeepEqual(v, []any{"CREATE", "DELETE", "READ"}) {
		t.Errorf("got operations %v", v)
	}
	if v, _ := get("GET-ATTRIBUTES").Get("io.skupper.router.listenerAddress"); !reflect.DeepEqual(v, texts(config.Lookup("listenerAddress").Columns())) {
		t.Errorf("got attributes %v", v)
	}
	one := ask(t, newMemory(), props("operation", "GET-OPERATIONS", "entityType", "log"), nil).body
	if !reflect.DeepEqual(one, wire.Map{{Key: "io.skupper.router.log", Value: []any{"UPDATE", "READ"}}}) {
		t.Errorf("got %v", one)
	}
	if len(get("GET-ANNOTATIONS")) != 0 {
		t.Error("there are annotations")
	}
	types, _ := get("GET-SCHEMA").Get("entityTypes")
	if len(types.(wire.Map)) != len(config.Types()) {
		t.Errorf("the schema has %d types", len(types.(wire.Map)))
	}
	text := ask(t, newMemory(), props("operation", "GET-JSON-SCHEMA"), nil).body.(string)
	var parsed struct {
		EntityTypes map[string]struct {
			Operations []string
			Attributes map[string]struct{ Required, Create, Update bool }
		}
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatal(err)
	}
	if !parsed.EntityTypes["tcpConnector"].Attributes["port"].Required || !parsed.EntityTypes["log"].Attributes["enable"].Update {
		t.Errorf("got %+v", parsed)
	}
}

// logging is a source that keeps a log.
type logging struct{ *memory }

func (logging) RecentLog(limit int) []LogEntry {
	all := []LogEntry{{Module: "AGENT", Level: "info", Text: "started", Time: 1}, {Module: "SERVER", Level: "error", Text: "no", File: "f.go", Line: 3, Time: 2}}
	return all[max(0, len(all)-limit):]
}

func TestLog(t *testing.T) {
	if a := ask(t, newMemory(), props("operation", "GET-LOG"), nil); a.code != 200 || len(a.body.([]any)) != 0 {
		t.Errorf("got %d %v", a.code, a.body)
	}
	a := ask(t, logging{newMemory()}, props("operation", "GET-LOG", "limit", int32(1)), nil)
	if !reflect.DeepEqual(a.body, []any{[]any{"SERVER", "error", "no", "f.go", int32(3), int64(2)}}) {
		t.Errorf("got %v", a.body)
	}
	if a := ask(t, logging{newMemory()}, props("operation", "GET-LOG"), nil); len(a.body.([]any)) != 2 {
		t.Errorf("got %v", a.body)
	}
}

// FuzzHandle checks that no request makes the agent fail, and that every reply can be read.
func FuzzHandle(f *testing.F) {
	for _, p := range []wire.Map{
		props("operation", "QUERY", "entityType", "tcpListener", "count", 1, "offset", uint8(1)),
		props("operation", "CREATE", "type", "tcpConnector", "name", "x"),
		props("operation", "UPDATE", "type", "log", "identity", "log/AGENT"),
		props("operation", "READ", "identity", "4"),
		props("operation", "GET-JSON-SCHEMA"),
		props("operation", "DELETE", "type", "tcpListener", "name", "L1"),
	} {
		m := message.Message{ReplyTo: "r", CorrelationID: uint64(3), AppProps: p, HasBody: true,
			Body: props("attributeNames", []any{"name"}, "port", "1", "address", "a", "enable", "info+")}
		req, err := m.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(req)
	}
	f.Fuzz(func(t *testing.T, req []byte) {
		to, reply, ok := New(newMemory()).Handle(t.Context(), req)
		if !ok {
			return
		}
		m, err := message.Parse(reply)
		if err != nil {
			t.Fatalf("reply: %v", err)
		}
		if code, _ := m.AppProps.Get("statusCode"); m.To != to || code == nil {
			t.Fatalf("reply is to %q, want %q; status %v", m.To, to, code)
		}
	})
}
