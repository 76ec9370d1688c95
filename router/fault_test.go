package router_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestChain sends traffic through a router that has neither end of it.
func TestChain(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b, c := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{}), m.Add("C", routertest.Engine{})
	m.Link("A", "B")
	m.Link("C", "B")
	m.Start()
	routertest.Exercise(t, a, c, routertest.Load{Bulk: 20 << 20, Flows: 50})
	t.Run("restart in the middle", func(t *testing.T) {
		b.Stop()
		b.Start()
		m.AwaitAll()
		routertest.Exercise(t, c, a, routertest.Load{Bulk: 1 << 20, Flows: 10})
	})
}

// TestKilled ends a router without any good-bye, and starts another with the same id.
func TestKilled(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	self := routertest.Self(m.Dir())
	a, _, c := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{}), m.Add("C", self)
	m.Link("A", "B")
	m.Link("B", "C")
	m.Start()
	before := instance(t, a, "C")
	routertest.Cut(t, a, c, func() { c.Start(); m.AwaitAll() }, false)
	if after := instance(t, a, "C"); after == before {
		t.Errorf("the instance of C is %d before and after its restart", after)
	}
}

func instance(t *testing.T, n *routertest.Node, id string) (found int64) {
	t.Helper()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		nodes, err := c.Nodes(ctx)
		for _, o := range nodes {
			if o.ID == id {
				found = o.Instance
			}
		}
		return err
	})
	return found
}

// TestQuickRestart replaces a router so fast that nobody has missed it.
func TestQuickRestart(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	m.Start()
	for i := range 3 {
		name := fmt.Sprint("x", i)
		echo := routertest.BulkServer(t)
		b.Connect(name, name, echo.Port)
		addr := a.Listen(name, name)
		a.AwaitListener(name, true)
		if err := routertest.Bulk(t.Context(), addr, 1000, 1000); err != nil {
			t.Fatal(err)
		}
		b.Stop()
		b.Start()
		m.AwaitAll()
		a.AwaitListener(name, false) // what the router before it had is forgotten
	}
}

// TestRing cuts the shorter way round: flows on it end, new ones go the other way, and those return when the cable is mended.
func TestRing(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	for _, id := range []string{"A", "B", "C", "D"} {
		m.Add(id, routertest.Engine{})
	}
	direct := m.Cable("A", "B")
	m.Link("B", "C")
	m.Link("C", "D")
	m.Link("D", "A")
	m.Start()
	a, b := m.Node("A"), m.Node("B")
	echo, bulk := routertest.Echo(t), routertest.BulkServer(t)
	b.Connect("echo", "echo", echo.Port)
	b.Connect("bulk", "bulk", bulk.Port)
	echoAddr, bulkAddr := a.Listen("echo", "echo"), a.Listen("bulk", "bulk")
	a.AwaitListener("echo", true)
	a.AwaitListener("bulk", true)
	hop := func(from, to, want string) {
		t.Helper()
		routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error {
			got := "none"
			err := m.Node(from).Manage(ctx, func(c *manage.Client) error {
				nodes, err := c.Nodes(ctx)
				for _, n := range nodes {
					if n.ID == to && n.Cost > 0 {
						got = n.NextHop
					}
				}
				return err
			})
			if err == nil && got != want {
				err = fmt.Errorf("next hop from %s to %s is %q, want %q", from, to, got, want)
			}
			return err
		})
	}
	hop("A", "B", "")
	hop("B", "A", "")
	held, done, err := routertest.Dial(t.Context(), echoAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := held.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	direct.Cut()
	if took, err := routertest.AwaitEnd(held, 15*time.Second, false); err != nil {
		t.Errorf("after %v: %v", took, err)
	}
	hop("A", "B", "D")
	// Until all know that, some send back what they get: connections are refused for a moment.
	start := time.Now()
	routertest.Eventually(t, 30*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, bulkAddr, 5<<20, 5<<20) }) // a busy machine takes seconds for it
	t.Logf("the long way round was open %v after A knew it", time.Since(start).Round(time.Millisecond))
	direct.Mend()
	hop("A", "B", "")
	hop("B", "A", "")
	routertest.Eventually(t, 30*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, bulkAddr, 5<<20, 5<<20) }) // a busy machine takes seconds for it
}

// TestHang freezes a link: its peer says nothing, not even good-bye.
func TestHang(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	cable := m.Cable("A", "B")
	m.Start()
	b.Connect("x", "x", routertest.BulkServer(t).Port)
	addr := a.Listen("x", "x")
	a.AwaitListener("x", true)
	cable.Freeze()
	start := time.Now()
	a.AwaitListener("x", false)
	t.Logf("the hang was noticed after %v", time.Since(start).Round(time.Millisecond))
	cable.Cut()
	cable.Thaw()
	cable.Mend()
	m.AwaitAll()
	a.AwaitListener("x", true)
	if err := routertest.Bulk(t.Context(), addr, 1<<20, 1<<20); err != nil {
		t.Error(err)
	}
}

// TestMesh links eight routers at random and has every listener reach every connector.
func TestMesh(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	var nodes []*routertest.Node
	for i := range 8 {
		nodes = append(nodes, m.Add(string(rune('A'+i)), routertest.Engine{}))
	}
	links := map[[2]int]bool{}
	add := func(i, j int) {
		if i != j && !links[[2]int{i, j}] && !links[[2]int{j, i}] {
			links[[2]int{i, j}] = true
			m.Link(nodes[i].ID, nodes[j].ID)
		}
	}
	for i := 1; i < len(nodes); i++ { // a tree, so that it hangs together
		add(i, random(t, i))
	}
	for range 5 {
		add(random(t, len(nodes)), random(t, len(nodes)))
	}
	t.Logf("links: %v", links)
	m.Start()
	s := routertest.BulkServer(t)
	addr := map[string]string{}
	for _, n := range nodes {
		n.Connect("to-"+n.ID, n.ID, s.Port)
		for _, o := range nodes {
			addr[n.ID+o.ID] = n.Listen("at-"+o.ID, o.ID)
		}
	}
	for _, n := range nodes { // all of them: who is on the way learns of an address by itself, perhaps later than those beyond it
		for _, o := range nodes {
			n.AwaitListener("at-"+o.ID, true)
		}
	}
	for _, n := range nodes {
		for _, o := range nodes {
			if err := routertest.Bulk(t.Context(), addr[n.ID+o.ID], 30_000, 30_000); err != nil {
				t.Errorf("%s to %s: %v", n.ID, o.ID, err)
			}
		}
	}
	// Take any router away that the rest does not need, if there is one, and look whether the rest still is a network.
	gone := slices.IndexFunc(nodes, func(n *routertest.Node) bool { return !cuts(links, len(nodes), slices.Index(nodes, n)) })
	if gone < 0 {
		t.Fatal("every router is needed: no tree has that")
	}
	nodes[gone].Stop()
	m.AwaitAll()
	for _, n := range nodes {
		if n != nodes[gone] {
			n.AwaitListener("at-"+nodes[gone].ID, false)
		}
	}
}

// cuts tells whether the network falls apart without router k.
func cuts(links map[[2]int]bool, n, k int) bool {
	start := 0
	if k == 0 {
		start = 1
	}
	seen := map[int]bool{start: true}
	for grew := true; grew; {
		grew = false
		for l := range links {
			if l[0] != k && l[1] != k && seen[l[0]] != seen[l[1]] {
				seen[l[0]], seen[l[1]], grew = true, true, true
			}
		}
	}
	return len(seen) < n-1
}
