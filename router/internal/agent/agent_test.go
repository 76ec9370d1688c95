package agent

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// props makes application properties of keys and values.
func props(kv ...any) wire.Map {
	var out wire.Map
	for i := 0; i < len(kv); i += 2 {
		out = append(out, wire.Pair{Key: kv[i], Value: kv[i+1]})
	}
	return out
}

// answer is what the agent replied.
type answer struct {
	code int32
	text string
	body any
	msg  *message.Message
}

func ask(t *testing.T, src Source, properties wire.Map, body any) answer {
	t.Helper()
	return askWith(t, src, message.Message{ReplyTo: "reply", CorrelationID: uint64(7), AppProps: properties, Body: body, HasBody: true})
}

func askWith(t *testing.T, src Source, m message.Message) answer {
	t.Helper()
	req, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	to, reply, ok := New(src).Handle(t.Context(), req)
	if !ok || to != m.ReplyTo {
		t.Fatalf("got a reply to %q, %v; want one to %q", to, ok, m.ReplyTo)
	}
	out, err := message.Parse(reply)
	if err != nil {
		t.Fatalf("reply: %v", err)
	}
	if out.To != m.ReplyTo || !out.HasHeader || !reflect.DeepEqual(out.CorrelationID, m.CorrelationID) {
		t.Errorf("reply is to %q with correlation-id %#v", out.To, out.CorrelationID)
	}
	code, _ := out.AppProps.Get("statusCode")
	text, _ := out.AppProps.Get("statusDescription")
	a := answer{body: out.Body, msg: out}
	var okCode, okText bool
	a.code, okCode = code.(int32)
	a.text, okText = text.(string)
	if !okCode || !okText {
		t.Fatalf("status is %#v, %#v; want an int and a string", code, text)
	}
	if a.code >= 400 {
		if m, isMap := a.body.(wire.Map); !isMap || len(m) != 0 {
			t.Errorf("body of a refusal is %#v, want an empty map", a.body)
		}
	}
	return a
}

// rows takes a query's answer apart.
func (a answer) rows(t *testing.T) (names []string, results [][]any) {
	t.Helper()
	m, ok := a.body.(wire.Map)
	if a.code != 200 || !ok {
		t.Fatalf("got %d %s, %#v", a.code, a.text, a.body)
	}
	n, _ := m.Get("attributeNames")
	r, _ := m.Get("results")
	for _, v := range n.([]any) {
		names = append(names, v.(string))
	}
	for _, v := range r.([]any) {
		results = append(results, v.([]any))
	}
	return names, results
}

func TestQueryColumns(t *testing.T) {
	for _, typ := range config.Types() {
		for _, name := range []string{typ.Name, typ.FullName()} {
			got, _ := ask(t, newMemory(), props("operation", "QUERY", "entityType", name),
				wire.Map{{Key: "attributeNames", Value: []any{}}}).rows(t)
			if !reflect.DeepEqual(got, typ.Columns()) {
				t.Errorf("%s: got columns %v, want %v", name, got, typ.Columns())
			}
		}
	}
}

// TestQueryNames checks every way in which clients ask for all columns.
func TestQueryNames(t *testing.T) {
	all := config.Lookup("tcpListener").Columns()
	emptyArray := wire.Raw{0x53, 0x77, 0xc1, 0x16, 0x02, 0xa1, 0x0e, 'a', 't', 't', 'r', 'i', 'b', 'u', 't', 'e', 'N', 'a', 'm', 'e', 's', 0xe0, 0x02, 0x00, 0xa1}
	emptyArray = append(wire.Raw{0x00}, emptyArray...)
	emptyArray[4] = byte(len(emptyArray) - 5)
	tests := []struct {
		name string
		body any
		want []string
	}{
		{"empty array", emptyArray, all},
		{"empty list", wire.Map{{Key: "attributeNames", Value: []any{}}}, all},
		{"null", wire.Map{{Key: "attributeNames", Value: nil}}, all},
		{"no names", wire.Map{}, all},
		{"no map", nil, all},
		{"list", wire.Map{{Key: "attributeNames", Value: []any{"port", "name"}}}, []string{"port", "name"}},
		{"array of strings", wire.Map{{Key: "attributeNames", Value: wire.Array{Items: []any{"port", "name"}}}}, []string{"port", "name"}},
		{"array of symbols", wire.Map{{Key: "attributeNames", Value: []wire.Symbol{"port", "name"}}}, []string{"port", "name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, rows := ask(t, newMemory(), props("operation", "QUERY", "entityType", "tcpListener"), tt.body).rows(t)
			if !reflect.DeepEqual(got, tt.want) || len(rows) != 3 || len(rows[0]) != len(got) {
				t.Errorf("got %v and %d rows, want %v and 3", got, len(rows), tt.want)
			}
		})
	}
}

func TestQueryCells(t *testing.T) {
	names, rows := ask(t, newMemory(), props("operation", "QUERY", "entityType", "tcpListener"), nil).rows(t)
	row := map[string]any{}
	for i, n := range names {
		row[n] = rows[0][i]
	}
	for name, want := range map[string]any{
		"name": "L1", "identity": "tcpListener/127.0.0.1:8080:L1", "type": "io.skupper.router.tcpListener",
		"port": "8080", "backlog": int32(0), "siteId": nil, "authenticatePeer": nil, "operStatus": "up",
	} {
		if row[name] != want {
			t.Errorf("%s is %#v, want %#v", name, row[name], want)
		}
	}
	names, rows = ask(t, newMemory(), props("operation", "QUERY", "entityType", "connection"), nil).rows(t)
	for i, n := range names {
		row[n] = rows[0][i]
	}
	for name, want := range map[string]any{
		"identity": "4", "sslSsf": int64(0), "uptimeSeconds": uint32(9), "tlsOrdinal": uint64(1) << 63, "active": true, "lastDlvSeconds": nil,
		"properties": wire.Map{{Key: "a", Value: int32(2)}, {Key: "b", Value: "1"}},
	} {
		if !reflect.DeepEqual(row[name], want) {
			t.Errorf("%s is %#v, want %#v", name, row[name], want)
		}
	}
}

func TestQueryPaging(t *testing.T) {
	for _, tt := range []struct {
		offset, count any
		want          string
	}{
		{nil, nil, "L1 L2 L3"}, {int32(0), int32(2), "L1 L2"}, {uint64(2), int64(2), "L3"}, {uint8(3), nil, ""},
		{int32(4), int32(1), ""}, {nil, int32(0), ""}, {int32(1), int32(2147483647), "L2 L3"},
	} {
		_, rows := ask(t, newMemory(), props("operation", "QUERY", "entityType", "tcpListener", "offset", tt.offset, "count", tt.count),
			wire.Map{{Key: "attributeNames", Value: []any{"name"}}}).rows(t)
		var got []string
		for _, r := range rows {
			got = append(got, r[0].(string))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("offset %v, count %v: got %v, want %v", tt.offset, tt.count, got, tt.want)
		}
	}
}

func TestQueryAll(t *testing.T) {
	names, rows := ask(t, newMemory(), props("operation", "QUERY"), wire.Map{{Key: "attributeNames", Value: []any{"name", "port"}}}).rows(t)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r[0], ":", r[1]))
	}
	want := "self:<nil> router/A:<nil> log/AGENT:<nil> p:1 L1:8080 L2:8081 L3:8082 connection/x:<nil> router.node/A:<nil> router.node/B:<nil>"
	if len(names) != 2 || strings.Join(got, " ") != want {
		t.Errorf("got %v %v, want %s", names, got, want)
	}
	names, _ = ask(t, newMemory(), props("operation", "QUERY"), nil).rows(t)
	if len(names) < 100 {
		t.Errorf("all columns of all types are only %d", len(names))
	}
}

// TestSecrets checks that no operation tells a password.
func TestSecrets(t *testing.T) {
	for _, p := range []wire.Map{
		props("operation", "QUERY", "entityType", "proxyProfile"),
		props("operation", "QUERY"),
		props("operation", "READ", "type", "proxyProfile", "name", "p"),
		props("operation", "UPDATE", "type", "proxyProfile", "name", "p"),
	} {
		a := ask(t, newMemory(), p, nil)
		if s := fmt.Sprint(a.body); a.code != 200 || strings.Contains(s, "s3cret") || !strings.Contains(s, config.Hidden) {
			t.Errorf("%v: got %d %s", p, a.code, s)
		}
	}
	a := ask(t, newMemory(), props("operation", "UPDATE", "type", "proxyProfile", "name", "p"), wire.Map{{Key: "password", Value: config.Hidden}})
	if a.code != 400 {
		t.Errorf("the stand-in is taken for a password: %d %s", a.code, a.text)
	}
}

func TestRefusals(t *testing.T) {
	const tl, tc = "io.skupper.router.tcpListener", "io.skupper.router.tcpConnector"
	attrs := func(kv ...any) wire.Map { return props(append([]any{"address", "a", "port", "1"}, kv...)...) }
	tests := []struct {
		name  string
		props wire.Map
		body  any
		code  int32
		text  string
	}{
		{"no operation", props("type", tl), nil, 400, "No 'operation' property"},
		{"operation is a number", props("operation", 1), nil, 400, "Property 'operation' is not a short text"},
		{"unknown operation", props("operation", "DANCE"), nil, 501, "Operation 'DANCE' not implemented for 'io.skupper.router.management' ['GET-SCHEMA'"},
		{"unknown operation of a type", props("operation", "DANCE", "type", tl), nil, 501, "Operation 'DANCE' not implemented for '" + tl + "' ['CREATE', 'UPDATE', 'DELETE', 'READ']"},
		{"query of unknown type", props("operation", "QUERY", "entityType", "io.skupper.router.httpListener"), nil, 400, "No such entity type 'io.skupper.router.httpListener'"},
		{"query of unknown column", props("operation", "QUERY", "entityType", tl), props("attributeNames", []any{"name", "bogus"}), 404, "Unknown attributes ['bogus'] for type " + tl + "."},
		{"names are a text", props("operation", "QUERY", "entityType", tl), props("attributeNames", "name"), 400, "attributeNames is not a list"},
		{"a name is a number", props("operation", "QUERY", "entityType", tl), props("attributeNames", []any{1}), 400, "attributeNames has an item that is not a short text"},
		{"negative count", props("operation", "QUERY", "entityType", tl, "count", int32(-1)), nil, 400, "Property 'count' is not a number of 0 or more"},
		{"read of nothing", props("operation", "READ", "type", tl), nil, 400, tl + ": No name or identity provided"},
		{"read of unknown type", props("operation", "READ", "type", "bogus", "name", "x"), nil, 400, "No such entity type 'bogus'"},
		{"read of none", props("operation", "READ", "type", tl, "name", "c2"), nil, 404, "No entity with name=c2"},
		{"read of no identity", props("operation", "READ", "type", tl, "identity", "c2"), nil, 404, "No entity with identity=c2"},
		{"read of two", props("operation", "READ", "type", tl, "name", "L1", "identity", "zz"), nil, 400, "Conflicting name=L1 identity=zz"},
		{"read of none at all", props("operation", "READ", "name", "zz"), nil, 404, "No entity with name=zz"},
		{"create without type", props("operation", "CREATE", "name", "x"), attrs(), 400, "No 'type' attribute"},
		{"create of the node", props("operation", "CREATE", "type", "org.amqp.management", "name", "x"), nil, 501, "Operation 'CREATE' not implemented for 'io.skupper.router.management'"},
		{"create of a router", props("operation", "CREATE", "type", "io.skupper.router.router", "name", "x"), nil, 501, "Operation 'CREATE' not implemented for 'io.skupper.router.router' ['READ']"},
		{"create of a connection", props("operation", "CREATE", "type", "io.skupper.router.connection", "name", "x"), nil, 501, "Operation 'CREATE' not implemented"},
		{"create with existing name", props("operation", "CREATE", "type", tl, "name", "L1"), attrs(), 400, "duplicates unique attribute 'name'"},
		{"create with unknown attribute", props("operation", "CREATE", "type", tl, "name", "x"), attrs("bogus", 1), 400, "Unknown attribute 'bogus' for '" + tl + "'"},
		{"create with routeContainer", props("operation", "CREATE", "type", "io.skupper.router.listener", "name", "x"), props("routeContainer", false), 400, "Unknown attribute 'routeContainer'"},
		{"create with a column", props("operation", "CREATE", "type", tl, "name", "x"), attrs("bytesIn", 1), 400, "Cannot set attribute 'bytesIn' in CREATE"},
		{"create without port", props("operation", "CREATE", "type", tc, "name", "x"), props("address", "a"), 400, tc + ": Missing required attribute 'port'"},
		{"create with empty port", props("operation", "CREATE", "type", tc, "name", "x"), attrs("port", ""), 400, "Missing required attribute 'port'"},
		{"create with port 0", props("operation", "CREATE", "type", tc, "name", "x"), attrs("port", 0), 400, `port is "0", want 1 to 65535`},
		{"create with port 65536", props("operation", "CREATE", "type", tc, "name", "x"), attrs("port", "65536"), 400, `port is "65536", want 1 to 65535`},
		{"create with bad boolean", props("operation", "CREATE", "type", tc, "name", "x"), attrs("verifyHostname", "maybe"), 400, `verifyHostname is "maybe", want true or false`},
		{"create with other type", props("operation", "CREATE", "type", tc, "name", "x"), attrs("type", tl), 400, "Conflicting values for 'type'"},
		{"create with other name", props("operation", "CREATE", "type", tc, "name", "x"), attrs("name", "y"), 400, "Conflicting values for 'name'"},
		{"create with a number for a key", props("operation", "CREATE", "type", tc, "name", "x"), props(1, 2), 400, "an attribute's name is not a text"},
		{"create with deep value", props("operation", "CREATE", "type", "listener", "name", "x"), props("openProperties", deep(10)), 400, "nested deeper than 8"},
		{"create with long name", props("operation", "CREATE", "type", tc, "name", strings.Repeat("n", 1025)), attrs(), 400, "name is longer than 1024 octets"},
		{"create in the wrong mode", props("operation", "CREATE", "type", "listener", "name", "x"), props("role", "boss"), 400, `role is "boss", want one of normal`},
		{"update of a router", props("operation", "UPDATE", "type", "router", "name", "router/A"), props("metadata", "x"), 501, "Operation 'UPDATE' not implemented for 'io.skupper.router.router' ['READ']"},
		{"delete of a node", props("operation", "DELETE", "type", "router.node", "name", "router.node/A"), nil, 501, "Operation 'DELETE' not implemented for 'io.skupper.router.router.node' ['READ']"},
		{"update of a fixed attribute", props("operation", "UPDATE", "type", tl, "name", "L1"), props("address", "b"), 400, "Cannot update attribute 'address' in UPDATE"},
		{"update of a bad value", props("operation", "UPDATE", "type", tl, "name", "L1"), props("observer", "zzz"), 400, `observer is "zzz", want one of none, auto`},
		{"update of none", props("operation", "UPDATE", "type", tl, "name", "zz"), props("observer", "none"), 404, "No entity with name=zz"},
		{"delete of none", props("operation", "DELETE", "type", tl, "name", "zz"), nil, 404, "No entity with name=zz"},
		{"delete of nothing", props("operation", "DELETE", "type", tl), nil, 400, "No name or identity provided"},
		{"delete of an address", props("operation", "DELETE", "type", "io.skupper.router.router.address", "name", "x"), nil, 404, "No entity with name=x"},
		{"attributes of unknown type", props("operation", "GET-ATTRIBUTES", "entityType", "bogus"), nil, 400, "No such entity type 'bogus'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, newMemory(), tt.props, tt.body)
			if a.code != tt.code || !strings.Contains(a.text, tt.text) {
				t.Errorf("got %d %q, want %d %q", a.code, a.text, tt.code, tt.text)
			}
		})
	}
}

func deep(n int) any {
	if n == 0 {
		return nil
	}
	return wire.Map{{Key: "a", Value: deep(n - 1)}}
}

func TestCreate(t *testing.T) {
	src := newMemory()
	a := ask(t, src, props("operation", "CREATE", "type", "io.skupper.router.tcpConnector", "name", "C1"),
		props("address", "echo", "port", int32(9090), "verifyHostname", "false", "siteId", nil, "name", "C1", "type", "io.skupper.router.tcpConnector"))
	want := wire.Map{{Key: "address", Value: "echo"}, {Key: "host", Value: "127.0.0.1"}, {Key: "port", Value: "9090"}, {Key: "verifyHostname", Value: false},
		{Key: "name", Value: "C1"}, {Key: "identity", Value: "tcpConnector/127.0.0.1:9090:C1"}, {Key: "type", Value: "io.skupper.router.tcpConnector"}}
	if a.code != 201 || a.text != "Created" || !reflect.DeepEqual(a.body, want) {
		t.Errorf("got %d %s %v, want %v", a.code, a.text, a.body, want)
	}
	got := src.rows["tcpConnector"][0]
	if !reflect.DeepEqual(got, map[string]any{"name": "C1", "address": "echo", "port": "9090", "verifyHostname": false}) {
		t.Errorf("the source got %#v", got)
	}
	a = ask(t, src, props("operation", "CREATE", "type", "tcpConnector"), props("address", "echo", "port", "1"))
	if name, _ := a.body.(wire.Map).Get("name"); a.code != 201 || name != "tcpConnector/127.0.0.1:1" {
		t.Errorf("got %d, name %v", a.code, name)
	}
	a = ask(t, src, props("operation", "CREATE", "type", "connector", "name", "k"), props("port", "1", "cost", "3"))
	if cost, _ := a.body.(wire.Map).Get("cost"); a.code != 201 || cost != int32(3) {
		t.Errorf("got %d, cost %#v", a.code, cost)
	}
}

func TestModes(t *testing.T) {
	src := newMemory()
	src.rows["router"][0]["mode"] = "edge"
	a := ask(t, src, props("operation", "CREATE", "type", "listener", "name", "x"), props("role", "edge", "port", "1"))
	if a.code != 400 || !strings.Contains(a.text, "role edge is not allowed in a router of mode edge") {
		t.Errorf("got %d %s", a.code, a.text)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	src := newMemory()
	a := ask(t, src, props("operation", "UPDATE", "type", "tcpListener", "identity", "tcpListener/127.0.0.1:8080:L1"), props("observer", "none"))
	if v, _ := a.body.(wire.Map).Get("observer"); a.code != 200 || v != "none" || src.rows["tcpListener"][0]["observer"] != "none" {
		t.Errorf("got %d %s %v", a.code, a.text, a.body)
	}
	a = ask(t, src, props("operation", "UPDATE", "type", "log", "name", "log/AGENT"), props("enable", "debug+"))
	if a.code != 200 || src.rows["log"][0]["enable"] != "debug+" {
		t.Errorf("got %d %s %v", a.code, a.text, a.body)
	}
	a = ask(t, src, props("operation", "DELETE", "type", "tcpListener", "name", "L2"), nil)
	if m, _ := a.body.(wire.Map); a.code != 204 || a.text != "No Content" || len(m) != 0 || len(src.rows["tcpListener"]) != 2 {
		t.Errorf("got %d %s %v", a.code, a.text, a.body)
	}
}

// TestSourceErrors checks which status a source's error becomes.
func TestSourceErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code int32
		text string
	}{
		{errors.New("no memory"), 500, "no memory"},
		{&Fault{Code: 400, Text: "in use"}, 400, "in use"},
		{fmt.Errorf("listen: %w", &Fault{Code: 404, Text: "no profile"}), 404, "no profile"},
	} {
		src := newMemory()
		src.fail = tt.err
		for _, a := range []answer{
			ask(t, src, props("operation", "CREATE", "type", "tcpConnector", "name", "x"), props("address", "a", "port", "1")),
			ask(t, src, props("operation", "UPDATE", "type", "tcpListener", "name", "L1"), props("observer", "none")),
			ask(t, src, props("operation", "DELETE", "type", "tcpListener", "name", "L1"), nil),
		} {
			if a.code != tt.code || a.text != tt.text {
				t.Errorf("got %d %q, want %d %q", a.code, a.text, tt.code, tt.text)
			}
		}
	}
}
