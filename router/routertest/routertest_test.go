package routertest

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/config"
)

func TestMain(m *testing.M) {
	if code, child := Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

func cable(t *testing.T, to *Service) *Cable {
	t.Helper()
	c, err := newCable("0", net.JoinHostPort(loopback, to.Port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// TestOrphan: the end that was dialled hears of it, the dialler does not, and is not heard any more; who dials anew gets through.
func TestOrphan(t *testing.T) {
	ends := make(chan error, 10)
	s := Serve(t, func(c *net.TCPConn) {
		_, err := io.Copy(c, c)
		ends <- err
	})
	k := cable(t, s)
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", k.ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	answers := func(c net.Conn) {
		t.Helper()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	c := dial()
	answers(c)
	k.Orphan()
	select {
	case <-ends:
	case <-time.After(patience):
		t.Fatal("the end that was dialled has not heard of it")
	}
	for range 3 { // it could be written to a socket that is gone at the first time
		if _, err := c.Write([]byte("y")); err != nil {
			t.Fatalf("the dialler has heard of it: %v", err)
		}
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("the dialler gets %d octets, %v", n, err)
		}
	}
	answers(dial())
}

// TestLose: what is lost comes late, and nothing is missing or in another order; from when nothing is lost any more, nothing is late.
func TestLose(t *testing.T) {
	s := BulkServer(t)
	k := cable(t, s)
	addr := k.ln.Addr().String()
	if err := Bulk(t.Context(), addr, 50_000, 50_000); err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{1, 2} {
		k.Lose(0.2, seed)
		if err := Bulk(limited(t), addr, 50_000, 50_000); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	late := 0
	k.Lose(0.5, 3)
	for range 1000 {
		if d := k.late(); d > 0 {
			late++
			if d < roundTrip || d > time.Minute {
				t.Errorf("a packet is %v late", d)
			}
		}
	}
	if late < 400 || late > 600 {
		t.Errorf("%d packets of 1000 are late, want about half", late)
	}
	k.Lose(0.5, 3)
	first := []time.Duration{k.late(), k.late(), k.late(), k.late()}
	k.Lose(0.5, 3)
	for i, want := range first {
		if d := k.late(); d != want {
			t.Errorf("packet %d is %v late with the same seed, and was %v", i, d, want)
		}
	}
	k.Lose(0, 0)
	if k.lossy() || k.late() != 0 {
		t.Error("a sound cable is late")
	}
}

func TestBulkFindsFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		handle func(c *net.TCPConn)
		ok     bool
	}{
		{"honest", func(c *net.TCPConn) { _ = serveBulk(c) }, true},
		{"says nothing", func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }, false},
		{"echoes", func(c *net.TCPConn) { _, _ = io.Copy(c, c) }, false},
		{"swallows one octet", func(c *net.TCPConn) {
			var b [bulkHead + 1]byte
			_, _ = io.ReadFull(c, b[:])
			_, _ = io.Copy(c, noise(1000, 'd'))
			_, _ = io.Copy(io.Discard, c)
			_, _ = c.Write(make([]byte, 32))
		}, false},
		{"ends early", func(c *net.TCPConn) { _, _ = io.Copy(c, noise(999, 'd')) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Serve(t, tt.handle)
			if err := Bulk(t.Context(), net.JoinHostPort(loopback, s.Port), 1000, 1000); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAwaitEnd(t *testing.T) {
	for _, tt := range []struct {
		name         string
		linger       int // seconds; 0 resets, negative: an orderly end
		after        time.Duration
		strict, soft bool // whether it passes
	}{
		{"reset", 0, 0, true, true},
		{"orderly", -1, 0, false, true},
		{"late", 0, 400 * time.Millisecond, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, lenient := range []bool{false, true} {
				s := Serve(t, func(c *net.TCPConn) {
					time.Sleep(tt.after)
					if tt.linger >= 0 {
						_ = c.SetLinger(tt.linger)
					}
				})
				c, done, err := Dial(t.Context(), net.JoinHostPort(loopback, s.Port))
				if errors.Is(err, syscall.ECONNRESET) {
					continue // sooner than the connection was made
				}
				if err != nil {
					t.Fatal(err)
				}
				want := tt.strict
				if lenient {
					want = tt.soft
				}
				if _, err := AwaitEnd(c, 200*time.Millisecond, lenient); (err == nil) != want {
					t.Errorf("lenient %t: got %v", lenient, err)
				}
				done()
			}
		})
	}
}

func TestCable(t *testing.T) {
	c := cable(t, BulkServer(t))
	addr := c.ln.Addr().String()
	if err := Bulk(t.Context(), addr, 100_000, 100_000); err != nil {
		t.Fatal(err)
	}
	c.Cut()
	if err := Bulk(t.Context(), addr, 10, 10); err == nil {
		t.Error("octets went through a cable that is cut")
	}
	c.Mend()
	if err := Bulk(t.Context(), addr, 100_000, 100_000); err != nil {
		t.Fatal(err)
	}
	c.Freeze()
	done := make(chan error, 1)
	go func() { done <- Bulk(t.Context(), addr, 10, 10) }()
	select {
	case err := <-done:
		t.Errorf("a frozen cable let something through: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	c.Thaw()
	if err := <-done; err != nil {
		t.Errorf("after the thaw: %v", err)
	}
}

func TestProgram(t *testing.T) {
	p := Self(t.TempDir())
	var log tail
	bad, err := p.Start(&config.Config{Router: config.Router{ID: "a|b", Mode: config.ModeInterior}}, &log)
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Stop(); err == nil {
		t.Error("a router with a bad id has ended well")
	}
	good, err := p.Start(&config.Config{Router: config.Router{ID: "A", Mode: config.ModeInterior}}, &log)
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); !contains(&log, "router started"); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("the router has not started:\n%s", &log)
		}
	}
	if err := good.Stop(); err != nil {
		t.Errorf("%v:\n%s", err, &log)
	}
	if err := good.Kill(); err != nil {
		t.Errorf("killed twice: %v", err)
	}
}

func contains(log *tail, text string) bool { return strings.Contains(log.String(), text) }
