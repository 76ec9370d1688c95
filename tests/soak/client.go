package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// client makes flows, one after the other.
type client struct {
	ledger *ledger
	rand   *rand.Rand
	kinds  []kind
	open   *atomic.Int64 // flows of all clients
}

// work makes flows to the addresses that way gives until ctx ends; a flow that has begun goes on to its end.
func (w *client) work(ctx context.Context, way func(n int) string) {
	for n := w.rand.IntN(1000); ctx.Err() == nil; n++ {
		began := time.Now()
		d := net.Dialer{Timeout: stuckAfter}
		c, err := proc.TCP(d.DialContext(ctx, "tcp", way(n)))
		if err != nil { // the listener is closed while the other end cannot be reached
			w.ledger.refused()
			sleep(ctx, 50*time.Millisecond)
			continue
		}
		w.open.Add(1)
		p := choose(w.rand, w.kinds)
		err = w.flow(c, p)
		_ = c.Close()
		w.open.Add(-1)
		if err != nil {
			w.ledger.lost(began, "client", p.kind.String(), err)
			sleep(ctx, 20*time.Millisecond)
			continue
		}
		w.ledger.done(p, began)
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// flow is the client's part in a plan.
func (w *client) flow(c *net.TCPConn, p plan) error {
	up, down := octets(p.id, upward), octets(p.id, downward)
	if err := write(c, p.encode()); err != nil {
		return err
	}
	switch p.kind {
	case answer:
		if err := first(expect(c, down, p.down, nil), expectEnd(c)); err != nil {
			return err
		}
		if err := send(c, up, p.up); err != nil {
			return err
		}
		return c.CloseWrite()
	case clientAbort:
		return w.abort(c, p, up)
	case serverAbort:
		return aborted(c, p, down)
	}
	sent := make(chan error, 1)
	half := time.Duration(0)
	if p.kind == quiet {
		half = time.Second + time.Duration(w.rand.Int64N(int64(4*time.Second)))
	}
	go func() { sent <- push(c, up, p.up, half) }()
	err := first(expect(c, down, p.down, w.pause(p)), expectTrailer(c, p))
	if err != nil {
		_ = c.Close() // the other half need not go on
	}
	return both(err, <-sent)
}

// push sends all with a pause in the middle, and the end.
func push(c *net.TCPConn, up io.Reader, n int64, pause time.Duration) error {
	if err := send(c, up, n/2); err != nil {
		return err
	}
	time.Sleep(pause)
	if err := send(c, up, n-n/2); err != nil {
		return err
	}
	return c.CloseWrite()
}

// pause is what happens between pieces that a slow client reads: some MiB/s.
func (w *client) pause(p plan) func() {
	if p.kind != slow {
		return nil
	}
	d := time.Millisecond + time.Duration(w.rand.Int64N(int64(20*time.Millisecond)))
	return func() { time.Sleep(d) }
}

func expectTrailer(c *net.TCPConn, p plan) error {
	var b [8]byte
	_ = c.SetReadDeadline(time.Now().Add(stuckAfter))
	if n, err := io.ReadFull(c, b[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w after %d of the last 8 octets", errEarly, n)
		}
		return classify(err, "wait for the last octets")
	}
	if got := binary.BigEndian.Uint64(b[:]); got != uint64(p.up) {
		return fmt.Errorf("%w: the server has %d octets, want %d", errCorrupt, got, p.up)
	}
	return expectEnd(c)
}

// abort sends a part and resets the connection, with octets of either direction under way.
func (w *client) abort(c *net.TCPConn, p plan, up io.Reader) error {
	if err := send(c, up, p.up/2); err != nil {
		return err
	}
	time.Sleep(time.Duration(w.rand.Int64N(int64(50 * time.Millisecond))))
	return c.SetLinger(0) // and the caller closes
}

// aborted reads to the reset that the server makes.
func aborted(c *net.TCPConn, p plan, down io.Reader) error {
	err := expect(c, down, p.down, nil)
	switch {
	case err == nil:
		return fmt.Errorf("%w: more octets than the server has sent", errCorrupt)
	case isEnd(err):
		return nil
	}
	return err
}
