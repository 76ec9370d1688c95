package routertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// ordinals waits until a router has connections of exactly these ordinals.
func ordinals(t *testing.T, n *Node, want ...int) {
	t.Helper()
	Eventually(t, 20*time.Second, func(ctx context.Context) error {
		got, err := n.Ordinals(ctx)
		if err != nil {
			return err
		}
		for _, k := range want {
			if got[k] == 0 {
				return fmt.Errorf("%s has no connection of ordinal %d: %v", n.ID, k, got)
			}
		}
		if len(got) != len(want) {
			return fmt.Errorf("%s has connections of ordinals %v, want %v", n.ID, got, want)
		}
		return nil
	})
}

// echoes sends an octet and wants it back.
func echoes(c net.Conn) error {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write([]byte{7}); err != nil {
		return err
	}
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	return err
}

// Rotated is what the makes of two routers do differently.
type Rotated struct {
	Keeps   bool // the dialler keeps former connections until they are revoked, even without streams
	Lenient bool // see Load
	Gap     bool // the dialler leaves its interior router for a moment: connections may fail then
}

// Rotation links a, which dials, to b, and replaces the certificates of both under traffic. No connection may fail until the old certificates are
// revoked; then those that were made with them must end, and be made again.
func Rotation(t *testing.T, m *Mesh, a, b *Node, how Rotated) {
	t.Helper()
	m.Link(a.ID, b.ID)
	m.Start()
	bulk, echo := BulkServer(t), Echo(t)
	addrs := map[string]string{}
	for near, far := range map[*Node]*Node{a: b, b: a} {
		far.Connect("bulk-"+far.ID, "bulk"+far.ID, bulk.Port)
		far.Connect("echo-"+far.ID, "echo"+far.ID, echo.Port)
		addrs["bulk"+near.ID] = near.Listen("to-bulk", "bulk"+far.ID)
		addrs["echo"+near.ID] = near.Listen("to-echo", "echo"+far.ID)
		near.AwaitListener("to-bulk", true)
		near.AwaitListener("to-echo", true)
	}
	var old []net.Conn
	for _, near := range []string{a.ID, b.ID} {
		c, done, err := Dial(t.Context(), addrs["echo"+near])
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		old = append(old, c)
	}
	hold := func() {
		t.Helper()
		for i, c := range old {
			if err := echoes(c); err != nil {
				t.Errorf("an old connection, %d: %v", i, err)
			}
		}
	}
	hold()
	stop := make(chan struct{})
	var traffic sync.WaitGroup
	for _, near := range []string{a.ID, b.ID} {
		traffic.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					t.Logf("%d exchanges from %s", n, near)
					return
				default:
					err := Bulk(t.Context(), addrs["bulk"+near], 50_000, 50_000)
					if err != nil && how.Gap {
						t.Logf("exchange %d from %s: %v", n, near, err)
						continue
					}
					if err != nil {
						t.Errorf("exchange %d from %s: %v", n, near, err)
						return
					}
				}
			}
		})
	}
	ordinals(t, a, 0)
	b.Rotate(1, 0) // of the listener: nothing is made again
	a.Rotate(1, 0)
	ordinals(t, a, 0, 1) // the old streams go on
	ordinals(t, b, 0, 1)
	hold()
	a.Rotate(2, 0)
	if how.Keeps {
		ordinals(t, a, 0, 1, 2)
	} else {
		ordinals(t, a, 0, 2)
	}
	hold()
	time.Sleep(500 * time.Millisecond)
	close(stop)
	traffic.Wait()
	for _, c := range old {
		_ = c.Close()
	}
	if !how.Keeps {
		ordinals(t, a, 2) // the others have ended with their streams
		ordinals(t, b, 1)
	}
	// What is older than the oldest valid is cut, whatever goes on.
	c, done, err := Dial(t.Context(), addrs["echo"+a.ID])
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if err := echoes(c); err != nil {
		t.Fatal(err)
	}
	a.Rotate(3, 3)
	if _, err := AwaitEnd(c, 10*time.Second, how.Lenient); err != nil {
		t.Error(err)
	}
	ordinals(t, a, 3)
	b.Rotate(2, 2)
	ordinals(t, b, 2)
	Eventually(t, 15*time.Second, func(ctx context.Context) error { return Bulk(ctx, addrs["bulk"+a.ID], 1<<20, 1<<20) })
	Eventually(t, 15*time.Second, func(ctx context.Context) error { return Bulk(ctx, addrs["bulk"+b.ID], 1<<20, 1<<20) })
}
