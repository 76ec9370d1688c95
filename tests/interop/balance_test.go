package interop

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestSameBalance compares where the flows of a listener go, one after the other, that stay open: to a server at the same router, or at an edge
// router of that, which counts as full at some number, or to one at another router, which is as far away as its cost.
func TestSameBalance(t *testing.T) {
	choices := func(run func(real, ours routertest.Runner) routertest.Runner, cost int, edge bool) (where string) {
		m, real, ours := mesh(t)
		a, b := m.Add("A", run(real, ours)), m.Add("B", ours)
		m.Link("A", "B").Cost = cost
		near := a
		if edge {
			near = m.AddEdge("E", ours)
			m.Link("E", "A")
		}
		m.Start()
		for n, name := range map[*routertest.Node]string{near: "L", b: "R"} {
			s := routertest.Serve(t, func(c *net.TCPConn) {
				_, _ = c.Read(make([]byte, 1)) // who speaks first may not be heard behind a real router: TestFirstWords
				_, _ = c.Write([]byte(name))
				_, _ = c.Read(make([]byte, 1)) // until the end
			})
			n.Connect("out", "svc", s.Port)
		}
		addr := a.Listen("in", "svc")
		a.AwaitListener("in", true)
		awaitRemote(t, a, "Msvc")
		if edge {
			awaitEdge(t, a, "Msvc")
		}
		for range 24 {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := c.Write([]byte("?")); err != nil {
				t.Fatal(err)
			}
			var name [1]byte
			if _, err := c.Read(name[:]); err != nil {
				t.Fatal(err)
			}
			where += string(name[:])
		}
		return where
	}
	for _, edge := range []bool{false, true} {
		for _, cost := range []int{1, 4} {
			theirs := choices(func(real, _ routertest.Runner) routertest.Runner { return real }, cost, edge)
			our := choices(func(_, ours routertest.Runner) routertest.Runner { return ours }, cost, edge)
			t.Logf("cost %d, edge %t: real %s, ours %s", cost, edge, theirs, our)
			if our != theirs {
				t.Errorf("cost %d, edge %t: flows go\n%s\nwhere those of a real router go\n%s", cost, edge, our, theirs)
			}
		}
	}
}

// awaitEdge waits until a router has a receiver of an address, which is an edge router's.
func awaitEdge(t *testing.T, n *routertest.Node, key string) {
	awaitCount(t, n, key, "subscriberCount")
}

// awaitRemote waits until a router knows that another one has destinations for an address.
func awaitRemote(t *testing.T, n *routertest.Node, key string) { awaitCount(t, n, key, "remoteCount") }

func awaitCount(t *testing.T, n *routertest.Node, key, count string) {
	t.Helper()
	routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error {
		return n.Manage(ctx, func(c *manage.Client) error {
			rows, err := c.Query(ctx, "router.address", "key", count)
			for _, r := range rows {
				if r["key"] == key && fmt.Sprint(r[count]) != "0" {
					return err
				}
			}
			if err == nil {
				err = fmt.Errorf("%s has no %s at %s", key, count, n.ID)
			}
			return err
		})
	})
}
