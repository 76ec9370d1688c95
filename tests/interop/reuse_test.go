package interop

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestLinkReuse runs short connections one right after the other. A real router loses a stream whose first transfer comes with the last one of the
// stream before it on the same link, so a link may be used again only when the receiver is done with it.
func TestLinkReuse(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	m.Link("OURS", "REAL")
	m.Start()
	s := routertest.BulkServer(t)
	for _, way := range []struct {
		name      string
		near, far *routertest.Node
	}{{"ours to real", b, a}, {"real to ours", a, b}} {
		t.Run(way.name, func(t *testing.T) {
			way.far.Connect(t.Name()+".out", t.Name(), s.Port)
			addr := way.near.Listen(t.Name()+".in", t.Name())
			way.near.AwaitListener(t.Name()+".in", true)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for i := range 200 {
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						err := routertest.Bulk(ctx, addr, 1<<20, int64(i)*1000)
						cancel()
						if err != nil {
							t.Errorf("connection %d: %v", i, err)
							return
						}
					}
				})
			}
			all.Wait()
		})
	}
}
