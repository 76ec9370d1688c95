//go:build linux

package faults

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// line is routers A, B and C in a row, each a process. Clients are at A, servers at C.
type line struct {
	*routertest.Mesh
	a, b, c *routertest.Node
	ab      *routertest.Cable
}

func newLine(t *testing.T) *line {
	t.Helper()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	l := &line{Mesh: m, a: m.Add("A", p), b: m.Add("B", p), c: m.Add("C", p)}
	l.ab = m.Cable("A", "B")
	m.Link("C", "B")
	m.Start()
	return l
}

// join leads from a listener at one router to the traffic's server behind another.
func (r *traffic) join(near, far *routertest.Node, name string) (addr string) {
	r.t.Helper()
	far.Connect(name+"-out", name, r.served.Port)
	addr = near.Listen(name+"-in", name)
	near.AwaitListener(name+"-in", true)
	return addr
}

// instance is the number of another router's life, as n knows it; 0 while it does not know that router.
func instance(ctx context.Context, n *routertest.Node, id string) (found int64, err error) {
	err = n.Manage(ctx, func(c *manage.Client) error {
		nodes, err := c.Nodes(ctx)
		for _, o := range nodes {
			if o.ID == id && o.Cost > 0 {
				found = o.Instance
			}
		}
		return err
	})
	return found, err
}

// TestKillNine kills the router with the servers while flows run, and another with the same id takes its place, three times: flows are reset, and new ones find
// their way.
func TestKillNine(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r := newTraffic(t)
	r.killed = true
	addr := r.join(l.a, l.c, "x")
	r.start(addr, 4, 1<<20, 1<<20)
	for range 3 {
		r.flows(4)
		before, err := instance(t.Context(), l.a, "C")
		if err != nil {
			t.Fatal(err)
		}
		r.strike()
		killed := time.Now()
		l.c.Kill()
		routertest.Eventually(t, patience, func(context.Context) error {
			if r.counted().reset == 0 {
				return fmt.Errorf("no flow was reset")
			}
			return nil
		})
		seen := time.Since(killed)
		l.a.AwaitListener("x-in", false)
		closed := time.Since(killed)
		back := time.Now()
		l.c.Start()
		l.c.Connect("x-out", "x", r.served.Port)
		t.Logf("clients saw a reset within %v, the listener was closed after %v, flows were well again %v after the restart", seen.Round(time.Millisecond),
			closed.Round(time.Millisecond), r.heals(back))
		if after, err := instance(t.Context(), l.a, "C"); err != nil || after == before {
			t.Errorf("the instance of C is %d before and %d after its restart, %v", before, after, err)
		}
	}
	r.report("killed three times")
}

// TestKillNineInTransit kills the router in the middle, which has neither end of any flow.
func TestKillNineInTransit(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r := newTraffic(t)
	r.start(r.join(l.a, l.c, "x"), 4, 1<<20, 1<<20)
	r.flows(4)
	r.strike()
	l.b.Kill()
	l.a.AwaitListener("x-in", false)
	back := time.Now()
	l.b.Start()
	r.report("well again %v after the restart", r.heals(back))
}

// TestStopped stops a router with SIGSTOP for a while, and lets it go on as if nothing had been: its peers take it for cut off, or do not notice.
func TestStopped(t *testing.T) {
	for _, d := range []time.Duration{2 * time.Second, 10 * time.Second, 60 * time.Second} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			r := newTraffic(t)
			r.start(r.join(l.a, l.c, "x"), 4, 1<<20, 1<<20)
			r.flows(4)
			p := l.b.Process()
			if err := p.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			r.strike()
			stopped := time.Now()
			if d > 5*time.Second {
				l.a.AwaitListener("x-in", false)
				t.Logf("the listener was closed %v after the stop", time.Since(stopped).Round(time.Millisecond))
			}
			time.Sleep(time.Until(stopped.Add(d)))
			if err := p.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			back := time.Now()
			r.report("well again %v after it went on", r.heals(back))
		})
	}
}

// TestSameIDAgain replaces a router by another with its id so soon that its peers may not have missed it, again and again.
func TestSameIDAgain(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r := newTraffic(t)
	r.killed = true
	addr := r.join(l.a, l.c, "x")
	r.start(addr, 4, 100_000, 100_000)
	var longest time.Duration
	for i := range 5 {
		r.flows(2)
		r.strike()
		if i%2 == 0 {
			l.c.Kill()
		} else {
			l.c.Stop()
		}
		back := time.Now()
		l.c.Start()
		l.c.Connect("x-out", "x", r.served.Port)
		longest = max(longest, r.heals(back))
	}
	r.report("replaced five times, well again within %v", longest)
}

// TestDuplicateID has a second router with an id that is taken join the network at its other end: whatever becomes of the addresses of the two, no flow gets
// octets of another, the rest of the network works, and all is well when the second one has gone.
func TestDuplicateID(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b, c := m.Add("A", p), m.Add("B", p), m.Add("C", p)
	m.Link("A", "B")
	m.Link("C", "B")
	m.Start()
	r, beside := newTraffic(t), newTraffic(t)
	addr := r.join(a, c, "x")
	beside.start(beside.join(a, b, "y"), 2, 100_000, 100_000)
	r.start(addr, 2, 100_000, 100_000)
	r.flows(2)
	other := routertest.New(t)
	twin := other.Add("C", routertest.Self(other.Dir()))
	twin.Config.SSLProfiles, twin.Config.Listeners = c.Config.SSLProfiles, twin.Config.Listeners[:1]
	twin.Config.Connectors = append(twin.Config.Connectors, a.Config.Connectors[0]) // where A goes, which is B
	r.strike()
	twin.Start()
	time.Sleep(5 * time.Second) // for the two to dispute
	beside.flows(5)
	twin.Kill()
	gone := time.Now()
	healed := r.heals(gone)
	beside.report("flows that have nothing to do with it went on")
	beside.unharmed()
	r.report("well again %v after the second one had gone", healed)
}

// resident is the most that a process has ever had in memory, in octets.
func resident(t *testing.T, pid int) int64 { t.Helper(); return memory(t, pid, "VmHWM") }

// residentNow is the resident memory of a process, in octets.
func residentNow(t *testing.T, pid int) int64 { t.Helper(); return memory(t, pid, "VmRSS") }

// settles waits until a process has given back what it took: all but more MiB of what it had before.
func (b *besieged) settles(pid int, before int64, more int64) {
	b.t.Helper()
	if underRace { // what watches for races gives nothing back
		return
	}
	routertest.Eventually(b.t, 2*patience, func(context.Context) error {
		if now := residentNow(b.t, pid); now > before+more<<20 {
			return fmt.Errorf("the router has %d MiB, and had %d", now>>20, before>>20)
		}
		return nil
	})
}

func memory(t *testing.T, pid int, field string) (octets int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("SKIPPED: the system does not tell a process' memory: %v", err)
	}
	for line := range lines(b) {
		if _, err := fmt.Sscanf(line, field+": %d kB", &octets); err == nil {
			return octets << 10
		}
	}
	t.Fatalf("no %s in the status of the process", field)
	return 0
}
