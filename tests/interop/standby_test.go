package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestEdgeStandby has an edge router of either make linked to an interior router of each. One link is used, the other waits; whichever interior router it
// has is killed, and it goes to the other one.
func TestEdgeStandby(t *testing.T) {
	for _, name := range []string{"our edge", "real edge"} {
		t.Run(name, func(t *testing.T) {
			m, real, ours := mesh(t)
			r, o := m.Add("REAL", real), m.Add("OURS", ours)
			m.Link("OURS", "REAL")
			run := ours
			if name == "real edge" {
				run = real
			}
			e := m.AddEdge("EDGE", run)
			m.Link("EDGE", "REAL")
			m.Link("EDGE", "OURS")
			m.Start()
			s := routertest.BulkServer(t).Port
			e.Connect("out", "at-edge", s)
			into, from := map[*routertest.Node]string{}, map[*routertest.Node]string{}
			for _, n := range []*routertest.Node{r, o} {
				from[n] = e.Listen("in-"+n.ID, "at-"+n.ID)
			}
			serve := func(n *routertest.Node) {
				n.Connect("out", "at-"+n.ID, s)
				into[n] = n.Listen("in", "at-edge")
			}
			works := func(n *routertest.Node) {
				t.Helper()
				for _, addr := range []string{into[n], from[n]} {
					routertest.Eventually(t, time.Minute, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, 1<<20, 1<<20) })
				}
			}
			uplink := func(not *routertest.Node) (is, other *routertest.Node) {
				t.Helper()
				routertest.Eventually(t, time.Minute, func(ctx context.Context) error {
					id, err := e.Uplink(ctx)
					if err == nil && not != nil && id == not.ID {
						err = fmt.Errorf("the uplink is still %s", id)
					}
					if is, other = r, o; id == o.ID {
						is, other = o, r
					}
					return err
				})
				return is, other
			}
			serve(r)
			serve(o)
			works(r)
			works(o)
			for range 3 {
				gone, left := uplink(nil)
				gone.Kill()
				uplink(gone)
				works(left)
				gone.Start()
				m.AwaitAll()
				serve(gone)
				works(gone)
			}
		})
	}
}
