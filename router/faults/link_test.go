//go:build linux

package faults

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

func lines(b []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for l := range bytes.Lines(b) {
			if !yield(string(l)) {
				return
			}
		}
	}
}

// status waits until a connector says so.
func status(t *testing.T, n *routertest.Node, connector, want string) {
	t.Helper()
	routertest.Eventually(t, patience, func(ctx context.Context) error {
		return n.Manage(ctx, func(c *manage.Client) error {
			m, err := c.Read(ctx, "connector", connector)
			if err == nil && m["connectionStatus"] != want {
				err = fmt.Errorf("connector %s of %s is %v (%v), want %s", connector, n.ID, m["connectionStatus"], m["connectionMsg"], want)
			}
			return err
		})
	})
}

// TestHalfOpenLink leaves the dialler of a link with its half of a connection that the other end has forgotten, as after a crash of a host or a middlebox:
// it finds out by the silence, and dials again.
func TestHalfOpenLink(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r := newTraffic(t)
	r.start(r.join(l.a, l.c, "x"), 4, 1<<20, 1<<20)
	r.flows(4)
	r.strike()
	cut := time.Now()
	l.ab.Orphan()
	r.report("well again %v after the other end has forgotten the link", r.heals(cut))
}

// TestLoss has the link lose packets all the time. That makes it slow, and costs no flow its octets.
func TestLoss(t *testing.T) {
	for _, percent := range []int{1, 5, 20} {
		t.Run(fmt.Sprintf("%d%%", percent), func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			r := newTraffic(t)
			addr := r.join(l.a, l.c, "x")
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			l.ab.Lose(float64(percent)/100, seed)
			r.strike()
			began := time.Now()
			r.start(addr, 3, 20_000, 20_000)
			first := r.heals(began)
			r.flows(10)
			r.strike()
			l.ab.Lose(0, 0)
			sound := time.Now()
			r.report("the first flow took %v; the first one after the link was sound %v", first, r.heals(sound))
		})
	}
}

// TestPartitionAndHeal cuts a network of four in two halves, each of which goes on by itself, and joins them again.
func TestPartitionAndHeal(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b, d := m.Add("A", p), m.Add("B", p), m.Add("D", p)
	m.Add("C", p)
	m.Link("A", "B")
	m.Link("C", "D")
	cables := []*routertest.Cable{m.Cable("A", "C"), m.Cable("D", "B")}
	m.Start()
	inside, across := newTraffic(t), newTraffic(t)
	inside.start(inside.join(a, b, "in"), 2, 200_000, 200_000)
	across.start(across.join(a, d, "over"), 3, 1<<20, 1<<20)
	across.flows(3)
	for range 2 {
		across.strike()
		cut := time.Now()
		for _, k := range cables {
			k.Cut()
		}
		a.AwaitListener("over-in", false)
		t.Logf("the listener was closed %v after the partition", time.Since(cut).Round(time.Millisecond))
		inside.flows(3)
		joined := time.Now()
		for _, k := range cables {
			k.Mend()
		}
		t.Logf("well again %v after the halves were joined", across.heals(joined))
	}
	inside.report("flows within a half went on")
	inside.unharmed()
	across.report("partitioned twice")
}

// TestLinkFlapping cuts a link every two seconds, for a moment, under load.
func TestLinkFlapping(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r := newTraffic(t)
	r.start(r.join(l.a, l.c, "x"), 6, 200_000, 200_000)
	r.flows(6)
	for i := range 8 {
		time.Sleep(2 * time.Second)
		l.ab.Cut()
		time.Sleep(time.Duration(i%4) * 100 * time.Millisecond)
		l.ab.Mend()
	}
	r.strike()
	calm := time.Now()
	r.report("cut eight times, well again %v after the last time", r.heals(calm))
}
