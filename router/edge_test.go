package router_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	amqp "github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// small is a load that shows mistakes without taking long.
var small = routertest.Load{Bulk: 8 << 20, Flows: 40}

// edges is E1 - A - B - E2, and E3 on A, too.
func edges(t *testing.T) *routertest.Mesh {
	t.Helper()
	m := routertest.New(t)
	m.Add("A", routertest.Engine{})
	m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	for id, to := range map[string]string{"E1": "A", "E2": "B", "E3": "A"} {
		m.AddEdge(id, routertest.Engine{})
		m.Link(id, to)
	}
	for _, id := range []string{"A", "B", "E1", "E2", "E3"} {
		m.Node(id).Config.Addresses = []config.Address{{Name: "mc", Prefix: "mc", Distribution: "multicast"}}
	}
	m.Start()
	return m
}

// TestEdgeTraffic sends every kind of traffic from and to edge routers.
func TestEdgeTraffic(t *testing.T) {
	m := edges(t)
	for _, p := range [][2]string{
		{"E1", "E2"}, {"E2", "E1"}, // over two interior routers
		{"E1", "E3"}, {"E3", "E1"}, // over one
		{"E1", "A"}, {"A", "E1"}, {"E1", "B"}, {"B", "E1"},
		{"E1", "E1"}, // without leaving it
	} {
		t.Run(p[0]+"-"+p[1], func(t *testing.T) { routertest.Exercise(t, m.Node(p[0]), m.Node(p[1]), small) })
	}
}

// TestEdgeLocality keeps connections at an edge router that has an idle destination of its own.
func TestEdgeLocality(t *testing.T) {
	m := edges(t)
	near, far := routertest.BulkServer(t), routertest.BulkServer(t)
	e := m.Node("E1")
	m.Node("E2").Connect("k", "svc", far.Port)
	addr := e.Listen("l", "svc")
	e.AwaitListener("l", true)
	exchange := func(n int) {
		t.Helper()
		for range n {
			if err := routertest.Bulk(t.Context(), addr, 1000, 1000); err != nil {
				t.Fatal(err)
			}
		}
	}
	exchange(3)
	e.Connect("k", "svc", near.Port)
	exchange(10)
	if near.Opened.Load() != 10 || far.Opened.Load() != 3 {
		t.Errorf("the near server has got %d connections, the far one %d, want 10 and 3", near.Opened.Load(), far.Opened.Load())
	}
	m.Node("E2").Delete("tcpConnector", "k")
	exchange(1)
	e.Delete("tcpConnector", "k")
	e.AwaitListener("l", false)
}

// TestEdgeDead kills an edge router, which must leave nothing behind at any other.
func TestEdgeDead(t *testing.T) {
	m := routertest.New(t)
	self := routertest.Self(m.Dir())
	m.Add("A", self)
	m.Add("B", self)
	m.Link("A", "B")
	m.AddEdge("E1", self)
	m.Link("E1", "A")
	m.AddEdge("E2", self)
	m.Link("E2", "B")
	m.Start()
	for _, near := range []string{"A", "B", "E2"} {
		t.Run(near, func(t *testing.T) {
			routertest.Cut(t, m.Node(near), m.Node("E1"), func() { m.Node("E1").Start(); m.AwaitAll() }, false)
		})
	}
	t.Run("interior", func(t *testing.T) {
		m.Node("A").Kill()
		m.Node("A").Start()
		m.AwaitAll()
		routertest.Exercise(t, m.Node("E1"), m.Node("E2"), routertest.Load{Bulk: 1 << 20, Flows: 5})
	})
	m.Node("E1").Kill()
	for _, n := range []string{"A", "B"} {
		routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error {
			return m.Node(n).Manage(ctx, func(c *manage.Client) error {
				as, err := c.Addresses(ctx)
				for _, a := range as {
					if a.Key == "HE1" {
						return fmt.Errorf("%s still knows E1", n)
					}
				}
				return err
			})
		})
	}
}

// TestEdgeFailover takes the active uplink of an edge router away, and gives it back.
func TestEdgeFailover(t *testing.T) {
	m := routertest.New(t)
	m.Add("A", routertest.Engine{})
	m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	e := m.AddEdge("E", routertest.Engine{})
	cable := m.Cable("E", "A")
	m.Start()
	s := routertest.BulkServer(t)
	e.Connect("out", "at-edge", s.Port)
	m.Node("B").Connect("out", "at-b", s.Port)
	in, out := m.Node("B").Listen("in", "at-edge"), e.Listen("in", "at-b")
	// The second connector is made while the first is in use: it must wait.
	e.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Create(ctx, "connector", "second", map[string]any{
			"role": config.RoleEdge, "host": "127.0.0.1", "port": m.Node("B").EdgePort(), "sslProfile": "mesh", "cost": 2,
		})
	})
	up := func(want string) {
		t.Helper()
		routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error {
			got, err := e.Uplink(ctx)
			if err == nil && got != want {
				err = fmt.Errorf("the uplink is %s, want %s", got, want)
			}
			return err
		})
		m.Node("B").AwaitListener("in", true)
		e.AwaitListener("in", true)
		for _, addr := range []string{in, out} {
			routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, 1<<20, 1<<20) })
		}
	}
	await := func(name, status string) {
		t.Helper()
		routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error {
			return e.Manage(ctx, func(c *manage.Client) error {
				r, err := c.Read(ctx, "connector", name)
				if err == nil && r["connectionStatus"] != status {
					err = fmt.Errorf("connector %s is %v, want %s", name, r["connectionStatus"], status)
				}
				return err
			})
		})
	}
	await("second", "SUCCESS")
	up("A")
	for range 3 {
		cable.Cut()
		up("B")
		cable.Mend()
		await("E-A", "SUCCESS")
		up("B") // it does not change without need
		e.Delete("connector", "second")
		up("A")
		e.Must(func(ctx context.Context, c *manage.Client) error {
			return c.Create(ctx, "connector", "second", map[string]any{
				"role": config.RoleEdge, "host": "127.0.0.1", "port": m.Node("B").EdgePort(), "sslProfile": "mesh",
			})
		})
		await("second", "SUCCESS")
	}
}

// TestEdgeWrongListener dials a listener that is not for edge routers: nothing comes of it, and the connector says why.
func TestEdgeWrongListener(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	e := m.AddEdge("E", routertest.Engine{})
	k := m.Link("E", "A")
	for _, l := range a.Config.Listeners {
		if l.Role == config.RoleInterRouter {
			k.Port = l.Port
		}
	}
	a.Start()
	e.Start()
	routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error {
		return e.Manage(ctx, func(c *manage.Client) error {
			r, err := c.Read(ctx, "connector", "E-A")
			if err == nil && r["connectionStatus"] != "FAILED" {
				err = fmt.Errorf("connector is %v", r["connectionStatus"])
			}
			return err
		})
	})
}

// TestEdgeManagement asks every router from every other, edge or not.
func TestEdgeManagement(t *testing.T) {
	m := edges(t)
	for _, from := range []string{"E1", "A", "B"} {
		for to, addr := range map[string]string{"E1": "_edge/E1", "E2": "_edge/E2", "E3": "_edge/E3", "A": "_topo/0/A", "B": "_topo/0/B"} {
			t.Run(from+"-"+to, func(t *testing.T) {
				c := newClient(t, m.Node(from))
				r := c.receiver("", 10)
				reply, addr := r.Address(), "amqp:/"+addr+"/$management"
				s := c.sender("", nil)
				routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error {
					st := c.send(s, &amqp.Message{
						Properties:            &amqp.MessageProperties{To: &addr, ReplyTo: &reply, CorrelationID: uint64(1)},
						ApplicationProperties: map[string]any{"operation": "QUERY", "entityType": "io.skupper.router.router"},
						Value:                 map[string]any{"attributeNames": []any{"id"}},
					})
					if _, ok := st.(*amqp.StateAccepted); !ok {
						return fmt.Errorf("the request came to %T", st)
					}
					return nil
				})
				want := map[string]any{"attributeNames": []any{"id"}, "results": []any{[]any{to}}}
				if got := c.receive(r); !reflect.DeepEqual(got.Value, want) {
					t.Errorf("got %v, want %v", got.Value, want)
				}
			})
		}
	}
}

// TestEdgeClients sends messages between clients of edge routers.
func TestEdgeClients(t *testing.T) {
	m := edges(t)
	for _, p := range [][2]string{{"E1", "E2"}, {"E1", "E3"}, {"E1", "B"}, {"A", "E1"}, {"E1", "E1"}} {
		t.Run(p[0]+"-"+p[1], func(t *testing.T) {
			from, to := newClient(t, m.Node(p[0])), newClient(t, m.Node(p[1]))
			addr := "q" + p[0] + p[1]
			r := to.receiver(addr, 10)
			s := from.sender(addr, nil)
			got := make(chan *amqp.Message, 1)
			go func() {
				msg, err := r.Receive(to.ctx, nil)
				if err == nil {
					err = r.AcceptMessage(to.ctx, msg)
				}
				if err != nil {
					t.Error(err)
				}
				got <- msg
			}()
			st := from.send(s, amqp.NewMessage([]byte("hello")))
			if _, ok := st.(*amqp.StateAccepted); !ok {
				t.Errorf("sending came to %T", st)
			}
			if msg := <-got; msg == nil || string(msg.GetData()) != "hello" {
				t.Errorf("got %v", msg)
			}
			// Every subscriber of a multicast address gets one copy, wherever it is.
			mc := "mc/" + addr
			rs := map[string]*amqp.Receiver{}
			for _, id := range []string{"E1", "E2", "E3", "A", "B"} {
				rs[id] = newClient(t, m.Node(id)).receiver(mc, 10)
			}
			time.Sleep(2500 * time.Millisecond) // interior routers tell each other once a second
			ms := from.sender("", nil)
			for i := range 3 {
				msg := amqp.NewMessage([]byte{byte(i)})
				msg.Properties = &amqp.MessageProperties{To: &mc}
				from.send(ms, msg)
			}
			for id, r := range rs {
				for i := range 3 {
					if msg := from.receive(r); msg.GetData()[0] != byte(i) {
						t.Errorf("%s got message %d, want %d", id, msg.GetData()[0], i)
					}
				}
				if msg := r.Prefetched(); msg != nil {
					t.Errorf("%s got a copy too many", id)
				}
			}
		})
	}
}
