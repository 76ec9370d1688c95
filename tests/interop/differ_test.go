package interop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// asker sends management requests as they are to any router's agent.
type asker struct {
	conn *manage.Conn
	to   *amqp.Sender
	from *amqp.Receiver
	next uint64
}

func newAsker(t *testing.T, n *routertest.Node) *asker {
	t.Helper()
	conn, err := manage.Connect(t.Context(), manage.Options{URL: n.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s, err := conn.NewSession(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &asker{conn: conn}
	if a.to, err = s.NewSender(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	if a.from, err = s.NewReceiver(t.Context(), "", &amqp.ReceiverOptions{DynamicAddress: true, Credit: 10}); err != nil {
		t.Fatal(err)
	}
	return a
}

// answer is what an agent says.
type answer struct {
	code int32
	text string
	body any
}

// ask sends a request to an agent's address and waits for the answer.
func (a *asker) ask(ctx context.Context, agent string, props map[string]any, body any) (out answer, err error) {
	reply := a.from.Address()
	if body == nil { // a real router takes no message without one
		body = map[string]any{}
	}
	a.next++
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err = a.to.Send(ctx, &amqp.Message{
		Properties:            &amqp.MessageProperties{To: &agent, ReplyTo: &reply, CorrelationID: a.next},
		ApplicationProperties: props, Value: body,
	}, nil)
	for err == nil {
		var m *amqp.Message
		if m, err = a.from.Receive(ctx, nil); err != nil {
			break
		}
		if err = a.from.AcceptMessage(ctx, m); err != nil || fmt.Sprint(m.Properties.CorrelationID) != fmt.Sprint(a.next) {
			continue // one that came too late for another question
		}
		code, ok := m.ApplicationProperties["statusCode"].(int32)
		if !ok {
			return out, fmt.Errorf("statusCode is a %T", m.ApplicationProperties["statusCode"])
		}
		return answer{code, fmt.Sprint(m.ApplicationProperties["statusDescription"]), m.Value}, nil
	}
	return out, fmt.Errorf("ask %s: %w", agent, err)
}

// question is a request that is put to both makes.
type question struct {
	name  string
	props map[string]any
	body  any
	// same: what of the body is the same whatever router is asked; nil: nothing.
	same func(body any) any
}

func (a answer) table() (columns []any, rows []any) {
	m, _ := a.body.(map[string]any)
	columns, _ = m["attributeNames"].([]any)
	rows, _ = m["results"].([]any)
	return columns, rows
}

// shapeOf is a table's columns, and how many rows there are.
func shapeOf(body any) any {
	columns, rows := answer{body: body}.table()
	return fmt.Sprintf("%v %d", columns, len(rows))
}

// all is the whole body; maps are printed in the order of their keys.
func all(body any) any { return fmt.Sprint(body) }

func keysOf(body any) any {
	m, _ := body.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

// common is the keys of a description of all types that ours has: a real router has types that no Skupper site uses.
func common(body any) any {
	keys, _ := keysOf(body).([]string)
	return slices.DeleteFunc(keys, func(k string) bool { return config.Lookup(k) == nil })
}

// words are the names in a description of one type, in no particular order.
func words(body any) any {
	m, _ := body.(map[string]any)
	var out []string
	for _, v := range m {
		list, _ := v.([]any)
		for _, w := range list {
			out = append(out, fmt.Sprint(w))
		}
	}
	slices.Sort(out)
	return out
}

// knowingly are questions that ours answers in another way, and why.
var knowingly = map[string]string{
	"QUERY tcpListener map[offset:1] [name]":                                                 "a real router does not page what is configured",
	"QUERY tcpListener map[count:2] [name]":                                                  "a real router does not page what is configured",
	"QUERY tcpListener map[count:1 offset:1] [name]":                                         "a real router does not page what is configured",
	"QUERY tcpListener map[offset:3] [name]":                                                 "a real router does not page what is configured",
	"QUERY tcpListener map[count:5 offset:30] [name]":                                        "a real router does not page what is configured",
	"QUERY tcpListener map[count:0] [name]":                                                  "a real router does not page what is configured",
	"QUERY router.link map[] [linkName bogus]":                                               "a real router takes an unknown column for the name",
	"READ map[name:none type:io.skupper.router.connection] <nil>":                            "a real router finds connections by their identity only",
	"READ map[name:no such type:io.skupper.router.connection] <nil>":                         "a real router finds connections by their identity only",
	"READ map[type:io.skupper.router.router.address] <nil>":                                  "a real router looks for an address without a name",
	"GET-ATTRIBUTES map[entityType:io.skupper.router.connection] <nil>":                      "a real router has a column that it does not describe",
	"GET-ATTRIBUTES map[entityType:io.skupper.router.routerMetrics] <nil>":                   "a real router describes other columns than it has",
	"QUERY routerMetrics map[] [name identity type]":                                         "a real router takes an unknown column for the first one",
	"GET-ATTRIBUTES map[entityType:io.skupper.router.router.address] <nil>":                  "a real router describes other columns than it has",
	"CREATE map[name:d type:io.skupper.router.tcpConnector] map[address:x]":                  "a real router fails inside where an attribute is missing",
	"UPDATE map[identity:100000 type:io.skupper.router.connection] map[adminStatus:deleted]": "a real router calls a connection that is gone a bad request",
	"UPDATE map[name:log/AGENT type:io.skupper.router.log] map[enable:bogus]":                "a real router calls it its own fault",
	"GET-OPERATIONS map[entityType:io.skupper.router.connection] <nil>":                      "a real router can close connections, but does not say so",
	"BOGUS map[type:io.skupper.router.connector] <nil>":                                      "a real router looks for the entity first",
	"edge GET-MGMT-NODES":      "a real edge router does not even name its own agent",
	"QUERY with a wrong body":  "a real router calls it its own fault",
	"CREATE with a wrong body": "a real router calls it its own fault",
}

const prefix = "io.skupper.router."

// questions are about what both routers have in common: listener "mesh-in", tcpConnector "c", three tcpListeners.
func questions() []question {
	type p = map[string]any
	query := func(typ string, more p, names ...any) question {
		props := p{"operation": "QUERY", "entityType": prefix + typ}
		maps.Copy(props, more)
		q := question{name: fmt.Sprintf("QUERY %s %v %v", typ, more, names), props: props, same: shapeOf}
		if names != nil {
			q.body = p{"attributeNames": names}
		}
		return q
	}
	one := func(op string, more p, body any) question {
		props := p{"operation": op}
		maps.Copy(props, more)
		return question{name: fmt.Sprintf("%s %v %v", op, more, body), props: props, body: body}
	}
	whole := func(q question) question { q.same = all; return q }
	busy := func(q question) question { // ours leaves out what is no more than zeros
		q.same = func(body any) any {
			keys, _ := keysOf(body).([]string)
			return slices.DeleteFunc(keys, func(k string) bool { return k == "transitOutstanding" })
		}
		return q
	}
	described := func(q question) question { q.same = words; return q }
	keys := func(q question) question { q.same = keysOf; return q }
	types := func(q question) question { q.same = common; return q }
	names := p{"attributeNames": []any{}}
	var each []question
	for _, typ := range []string{"router", "connection", "router.node", "router.address", "router.link", "routerMetrics", "tcpListener", "tcpConnector", "listenerAddress", "connector",
		"listener", "sslProfile", "proxyProfile", "log", "site", "router.config.address"} {
		t := prefix + typ
		if !slices.Contains([]string{"connection", "router.address", "router.link", "routerMetrics", "router.config.address"}, typ) { // a real router's other agent breaks at some
			each = append(each, one("DELETE", p{"type": t, "name": "no such"}, nil), one("UPDATE", p{"type": t, "name": "no such"}, p{}),
				one("UPDATE", p{"type": t, "name": "no such"}, p{"bogus": 1}), one("CREATE", p{"type": t, "name": "d"}, p{"bogus": "1"}))
		}
		if typ != "router.link" && typ != "routerMetrics" { // to such a question it gives no answer at all
			each = append(each, one("READ", p{"type": t, "name": "no such"}, nil), one("READ", p{"type": t, "identity": "no such"}, nil), one("READ", p{"type": t}, nil))
		}
		each = append(each, described(one("GET-ATTRIBUTES", p{"entityType": t}, nil)), whole(one("GET-OPERATIONS", p{"entityType": t}, nil)),
			whole(one("GET-TYPES", p{"entityType": t}, nil)), query(typ, p{"count": int32(1), "offset": int32(0)}), query(typ, nil, "name", "identity", "type"))
	}
	return append(each, []question{
		// paging
		whole(query("tcpListener", nil, "name", "address")), whole(query("tcpListener", p{"offset": int32(1)}, "name")), whole(query("tcpListener", p{"count": int32(2)}, "name")),
		whole(query("tcpListener", p{"offset": int32(1), "count": int32(1)}, "name")), whole(query("tcpListener", p{"offset": int32(3)}, "name")),
		whole(query("tcpListener", p{"offset": int32(30), "count": int32(5)}, "name")), whole(query("tcpListener", p{"count": int32(0)}, "name")),
		query("router.link", p{"count": int32(1)}), query("router.link", p{"offset": int32(2), "count": int32(3)}), query("router.link", p{"offset": int32(100000)}),
		query("router.address", p{"count": int32(2)}), query("connection", p{"count": int32(1)}, "name", "role"), query("routerMetrics", nil), query("router", nil),
		query("router.node", nil), query("router.config.address", nil), query("router.config.autoLink", nil), query("tcpConnection", nil), query("site", nil),
		// columns
		query("connection", nil, "role", "container"), whole(query("tcpConnector", nil, "address", "port", "name", "type")), query("tcpConnector", nil, "bogus"), query("tcpConnector", nil, "name", "bogus"),
		query("router.link", nil, "linkName", "bogus"), query("bogus", nil),
		{name: "QUERY without a type", props: p{"operation": "QUERY"}, body: p{"attributeNames": []any{"name"}}},
		{name: "QUERY of a short type", props: p{"operation": "QUERY", "entityType": "tcpListener"}, body: names, same: shapeOf},
		// reading
		keys(one("READ", p{"type": prefix + "tcpConnector", "name": "c"}, nil)), keys(one("READ", p{"type": prefix + "tcpListener", "name": "l1"}, nil)),
		one("READ", p{"type": prefix + "tcpConnector", "name": "none"}, nil), one("READ", p{"type": prefix + "tcpConnector", "identity": "none"}, nil), one("READ", p{"type": prefix + "tcpConnector"}, nil),
		one("READ", p{"type": prefix + "bogus", "name": "c"}, nil), one("READ", p{"name": "none"}, nil), keys(one("READ", p{"name": "c"}, nil)), one("READ", nil, nil),
		one("READ", p{"type": prefix + "router.address", "name": "none"}, nil), one("READ", p{"type": prefix + "connection", "name": "none"}, nil),
		busy(one("READ", p{"type": prefix + "router.address", "name": "M$management"}, nil)), busy(one("READ", p{"type": prefix + "router.address", "identity": "M$management"}, nil)),
		// changing
		one("CREATE", p{"type": prefix + "tcpConnector", "name": "c"}, p{"address": "x", "port": "1"}), one("CREATE", p{"type": prefix + "tcpConnector", "name": "d"}, p{"address": "x"}),
		one("CREATE", p{"type": prefix + "tcpConnector", "name": "d"}, p{"address": "x", "port": "1", "bogus": "1"}), one("CREATE", p{"type": prefix + "bogus", "name": "d"}, p{}),
		one("CREATE", p{"type": prefix + "tcpConnector", "name": "d"}, p{"address": "x", "port": "1", "verifyHostname": "maybe"}),
		one("CREATE", p{"type": prefix + "listener", "name": "d"}, p{"port": "1", "role": "bogus"}),
		one("CREATE", p{"type": prefix + "listener", "name": "d"}, p{"port": "1", "cost": "many"}), one("CREATE", p{"type": prefix + "router.node", "name": "d"}, p{}), one("CREATE", p{"name": "d"}, p{}),
		keys(one("CREATE", p{"type": prefix + "tcpConnector", "name": "e"}, p{"address": "x", "port": "1"})), one("DELETE", p{"type": prefix + "tcpConnector", "name": "e"}, nil),
		one("DELETE", p{"type": prefix + "tcpConnector", "name": "e"}, nil), one("DELETE", p{"type": prefix + "tcpConnector"}, nil), one("DELETE", p{"type": prefix + "router.node", "name": "x"}, nil),
		one("DELETE", p{"type": prefix + "bogus", "name": "e"}, nil), one("DELETE", p{"type": prefix + "router", "name": "x"}, nil),
		one("UPDATE", p{"type": prefix + "tcpConnector", "name": "c"}, p{"address": "y"}), one("UPDATE", p{"type": prefix + "tcpListener", "name": "l1"}, p{"address": "y"}),
		keys(one("UPDATE", p{"type": prefix + "tcpListener", "name": "l1"}, p{"observer": "none"})), one("UPDATE", p{"type": prefix + "tcpListener", "name": "none"}, p{"observer": "none"}),
		one("UPDATE", p{"type": prefix + "connection", "identity": "100000"}, p{"adminStatus": "deleted"}), one("UPDATE", p{"type": prefix + "bogus", "name": "c"}, p{}),
		keys(one("UPDATE", p{"type": prefix + "log", "name": "log/AGENT"}, p{"enable": "error+"})), one("UPDATE", p{"type": prefix + "log", "name": "log/NONE"}, p{"enable": "error+"}),
		one("UPDATE", p{"type": prefix + "log", "name": "log/AGENT"}, p{"enable": "bogus"}),
		// describing
		types(one("GET-TYPES", nil, nil)), whole(one("GET-TYPES", p{"entityType": prefix + "connector"}, nil)), one("GET-TYPES", p{"entityType": prefix + "bogus"}, nil),
		types(one("GET-ATTRIBUTES", nil, nil)), described(one("GET-ATTRIBUTES", p{"entityType": prefix + "tcpListener"}, nil)), described(one("GET-ATTRIBUTES", p{"entityType": prefix + "router.link"}, nil)),
		one("GET-ATTRIBUTES", p{"entityType": prefix + "bogus"}, nil), types(one("GET-OPERATIONS", nil, nil)), whole(one("GET-OPERATIONS", p{"entityType": prefix + "tcpListener"}, nil)),
		whole(one("GET-OPERATIONS", p{"entityType": prefix + "connection"}, nil)), one("GET-OPERATIONS", p{"entityType": prefix + "bogus"}, nil), keys(one("GET-ANNOTATIONS", nil, nil)),
		{name: "GET-MGMT-NODES", props: p{"operation": "GET-MGMT-NODES"}, same: func(body any) any {
			nodes, _ := body.([]any)
			var out []string
			for _, n := range nodes {
				out = append(out, fmt.Sprint(n))
			}
			slices.Sort(out)
			return out
		}},
		{name: "GET-LOG", props: p{"operation": "GET-LOG", "limit": int32(1)}, same: func(body any) any { l, _ := body.([]any); return len(l) }},
		// nonsense
		one("BOGUS", nil, nil), one("BOGUS", p{"type": prefix + "connector"}, nil), one("", nil, nil), {name: "nothing", props: p{}},
		{name: "QUERY with a wrong body", props: p{"operation": "QUERY", "entityType": prefix + "tcpListener"}, body: "text"},
		{name: "CREATE with a wrong body", props: p{"operation": "CREATE", "type": prefix + "tcpConnector", "name": "f"}, body: "text"},
	}...)
}

// numbers may differ in texts.
var numbers = regexp.MustCompile(`\d+`)

// TestSameAnswers puts the same questions to the agents of both makes, near and far, and compares what they say.
func TestSameAnswers(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	ea, eb := m.AddEdge("REALEDGE", real), m.AddEdge("OURSEDGE", ours)
	m.Link("OURS", "REAL")
	m.Link("REALEDGE", "OURS")
	m.Link("OURSEDGE", "REAL")
	for _, n := range []*routertest.Node{a, b, ea, eb} {
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
		n.Config.TCPConnectors = append(n.Config.TCPConnectors, config.TCPConnector{Name: "c", Host: "127.0.0.1", Port: "1", Address: "nobody"})
		for i, name := range []string{"l1", "l2", "l3"} {
			n.Config.TCPListeners = append(n.Config.TCPListeners, config.TCPListener{Name: name, Host: "127.0.0.1", Port: m.Port(), Address: fmt.Sprint("nothing", i)})
		}
	}
	m.Start()
	ask := newAsker(t, a)
	for _, kind := range []struct{ name, real, ours string }{
		{"interior", "amqp:/_topo/0/REAL/$management", "amqp:/_topo/0/OURS/$management"}, {"edge", "amqp:/_edge/REALEDGE/$management", "amqp:/_edge/OURSEDGE/$management"},
	} {
		for _, agent := range []string{kind.real, kind.ours} {
			routertest.Eventually(t, 30*time.Second, func(ctx context.Context) error {
				_, err := ask.ask(ctx, agent, map[string]any{"operation": "GET-TYPES"}, nil)
				return err
			})
		}
		for _, q := range questions() {
			t.Run(kind.name+"/"+strings.ReplaceAll(q.name, "/", "|"), func(t *testing.T) {
				theirs, err := ask.ask(t.Context(), kind.real, q.props, q.body)
				own, err2 := ask.ask(t.Context(), kind.ours, q.props, q.body)
				if err := errors.Join(err, err2); err != nil {
					t.Fatal(err)
				}
				why, ok := knowingly[q.name]
				if !ok {
					why, ok = knowingly[kind.name+" "+q.name]
				}
				if ok {
					t.Logf("%s: it answers %d %s, ours %d %s", why, theirs.code, theirs.text, own.code, own.text)
					return
				}
				norm := func(s string) string {
					return numbers.ReplaceAllString(strings.NewReplacer("REAL", "X", "OURS", "X").Replace(s), "#")
				}
				if theirs.code != own.code {
					t.Errorf("the real router answers %d %s, ours %d %s", theirs.code, theirs.text, own.code, own.text)
				} else if norm(theirs.text) != norm(own.text) {
					t.Logf("the real router answers %d %s, ours %s", theirs.code, theirs.text, own.text)
				}
				if fmt.Sprintf("%T", theirs.body) != fmt.Sprintf("%T", own.body) {
					t.Errorf("the real router's body is %T %v, ours %T %v", theirs.body, theirs.body, own.body, own.body)
				}
				if q.same != nil && theirs.code < 300 {
					if x, y := norm(fmt.Sprint(q.same(theirs.body))), norm(fmt.Sprint(q.same(own.body))); x != y {
						t.Errorf("the real router says\n%s\nours\n%s", x, y)
					}
				}
			})
		}
	}
}
