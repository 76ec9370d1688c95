//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/skupper-plugins/suite/router/routertest"
)

// patience is how long things may take to heal before a test gives up: much more than they do take.
const patience = 60 * time.Second

// A flow begins with its number and how many octets go either way; then both send at once, and end their direction. Octets are made from the number, so that
// those of another flow, missing ones and doubled ones are found.
const headSize = 24

type flow struct{ id, up, down uint64 }

func (f flow) head() (b []byte) {
	for _, n := range []uint64{f.id, f.up, f.down} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

func octets(id, n uint64, way byte) io.Reader {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], id)
	seed[31] = way
	return io.LimitReader(rand.NewChaCha8(seed), int64(n))
}

// errWrong is what no fault excuses: octets that are not those that were sent, or an end in good order that is none.
var (
	errWrong = errors.New("octets are lost or doubled")
	errShort = fmt.Errorf("%w: an end in good order", errWrong)
)

// check reads all that way says, and the end.
func check(c net.Conn, f flow, n uint64, way byte, slow time.Duration) error {
	want, got, w := octets(f.id, n, way), make([]byte, 32<<10), make([]byte, 32<<10)
	for at := uint64(0); ; {
		k, err := c.Read(got)
		if k > 0 {
			if m, _ := io.ReadFull(want, w[:k]); m < k || !bytes.Equal(got[:k], w[:k]) {
				return fmt.Errorf("%w: flow %d %c, between octets %d and %d of %d", errWrong, f.id, way, at, at+uint64(k), n)
			}
			at += uint64(k)
			time.Sleep(slow)
		}
		switch {
		case errors.Is(err, io.EOF) && at < n && wasReset(c):
			return fmt.Errorf("flow %d %c: %w", f.id, way, unix.ECONNRESET)
		case errors.Is(err, io.EOF) && at < n:
			return fmt.Errorf("%w of flow %d %c after %d octets of %d", errShort, f.id, way, at, n)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// wasReset tells a reset from an end: the kernel reports a reset once, to whoever calls first, and that may have been the sender. Of a connection
// that was closed here meanwhile, as all are when a test is over, there is no telling, and it is no end in good order.
func wasReset(c net.Conn) (yes bool) {
	rc, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return false
	}
	err = rc.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		yes = err == nil && info.State == unix.BPF_TCP_CLOSE
	})
	return yes || err != nil
}

func send(c *net.TCPConn, f flow, n uint64, way byte) error {
	if _, err := io.Copy(c, octets(f.id, n, way)); err != nil {
		return err
	}
	return c.CloseWrite()
}

// both runs the two directions of a flow and returns what is worst.
func both(c *net.TCPConn, one, other func() error) error {
	done := make(chan error, 1)
	go func() { done <- one() }()
	err := other()
	if err != nil {
		giveUp(c)
	}
	sent := <-done
	if sent != nil {
		giveUp(c)
	}
	return errors.Join(err, sent)
}

// giveUp resets a connection: the other end must not take it for an end in good order.
func giveUp(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// traffic is flows through a network, one after the other at each of several clients, and what became of them.
type traffic struct {
	t      *testing.T
	served *routertest.Service
	lag    *lag
	stop   context.CancelFunc
	ended  sync.WaitGroup
	next   atomic.Uint64

	// killed: the router of the servers is ended by the system, which ends its sockets in good order for it.
	killed bool

	mu       sync.Mutex
	done     int
	reset    int         // flows that were broken off, as their ends could see
	refused  int         // connections to a listener that is closed
	octets   uint64      // of flows that were done
	good     []time.Time // when flows were done that had begun after the last fault
	fault    time.Time
	wrong    []error
	failures []error // the first ones that were broken off
}

// newTraffic has a server for flows.
func newTraffic(t *testing.T) *traffic {
	t.Helper()
	r := &traffic{t: t, lag: newLag(t)}
	r.served = routertest.Serve(t, func(c *net.TCPConn) {
		if err := serve(c); err != nil {
			r.note(err, false)
		}
	})
	return r
}

func serve(c *net.TCPConn) error {
	var head [headSize]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err // of a connection that was made to see whether there is one, too
	}
	f := flow{binary.LittleEndian.Uint64(head[:]), binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint64(head[16:])}
	if f.up > 1<<40 || f.down > 1<<40 {
		return fmt.Errorf("%w: a flow begins with %x", errWrong, head)
	}
	return both(c, func() error { return send(c, f, f.down, 'd') }, func() error { return check(c, f, f.up, 'u', 0) })
}

// note keeps what went wrong. Flows are counted at their clients.
func (r *traffic) note(err error, client bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, errWrong) && (client || !r.killed || !errors.Is(err, errShort)) {
		r.wrong = append(r.wrong, err)
	}
	if client {
		if r.reset++; len(r.failures) < 5 {
			r.failures = append(r.failures, err)
		}
	}
}

// exchange is one flow from its client's side.
func (r *traffic) exchange(c *net.TCPConn, up, down uint64, slow time.Duration) error {
	f := flow{r.next.Add(1), up, down}
	if _, err := c.Write(f.head()); err != nil {
		giveUp(c)
		return err
	}
	return both(c, func() error { return send(c, f, up, 'u') }, func() error { return check(c, f, down, 'd', slow) })
}

// once makes one flow.
func (r *traffic) once(ctx context.Context, addr string, up, down uint64) error {
	began := time.Now()
	c, done, err := routertest.Dial(ctx, addr)
	if err != nil {
		if ctx.Err() == nil {
			r.mu.Lock()
			r.refused++
			r.mu.Unlock()
		}
		return err
	}
	defer done()
	if err := r.exchange(c, up, down, 0); err != nil {
		if ctx.Err() == nil { // else it was we who broke it off
			r.note(err, true)
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.octets += up + down
	if began.After(r.fault) {
		r.good = append(r.good, time.Now())
	}
	return nil
}

// start has clients make flows to addr until the test, or end, stops them.
func (r *traffic) start(addr string, clients int, up, down uint64) {
	ctx, cancel := context.WithCancel(r.t.Context())
	before := r.stop
	r.stop = func() {
		cancel()
		if before != nil {
			before()
		}
	}
	for range clients {
		r.ended.Go(func() {
			for ctx.Err() == nil {
				_ = r.once(ctx, addr, up, down) // it is counted
				pause(ctx, 20*time.Millisecond) // other tests want the machine, too
			}
		})
	}
	r.t.Cleanup(r.end)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// end stops the clients in the middle of what they do.
func (r *traffic) end() {
	if r.stop != nil {
		r.stop()
	}
	r.ended.Wait()
}

// strike notes that the fault begins now: only flows that begin later tell that it has healed.
func (r *traffic) strike() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault, r.good = time.Now(), nil
}

// heals waits until a flow has been done that began after the last strike, and tells how long after since that was.
func (r *traffic) heals(since time.Time) time.Duration {
	r.t.Helper()
	var took time.Duration
	routertest.Eventually(r.t, patience, func(context.Context) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, at := range r.good {
			if at.After(since) {
				took = at.Sub(since)
				return nil
			}
		}
		return fmt.Errorf("%d flows were done, %d broken off, %d refused, the first because of %v", r.done, r.reset, r.refused, errors.Join(r.failures...))
	})
	return took.Round(time.Millisecond)
}

// flows waits until n more flows have been done.
func (r *traffic) flows(n int) {
	r.t.Helper()
	want := r.counted().done + n
	routertest.Eventually(r.t, patience, func(context.Context) error {
		if c := r.counted(); c.done < want {
			return fmt.Errorf("%d flows of %d were done, %d broken off", c.done, want, c.reset)
		}
		return nil
	})
}

type counts struct{ done, reset, refused int }

func (r *traffic) counted() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return counts{r.done, r.reset, r.refused}
}

// report stops the clients, says what became of the flows and fails the test for octets that are wrong.
func (r *traffic) report(what string, args ...any) {
	r.t.Helper()
	r.end()
	r.served.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t.Logf("%s; %d flows done with %d MiB, %d reset, %d connections refused; octets lost or doubled in %d flows",
		fmt.Sprintf(what, args...), r.done, r.octets>>20, r.reset, r.refused, len(r.wrong))
	for i, err := range r.wrong {
		if i < 5 {
			r.t.Error(err)
		}
	}
	if len(r.wrong) > 5 {
		r.t.Errorf("and %d flows more are wrong", len(r.wrong)-5)
	}
	if r.done == 0 {
		r.t.Error("no flow was done at all")
	}
}

// tooBusy is the lag of this process from which on the machine is one on which routers, too, may not run for so long that their neighbours lose them.
const tooBusy = time.Second

// unharmed fails the test if the fault cost a flow.
func (r *traffic) unharmed() {
	r.t.Helper()
	if late := r.lag.most(); late > tooBusy && r.counted().reset+r.counted().refused > 0 {
		r.t.Logf("%d flows were broken off and %d refused, but things run up to %v late on this machine", r.counted().reset, r.counted().refused, late)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reset+r.refused > 0 {
		r.t.Errorf("%d flows were broken off and %d refused, because of %v", r.reset, r.refused, errors.Join(r.failures...))
	}
}
