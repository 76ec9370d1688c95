package router_test

import (
	"context"
	"fmt"
	"io"
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
				status(t, a, "A-B", "SUCCESS", "")
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

// TestLinkInDoubt has a link silent for a while: the dialler says that it is down before it gives it up, and that it is up once it hears of its peer. The
// flows on it have noticed nothing.
func TestLinkInDoubt(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	cable := m.Cable("A", "B")
	const patient = 16 // seconds: the link is in doubt after ten
	a.Config.Connectors[0].IdleTimeoutSeconds = patient
	for i := range b.Config.Listeners {
		b.Config.Listeners[i].IdleTimeoutSeconds = patient
	}
	m.Start()
	echo := routertest.Echo(t)
	b.Connect("out", "x", echo.Port)
	addr := a.Listen("in", "x")
	a.AwaitListener("in", true)
	c, done, err := routertest.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	answers := func() {
		t.Helper()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	answers()
	cut := time.Now()
	cable.Freeze()
	status(t, a, "A-B", "FAILED", "nothing has been heard")
	t.Logf("the dialler doubts after %v", time.Since(cut).Round(time.Millisecond))
	cable.Thaw()
	status(t, a, "A-B", "SUCCESS", "")
	answers()
}
