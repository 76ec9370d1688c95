package interop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// remote is a router that is asked by way of another one.
type remote struct {
	*asker
	node  *routertest.Node
	agent string // its agent's address
}

// remotely is that router, as seen from one that a client is connected with.
func remotely(from *asker, to *routertest.Node) remote {
	agent := "_topo/0/" + to.ID + "/$management"
	if to.Config.Router.Mode == "edge" {
		agent = "_edge/" + to.ID + "/$management"
	}
	return remote{from, to, agent}
}

// does asks for an operation on one entity.
func (r remote) does(t *testing.T, op, entityType, name string, body any) answer {
	t.Helper()
	a, err := r.ask(t.Context(), r.agent, map[string]any{"operation": op, "type": prefix + entityType, "name": name}, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// identities are those of the rows of a query, or of a page of it if count is more than 0.
func (r remote) identities(t *testing.T, entityType string, offset, count int) (ids []string, columns []any) {
	t.Helper()
	props := map[string]any{"operation": "QUERY", "entityType": prefix + entityType}
	if count > 0 {
		props["offset"], props["count"] = int32(offset), int32(count)
	}
	a, err := r.ask(t.Context(), r.agent, props, map[string]any{"attributeNames": []any{}})
	if err != nil || a.code != 200 {
		t.Fatalf("query %s: %v, %d %s", entityType, err, a.code, a.text)
	}
	columns, rows := a.table()
	at := slices.Index(columns, any("identity"))
	if at < 0 {
		t.Fatalf("query %s: there is no identity among %v", entityType, columns)
	}
	for _, row := range rows {
		cells, _ := row.([]any)
		if len(cells) != len(columns) {
			t.Fatalf("query %s: a row of %d for %d columns", entityType, len(cells), len(columns))
		}
		ids = append(ids, fmt.Sprint(cells[at]))
	}
	return ids, columns
}

// pages has all rows of a query come a few at a time. What there is may change meanwhile, but not for ever.
func (r remote) pages(t *testing.T, entityType string) (columns []any) {
	t.Helper()
	const size = 3
	routertest.Eventually(t, time.Minute, func(context.Context) error {
		all, cols := r.identities(t, entityType, 0, 0)
		columns = cols
		if len(all) == 0 {
			return fmt.Errorf("there is no %s", entityType)
		}
		var paged []string
		for offset := 0; offset <= len(all); offset += size {
			page, cols := r.identities(t, entityType, offset, size)
			if len(page) > size {
				t.Errorf("%s: a page of %d, want at most %d", entityType, len(page), size)
			}
			if !slices.Equal(cols, columns) {
				t.Errorf("%s: the columns of a page are %v, want %v", entityType, cols, columns)
			}
			paged = append(paged, page...)
		}
		if past, _ := r.identities(t, entityType, len(all)+100, size); len(past) > 0 {
			t.Errorf("%s: past the end there are %v", entityType, past)
		}
		if !slices.Equal(paged, all) {
			return fmt.Errorf("%s: the pages hold %v, all at once is %v", entityType, paged, all)
		}
		return nil
	})
	return columns
}

// tells has the router do what an operator may want of it from afar, and returns what its make makes no difference for.
func (r remote) tells(t *testing.T, port, address string) (told []string) {
	t.Helper()
	say := func(what string, a answer, body any) {
		text := numbers.ReplaceAllString(strings.NewReplacer(r.node.ID, "X", port, "PORT").Replace(a.text), "#")
		told = append(told, fmt.Sprintf("%s: %d %s %v", what, a.code, text, body))
	}
	// A real router pages none of what is configured, such as itself.
	for _, typ := range []string{"connection", "router.link", "router.address"} {
		told = append(told, fmt.Sprintf("%s has %v", typ, r.pages(t, typ)))
	}
	self, err := r.ask(t.Context(), r.agent, map[string]any{"operation": "QUERY", "entityType": prefix + "router"}, map[string]any{"attributeNames": []any{"id", "mode", "name"}})
	if _, rows := self.table(); err != nil || fmt.Sprint(rows) != fmt.Sprintf("[[%s %s router/%s]]", r.node.ID, r.node.Config.Router.Mode, r.node.ID) {
		t.Errorf("asked for itself it says %d %s %v, %v", self.code, self.text, rows, err)
	}
	read := r.does(t, "READ", "router", "router/"+r.node.ID, nil)
	if m, _ := read.body.(map[string]any); m["id"] != r.node.ID {
		t.Errorf("it reads itself as %d %s %v", read.code, read.text, read.body)
	}
	say("read router", read, "") // which attributes have a value depends on how a real router was built

	attrs := map[string]any{"host": "127.0.0.1", "port": port, "address": address}
	made := r.does(t, "CREATE", "tcpListener", "afar", attrs)
	m, _ := made.body.(map[string]any)
	for k, v := range attrs {
		if m[k] != v {
			t.Errorf("made from afar, its %s is %v, want %v", k, m[k], v)
		}
	}
	say("create", made, keysOf(made.body))
	routertest.Eventually(t, time.Minute, func(ctx context.Context) error {
		return routertest.Bulk(ctx, net.JoinHostPort("127.0.0.1", port), 100<<10, 100<<10)
	})
	again := r.does(t, "CREATE", "tcpListener", "afar", attrs)
	if m, _ := again.body.(map[string]any); again.code != 400 || !strings.Contains(again.text, "duplicates unique attribute 'name'") || len(m) > 0 {
		t.Errorf("made twice: %d %s %v", again.code, again.text, again.body)
	}
	read = r.does(t, "READ", "tcpListener", "afar", nil)
	m, _ = read.body.(map[string]any)
	if m["operStatus"] != "up" || m["port"] != port || m["name"] != "afar" {
		t.Errorf("it reads the listener as %d %s %v", read.code, read.text, read.body)
	}
	say("read", read, keysOf(read.body))
	say("delete", r.does(t, "DELETE", "tcpListener", "afar", nil), "")
	routertest.Eventually(t, time.Minute, func(ctx context.Context) error { // it is not listened on any more
		c, done, err := routertest.Dial(ctx, net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			done()
			err = c.Close()
			return errors.Join(fmt.Errorf("port %s is still listened on", port), err)
		}
		return nil
	})
	for _, op := range []string{"READ", "DELETE"} {
		gone := r.does(t, op, "tcpListener", "afar", nil)
		if gone.code != 404 {
			t.Errorf("%s of what is gone: %d %s", op, gone.code, gone.text)
		}
		say(op+" of what is gone", gone, gone.body)
	}
	say("unknown type", r.does(t, "READ", "bogus", "x", nil), "")
	return told
}

// TestRemoteManagement asks routers of both makes, interior and edge ones, by way of each other router, and compares what they say.
func TestRemoteManagement(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	ea, eb := m.AddEdge("REALEDGE", real), m.AddEdge("OUREDGE", ours)
	m.Link("OURS", "REAL")
	m.Link("REALEDGE", "OURS")
	m.Link("OUREDGE", "REAL")
	m.Start()
	server := routertest.BulkServer(t)
	b.Connect("out", "service", server.Port)
	all := []*routertest.Node{a, b, ea, eb}
	told := map[*routertest.Node][]string{}
	for _, at := range all {
		ask := newAsker(t, at)
		for _, of := range all {
			if of == at {
				continue
			}
			t.Run(at.ID+" for "+of.ID, func(t *testing.T) {
				r := remotely(ask, of)
				routertest.Eventually(t, time.Minute, func(ctx context.Context) error { // the way there is known
					_, err := r.ask(ctx, r.agent, map[string]any{"operation": "GET-OPERATIONS"}, nil)
					return err
				})
				got := r.tells(t, m.Port(), "service")
				if told[of] == nil {
					told[of] = got
				} else if !slices.Equal(got, told[of]) {
					t.Errorf("by this way it says\n%s\nby another\n%s", strings.Join(got, "\n"), strings.Join(told[of], "\n"))
				}
			})
		}
	}
	for _, pair := range [][2]*routertest.Node{{a, b}, {ea, eb}} {
		if x, y := told[pair[0]], told[pair[1]]; len(x) == 0 || !slices.Equal(x, y) {
			t.Errorf("%s says\n%s\n%s says\n%s", pair[0].ID, strings.Join(x, "\n"), pair[1].ID, strings.Join(y, "\n"))
		}
	}
}

// TestRemoteNobody asks for agents that are not there: nobody answers, and the client who asks can still ask others.
func TestRemoteNobody(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	m.Link("OURS", "REAL")
	m.Start()
	for _, n := range []*routertest.Node{a, b} {
		ask := newAsker(t, n)
		for _, agent := range []string{"_topo/0/NOBODY/$management", "_edge/NOBODY/$management", "_topo/7/REAL/$management"} {
			t.Run(n.ID+" "+strings.ReplaceAll(agent, "/", "|"), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), brief)
				defer cancel()
				if got, err := ask.ask(ctx, agent, map[string]any{"operation": "GET-OPERATIONS"}, nil); err == nil {
					t.Errorf("somebody answers: %d %s", got.code, got.text)
				} else {
					t.Log(err)
				}
				for _, of := range []*routertest.Node{a, b} {
					r := remotely(ask, of)
					if got := r.does(t, "READ", "router", "router/"+of.ID, nil); got.code != 200 {
						t.Errorf("%s then says %d %s", of.ID, got.code, got.text)
					}
				}
			})
		}
	}
}
