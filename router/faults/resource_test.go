//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestSlowAndStuckReaders has clients that read slowly, and ones that do not read at all for a while: they hold up nobody else, and get all in the end.
func TestSlowAndStuckReaders(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	r, beside := newTraffic(t), newTraffic(t)
	addr := r.join(l.a, l.c, "x")
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	begin := make(chan struct{})
	read := func(down uint64, slow time.Duration, wait <-chan struct{}) {
		c, done, err := routertest.Dial(ctx, addr)
		if err == nil {
			defer done()
			<-wait
			err = r.exchange(c, 1000, down, slow)
		}
		if err != nil {
			mu.Lock()
			failed = append(failed, err)
			mu.Unlock()
		}
	}
	stuck := make([]*net.TCPConn, 0, 40)
	for range 40 {
		c, done, err := routertest.Dial(ctx, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		stuck = append(stuck, c)
	}
	for _, c := range stuck {
		all.Go(func() {
			if err := r.stuck(c, 4<<20, begin); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	now := make(chan struct{})
	close(now)
	for range 10 {
		all.Go(func() { read(1<<20, 20*time.Millisecond, now) })
	}
	began := time.Now()
	beside.start(beside.join(l.a, l.c, "beside"), 3, 500_000, 500_000)
	beside.flows(30)
	t.Logf("30 flows beside them took %v", time.Since(began).Round(time.Millisecond))
	close(begin)
	all.Wait()
	if len(failed) > 0 {
		t.Errorf("%d of the slow and the stuck have not got all; first: %v", len(failed), failed[0])
	}
	beside.report("beside 40 stuck and 10 slow readers")
	beside.unharmed()
}

// stuck is an exchange whose client does not read before it is told to.
func (r *traffic) stuck(c *net.TCPConn, down uint64, until <-chan struct{}) error {
	f := flow{r.next.Add(1), 0, down}
	if _, err := c.Write(f.head()); err != nil {
		return err
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	<-until
	return check(c, f, down, 'd', 0)
}

// descriptors is how many of them a test of n flows may have: two for each flow are the test's own.
func descriptors(t *testing.T, n int) int {
	t.Helper()
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	if most := int(lim.Max)/2 - 200; most < n {
		t.Logf("only %d files may be open: %d flows instead of %d", lim.Max, most, n)
		return max(most, 10)
	}
	return n
}

// TestDeleteConnectorWithThousandFlows deletes a connector under the flows that it carries.
func TestDeleteConnectorWithThousandFlows(t *testing.T) {
	t.Parallel()
	n := descriptors(t, 1000)
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b := m.Add("A", p), m.Add("B", p)
	m.Link("A", "B")
	m.Start()
	echo := routertest.Echo(t)
	b.Connect("out", "x", echo.Port)
	addr := a.Listen("in", "x")
	a.AwaitListener("in", true)
	var conns []*net.TCPConn
	for i := range n {
		c, done, err := routertest.Dial(t.Context(), addr)
		if err != nil {
			t.Fatalf("flow %d: %v", i, err)
		}
		defer done()
		conns = append(conns, c)
	}
	for i, c := range conns {
		if err := echoes(c, 'x'); err != nil {
			t.Fatalf("flow %d: %v", i, err)
		}
	}
	deleted := time.Now()
	b.Delete("tcpConnector", "out")
	ends := make(chan error, n)
	for _, c := range conns {
		go func() {
			_, err := routertest.AwaitEnd(c, patience, false)
			ends <- err
		}()
	}
	bad := 0
	for range conns {
		if err := <-ends; err != nil {
			if bad++; bad < 4 {
				t.Error(err)
			}
		}
	}
	t.Logf("%d clients have seen a reset %v after the delete", n-bad, time.Since(deleted).Round(time.Millisecond))
	routertest.Eventually(t, patience, func(context.Context) error {
		if k := echo.Open(); k > 0 {
			return fmt.Errorf("%d flows are still open at the server", k)
		}
		return nil
	})
	a.AwaitListener("in", false)
	back := time.Now()
	b.Connect("out", "x", echo.Port)
	a.AwaitListener("in", true)
	c, done, err := routertest.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if err := echoes(c, 'y'); err != nil {
		t.Error(err)
	}
	t.Logf("well again %v after it was made anew", time.Since(back).Round(time.Millisecond))
}

// echoes sends an octet and wants it, and nothing else, back.
func echoes(c net.Conn, b byte) error {
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte{b}); err != nil {
		return err
	}
	var got [2]byte
	n, err := c.Read(got[:])
	if err == nil && (n != 1 || got[0] != b) {
		err = fmt.Errorf("%w: sent %q, got %q", errWrong, b, got[:n])
	}
	return err
}

// TestFileLimit64 has a router of at most 64 files get more clients than it can have: those that it has go on, the others wait or are sent away, and when
// there are fewer again all is well.
func TestFileLimit64(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	few := p
	few.Files = 64
	a, b := m.Add("A", few), m.Add("B", p)
	m.Link("A", "B")
	m.Start()
	r := newTraffic(t)
	echo := routertest.Echo(t)
	b.Connect("echo-out", "echo", echo.Port)
	addr := a.Listen("echo-in", "echo")
	a.AwaitListener("echo-in", true)
	flows := r.join(a, b, "x")
	first, done, err := routertest.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if err := echoes(first, 'a'); err != nil {
		t.Fatal(err)
	}
	var more []*net.TCPConn
	for range 150 {
		if c, done, err := routertest.Dial(t.Context(), addr); err == nil {
			defer done()
			more = append(more, c)
		}
	}
	served := make(chan bool, len(more))
	for _, c := range more {
		go func() {
			_ = c.SetDeadline(time.Now().Add(3 * time.Second))
			_, err := c.Write([]byte("b"))
			if err == nil {
				_, err = io.ReadFull(c, make([]byte, 1))
			}
			served <- err == nil
		}()
	}
	n := 0
	for range more {
		if <-served {
			n++
		}
	}
	if err := echoes(first, 'c'); err != nil {
		t.Errorf("a flow from before the shortage: %v", err)
	}
	for _, c := range more {
		giveUp(c)
	}
	r.strike()
	enough := time.Now()
	r.start(flows, 2, 100_000, 100_000)
	healed := r.heals(enough)
	if err := echoes(first, 'd'); err != nil {
		t.Errorf("a flow from before the shortage: %v", err)
	}
	r.report("of %d clients %d were served at once; well again %v after the others had gone", len(more), n, healed)
}

// limited is a program that may have so many octets of memory, as it sees to itself in a container with that limit.
func limited(p routertest.Program, octets int) routertest.Program {
	p.Env = slices.Concat(p.Env, []string{fmt.Sprint("GOMEMLIMIT=", octets/10*9)})
	return p
}

// TestMemoryLimit64MiB has more clients that do not read than a router of 64 MiB can hold octets for: it gives up those who have not read for longest, and
// carries what others send.
func TestMemoryLimit64MiB(t *testing.T) {
	t.Parallel()
	const limit = 64 << 20
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	small := limited(p, limit)
	a, b := m.Add("A", small), m.Add("B", p)
	m.Link("A", "B")
	m.Start()
	r, beside := newTraffic(t), newTraffic(t)
	addr := r.join(a, b, "x")
	var held []*net.TCPConn
	var ended sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer ended.Wait()
	defer cancel()
	begin := make(chan struct{})
	var mu sync.Mutex
	whole, reset := 0, 0
	for range 200 {
		c, done, err := routertest.Dial(ctx, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		held = append(held, c)
		ended.Go(func() {
			err := r.stuck(c, 16<<20, begin)
			if err != nil {
				giveUp(c)
				r.note(err, true)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				whole++
			} else {
				reset++
			}
		})
	}
	began := time.Now()
	beside.start(beside.join(a, b, "beside"), 3, 500_000, 500_000)
	beside.flows(30)
	took := time.Since(began).Round(time.Millisecond)
	most := resident(t, a.Process().PID())
	close(begin)
	ended.Wait()
	t.Logf("%d clients that did not read: %d got all, %d were reset; 30 flows beside them took %v; at most %d MiB were resident", len(held), whole, reset, took, most>>20)
	if most > limit && !underRace {
		t.Errorf("the router has had %d MiB, want at most %d", most>>20, limit>>20)
	}
	beside.report("beside them")
	beside.unharmed()
	r.start(addr, 1, 1000, 1000)
	r.flows(1)
	r.report("the others")
}

// TestSlowReadersInMemoryLimit64MiB has more clients than a router of 64 MiB can hold octets for, all of which read, though far slower than others send: the
// router has the others wait. Nobody is reset, and memory stays within the limit.
func TestSlowReadersInMemoryLimit64MiB(t *testing.T) { // alone: it needs the machine to send more than is read
	const limit = 64 << 20
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	small := limited(p, limit)
	a, b := m.Add("A", small), m.Add("B", p)
	m.Link("A", "B")
	m.Start()
	r, beside := newTraffic(t), newTraffic(t)
	addr := r.join(a, b, "x")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	const each = 4 << 20
	readers := 100
	if underRace {
		readers = 30
	}
	began := time.Now()
	lag := newLag(t)
	ended := make(chan error, readers)
	for range readers {
		c, done, err := routertest.Dial(ctx, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		_ = c.SetReadBuffer(32 << 10) // else the kernel would hold what the router should
		go func() {
			err := r.exchange(c, 1000, each, 100*time.Millisecond)
			if err != nil {
				giveUp(c)
				r.note(err, true)
			}
			ended <- err
		}()
	}
	beside.start(beside.join(a, b, "beside"), 3, 500_000, 500_000)
	beside.flows(10)
	took := time.Since(began).Round(time.Millisecond)
	beside.report("beside them")
	beside.unharmed()
	bad := 0
	var first error
	for range readers {
		if err := <-ended; err != nil {
			if bad++; bad < 4 {
				first = errors.Join(first, err)
			}
		}
	}
	late := lag.most()
	most := resident(t, a.Process().PID())
	t.Logf("%d of %d clients that read slowly got all %d MiB, in %v; 10 flows beside them took %v; at most %d MiB were resident",
		readers-bad, readers, each>>20, time.Since(began).Round(time.Millisecond), took, most>>20)
	switch {
	case bad > 0 && late > 200*time.Millisecond: // who does not read for a second is not slow, but stuck, as far as the router can see
		t.Logf("%d clients were reset, but this machine lets them read up to %v later than they want to", bad, late)
	case bad > 0:
		t.Errorf("%d clients were reset although they read: %v", bad, first)
	}
	if most > limit && !underRace {
		t.Errorf("the router has had %d MiB, want at most %d", most>>20, limit>>20)
	}
	r.start(addr, 1, 1000, 1000)
	r.flows(1)
	r.report("the others")
}
