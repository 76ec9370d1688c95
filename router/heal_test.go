package router_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestSilentCut has a link swallow everything without a word, as a network does that loses its packets: the dialler must say so, addresses behind it must
// become unreachable, and when the link is whole again so must be everything.
func TestSilentCut(t *testing.T) {
	for _, edge := range []bool{false, true} {
		t.Run(fmt.Sprint("edge=", edge), func(t *testing.T) {
			t.Parallel()
			m := routertest.New(t)
			b := m.Add("B", routertest.Engine{})
			add := m.Add
			if edge {
				add = m.AddEdge
			}
			a := add("A", routertest.Engine{})
			cable := m.Cable("A", "B")
			m.Start()
			s := routertest.BulkServer(t)
			b.Connect("out", "at-b", s.Port)
			a.Connect("out", "at-a", s.Port)
			there, back := a.Listen("in", "at-b"), b.Listen("in", "at-a")
			for range 2 {
				a.AwaitListener("in", true)
				b.AwaitListener("in", true)
				cut := time.Now()
				cable.Freeze()
				status(t, a, "A-B", "FAILED", "")
				t.Logf("the dialler says so after %v", time.Since(cut).Round(time.Millisecond))
				a.AwaitListener("in", false)
				b.AwaitListener("in", false)
				t.Logf("both ends have closed their listeners after %v", time.Since(cut).Round(time.Millisecond))
				healed := time.Now()
				cable.Thaw()
				for _, addr := range []string{there, back} {
					routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, 1000, 1000) })
				}
				t.Logf("there is an answer both ways %v after the link has healed", time.Since(healed).Round(time.Millisecond))
			}
		})
	}
}
