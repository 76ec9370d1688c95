package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// newSpoil stands between a client and a server and does something to octets on their way down.

func newSpoil(t *testing.T, to string, down func(b []byte, at int64) ([]byte, error)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-ended })
	go func() {
		defer close(ended)
		in, err := ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			in.Close()
			return
		}
		up := make(chan struct{})
		go func() { defer close(up); _, _ = io.Copy(out, in); _ = out.(*net.TCPConn).CloseWrite() }()
		b := make([]byte, 4096)
		for at := int64(0); ; {
			n, err := out.Read(b)
			if n > 0 {
				var c []byte
				if c, err = down(b[:n], at); len(c) > 0 {
					_, _ = in.Write(c)
				}
				at += int64(n)
			}
			if err != nil {
				break
			}
		}
		_ = in.(*net.TCPConn).CloseWrite()
		out.Close()
		<-up
		in.Close()
	}()
	return ln.Addr().String()
}

func through(t *testing.T, addr string, p plan) error {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := &client{rand: rand.New(rand.NewPCG(1, 1))}
	return w.flow(c.(*net.TCPConn), p)
}

// start runs a server that keeps its failures to the ledger.
func start(t *testing.T) (*server, *ledger) {
	t.Helper()
	var l ledger
	s, err := serve(t.Context(), &l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, &l
}

// TestFlowsOfEveryKind plays each without any router between.
func TestFlowsOfEveryKind(t *testing.T) {
	s, l := start(t)
	for k := range kinds {
		for _, n := range []int64{0, 1, piece - 1, piece, piece + 1, 300_000} {
			if k == serverAbort && n < 2 || k == quiet && n != piece {
				continue // nothing to break off; and it takes seconds
			}
			if err := through(t, s.Addr, plan{id: uint64(n), kind: k, up: n, down: n}); err != nil {
				t.Errorf("%v of %d octets: %v", k, n, err)
			}
		}
	}
	for end := time.Now().Add(5 * time.Second); s.Open() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if _, _, failed, _ := l.now(); failed > 0 || s.Open() > 0 {
		t.Errorf("%d failures, %d flows open: %v", failed, s.Open(), l.failures)
	}
}

// TestSpoiltFlows proves that what must be found is found.
func TestSpoiltFlows(t *testing.T) {
	for _, c := range []struct {
		name string
		down func(b []byte, at int64) ([]byte, error)
		want string
	}{
		{"nothing", func(b []byte, _ int64) ([]byte, error) { return b, nil }, ""},
		{"a bit turned", func(b []byte, at int64) ([]byte, error) {
			if i := 50_000 - at; i >= 0 && i < int64(len(b)) {
				b[i] ^= 4
			}
			return b, nil
		}, "CORRUPT: octet 50000 of 100000 is"},
		{"an octet missing", func(b []byte, at int64) ([]byte, error) {
			if at == 0 {
				return b[1:], nil
			}
			return b, nil
		}, "CORRUPT: octet "},
		{"octets twice", func(b []byte, at int64) ([]byte, error) {
			if at == 0 {
				return append(b[:len(b):len(b)], b...), nil
			}
			return b, nil
		}, "CORRUPT: octet "},
		{"an end too soon", func(b []byte, _ int64) ([]byte, error) { return b, io.EOF }, "CORRUPT: an orderly end after"},
		{"octets behind the end", func(b []byte, at int64) ([]byte, error) {
			if at+int64(len(b)) == 100_008 {
				return append(b, 1), nil
			}
			return b, nil
		}, "CORRUPT: octets behind the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := start(t)
			err := through(t, newSpoil(t, s.Addr, c.down), plan{id: 5, kind: ask, up: 100, down: 100_000})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestSpoiltHead turns the head of a flow into nonsense.
func TestSpoiltHead(t *testing.T) {
	good := plan{id: 1, kind: ask, up: 1, down: 1}
	for i, b := range [][]byte{good.encode()[:31], append([]byte{'x'}, good.encode()[1:]...), plan{kind: kinds}.encode(),
		plan{up: -1}.encode(), plan{down: maxOctet + 1}.encode()} {
		if p, err := decode(b); err == nil {
			t.Errorf("%d: taken as %+v", i, p)
		}
	}
	if p, err := decode(good.encode()); p != good || err != nil {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestChosenPlansCanBePlayed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all, _ := parseKinds("")
	var seen [kinds]int
	for range 10_000 {
		p := choose(r, all)
		seen[p.kind]++
		if q, err := decode(p.encode()); q != p || err != nil {
			t.Fatalf("%+v became %+v, %v", p, q, err)
		}
	}
	for k, n := range seen {
		if n < 1000 {
			t.Errorf("%v: only %d of 10000", kind(k), n)
		}
	}
	for range 100 {
		if p := choose(r, []kind{slow}); p.kind != slow {
			t.Fatalf("%v was not asked for", p.kind)
		}
	}
}

func TestLedgerExcuses(t *testing.T) {
	now := time.Now()
	reset := syscall.ECONNRESET
	for _, c := range []struct {
		name   string
		fault  time.Time
		began  time.Time
		err    error
		failed int
	}{
		{"never a fault", time.Time{}, now, reset, 1},
		{"fault after it began", now, now.Add(-time.Hour), reset, 0},
		{"fault shortly before", now, now.Add(settling - time.Millisecond), reset, 0},
		{"fault long before", now, now.Add(settling), reset, 1},
		{"nothing excuses wrong octets", now, now, fmt.Errorf("x: %w", errCorrupt), 1},
		{"nor an early end", now, now, fmt.Errorf("x: %w", errEarly), 1},
		{"nor a stuck flow", now, now, fmt.Errorf("x: %w", errStuck), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := ledger{fault: c.fault}
			l.lost(c.began, "client", "ask", c.err)
			if l.failed != c.failed || l.counts.lost != 1-c.failed {
				t.Errorf("%d failures, %d excused", l.failed, l.counts.lost)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	var l ledger
	all, _ := parseKinds("")
	if err := l.verdict(all, true); err == nil || !strings.Contains(err.Error(), "no slow flow") || !strings.Contains(err.Error(), "no fault") {
		t.Errorf("nothing was tested: %v", err)
	}
	for _, k := range all {
		l.done(plan{kind: k}, time.Now())
	}
	l.disturb()
	if err := l.verdict(all, true); err != nil {
		t.Errorf("all is well: %v", err)
	}
	for range maxFailures + 5 {
		l.fail(errors.New("bad"))
	}
	if err := l.verdict(all, true); err == nil || strings.Count(err.Error(), "bad") != maxFailures || !strings.Contains(err.Error(), "5 failures more") {
		t.Errorf("got %v", err)
	}
}

func TestBoth(t *testing.T) {
	early := fmt.Errorf("%w after 3", errEarly)
	other := errors.New("other")
	for _, c := range []struct {
		name              string
		read, write, want error
	}{
		{"well", nil, nil, nil},
		{"writer", nil, other, other},
		{"reader", other, nil, other},
		{"reader first", other, syscall.ECONNRESET, other},
		{"the writer heard of the reset", early, syscall.ECONNRESET, syscall.ECONNRESET},
		{"a wrong end", early, nil, early},
		{"a wrong end and a closed socket", early, net.ErrClosed, early},
	} {
		if got := both(c.read, c.write); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestHealing counts to the end of the first flow that began after the fault.
func TestHealing(t *testing.T) {
	var l ledger
	before := time.Now()
	l.disturb()
	l.fault = l.fault.Add(-time.Hour)
	l.done(plan{}, before.Add(-2*time.Hour))
	if _, _, _, heal := l.now(); heal != 0 {
		t.Errorf("a flow from before the fault: %v", heal)
	}
	for range 2 { // the second one does not count
		l.done(plan{}, time.Now())
	}
	if _, _, _, heal := l.now(); heal < time.Hour || heal > time.Hour+time.Minute {
		t.Errorf("got %v", heal)
	}
}

// TestCable cuts one of two connections, stands still, and cuts the rest.
func TestCable(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	var open atomic.Int64
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			go func() { _, _ = io.Copy(c, c); c.Close(); open.Add(-1) }()
		}
	}()
	k, err := newCable(t.Context(), "127.0.0.1:0", echo.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	alive := func(c net.Conn, within time.Duration) error {
		c.SetDeadline(time.Now().Add(within))
		if _, err := c.Write([]byte{1}); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 1))
		return err
	}
	conns := make([]net.Conn, 2)
	for i := range conns {
		if conns[i], err = net.Dial("tcp", k.ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer conns[i].Close()
		if err := alive(conns[i], 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	ctx, thaw := context.WithCancel(t.Context())
	still := make(chan struct{})
	go func() { k.stall(ctx, time.Minute); close(still) }()
	for { // until it stands still
		k.mu.Lock()
		frozen := k.thaw != nil
		k.mu.Unlock()
		if frozen {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := alive(conns[0], 100*time.Millisecond); err == nil {
		t.Error("octets moved while the cable stood still")
	}
	thaw()
	<-still
	conns[0].SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadFull(conns[0], make([]byte, 1)); err != nil {
		t.Errorf("the octet that was held back: %v", err)
	}
	if n := k.cut(false, (*pair).reset); n != 1 {
		t.Errorf("cut %d, want 1", n)
	}
	var dead int
	for _, c := range conns {
		if alive(c, 5*time.Second) != nil {
			dead++
		}
	}
	if dead != 1 {
		t.Errorf("%d are dead, want 1", dead)
	}
	k.cut(true, (*pair).finish)
	for end := time.Now().Add(5 * time.Second); k.open() > 0 || open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d are open, %d at the far end", k.open(), open.Load())
		}
	}
}
