package router

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

func peerAt(host string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(host), Port: 1} }

// TestFailuresAreSummedUp: the first is told, the others are a number, and there is a bound for the peers.
func TestFailuresAreSummedUp(t *testing.T) {
	var out bytes.Buffer
	f := newFailures(zerolog.New(&out))
	now := time.Unix(1000, 0)
	said := func() string { defer out.Reset(); return strings.TrimSpace(out.String()) }
	for range 1000 {
		f.note(now, "x", "l", peerAt("10.0.0.1"), errors.New("bad"))
	}
	f.note(now, "x", "l", peerAt("10.0.0.2"), nil)
	f.note(now, "x", "m", peerAt("10.0.0.1"), nil)
	if got := strings.Count(said(), "\n"); got != 2 {
		t.Errorf("%d lines, want 3", got+1)
	}
	f.tick(now.Add(failurePause - 1))
	if got := said(); got != "" {
		t.Errorf("too early: %s", got)
	}
	f.tick(now.Add(failurePause))
	if got, want := said(), `{"level":"info","last":"bad","listener":"l","host":"10.0.0.1","more":999,"message":"x"}`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(f.since) != 1 {
		t.Errorf("%d peers are known, want 1", len(f.since))
	}
	f.note(now.Add(failurePause+1), "x", "l", peerAt("10.0.0.1"), errors.New("again")) // not told at once either
	if got := said(); got != "" {
		t.Errorf("told: %s", got)
	}
	f.end()
	if got := said(); !strings.Contains(got, `"more":1`) {
		t.Errorf("at the end: %s", got)
	}
	for i := range 10 * maxFailing {
		f.note(now, "x", "l", peerAt(fmt.Sprintf("10.0.%d.%d", i/250, i%250)), nil)
	}
	if len(f.since) != maxFailing+1 || strings.Count(said(), "\n") != maxFailing {
		t.Errorf("%d peers are told apart", len(f.since))
	}
}

// openTo is a log that finds out whether failures can be noted while it is written to.
type openTo struct {
	f    *failures
	open []bool
}

func (o *openTo) Write(p []byte) (int, error) {
	free := o.f.mu.TryLock()
	if free {
		o.f.mu.Unlock()
	}
	o.open = append(o.open, free)
	return len(p), nil
}

// TestSlowLogHoldsUpNobody: what is said is said without the lock that all handshakes need.
func TestSlowLogHoldsUpNobody(t *testing.T) {
	o := &openTo{}
	o.f = newFailures(zerolog.New(o))
	now := time.Unix(1000, 0)
	for range 2 { // one line at once, and one by tick
		o.f.note(now, "x", "l", peerAt("10.0.0.1"), nil)
	}
	o.f.tick(now.Add(failurePause))
	o.f.note(now, "x", "l", peerAt("10.0.0.1"), nil)
	o.f.end()
	if fmt.Sprint(o.open) != "[true true true]" {
		t.Errorf("free while lines are written: %v, want three times true", o.open)
	}
}

// safeLog is a log that many write to and a test reads.
type safeLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// count is how many lines have a text.
func (l *safeLog) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// attacked runs a router with a listener for clients, which has been there for a while, and tells its address and its log.
func attacked(t *testing.T) (r *Router, addr string, log *safeLog) {
	t.Helper()
	log = &safeLog{}
	addr = net.JoinHostPort("127.0.0.1", freePort(t))
	_, port, _ := net.SplitHostPort(addr)
	r, err := New(&config.Config{Router: config.Router{ID: "r", Mode: config.ModeInterior}, Listeners: []config.Listener{
		{Name: "inter", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: port},
	}}, Options{Log: zerolog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, r)
	soon(t, "the router listens", func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return r, addr, log
}

// connections is how many the core has.
func connections(r *Router) (n int) {
	r.view(func(c *core.Core) { n = len(c.Connections()) })
	return n
}

// stages are how far a connection of a peer gets before it goes wrong, with the octets that take it there.
func stages() map[string][]byte {
	sasl, amqp := []byte("AMQP\x03\x01\x00\x00"), []byte("AMQP\x00\x01\x00\x00")
	list := func(code byte, fields ...byte) []byte {
		body := append([]byte{0, 0x53, code, 0xc0, byte(len(fields)), fields[0]}, fields[1:]...)
		return body
	}
	frame := func(typ byte, body []byte) []byte {
		n := len(body) + 8
		return append([]byte{0, 0, byte(n >> 8), byte(n), 2, typ, 0, 0}, body...)
	}
	initial := frame(1, list(0x41, 1, 0xa3, 9, 'A', 'N', 'O', 'N', 'Y', 'M', 'O', 'U', 'S'))
	open := frame(0, list(0x10, 1, 0xa1, 1, 'x'))
	begin := frame(0, list(0x11, 4, 0x40, 0x43, 0x52, 100, 0x52, 100))
	attach := frame(0, list(0x12, 7, 0xa1, 1, 'l', 0x43, 0x42, 0x40, 0x40, 0x00, 0x53, 0x28, 0x45, 0x00, 0x53, 0x29, 0x45))
	out := map[string][]byte{"nothing": nil}
	so := []byte{}
	for _, s := range []struct {
		name string
		b    []byte
	}{{"sasl-header", sasl}, {"sasl-init", initial}, {"amqp-header", amqp}, {"open", open}, {"begin", begin}, {"attach", attach}} {
		so = append(so, s.b...)
		out[s.name] = append([]byte(nil), so...)
	}
	return out
}

// TestGarbageAtEveryStage has peers go as far as they want and then say nonsense, or half a frame and good-bye: the connection ends, nothing is left of it,
// others work, and the log has a line and not a thousand.
func TestGarbageAtEveryStage(t *testing.T) {
	r, addr, log := attacked(t)
	goodbye := map[string][]byte{
		"garbage": []byte("\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef"), "a frame that is cut": {0, 0, 0, 100, 2, 0, 0, 0, 0, 0x53},
		"a frame that is too long": {0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0}, "a frame that is too short": {0, 0, 0, 1, 2, 0, 0, 0},
		"a head of a frame that is cut": {0, 0, 0}, "an unknown performative": {0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x7f, 0x45},
	}
	for stage, so := range stages() {
		for how, last := range goodbye {
			t.Run(stage+"/"+how, func(t *testing.T) {
				c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(40 * time.Second))
				if _, err := c.Write(append(append([]byte(nil), so...), last...)); err != nil {
					t.Fatal(err)
				}
				_ = c.(*net.TCPConn).CloseWrite()
				if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
					t.Errorf("the router does not end it: %v", err)
				}
			})
		}
	}
	soon(t, "no connection is left", func() bool { return connections(r) == 0 })
	if n, want := log.count("connection opened"), 3*len(goodbye); n != want { // those that came so far
		t.Errorf("%d connections were opened, want %d", n, want)
	}
	if n := log.count("connection not opened"); n != 1 {
		t.Errorf("%d lines about connections that were not opened, want 1", n)
	}
}

// TestHandshakeFlood opens more connections than may be in their handshake at once: those beyond are closed, and once the others are gone there is room.
func TestHandshakeFlood(t *testing.T) {
	r, addr, log := attacked(t)
	var held []net.Conn
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	for range limits.MaxHalfOpen + 50 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	closed := 0
	soon(t, "those beyond the bound are closed", func() bool {
		closed = 0
		for _, c := range held {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); err != nil && !isTimeout(err) {
				closed++
			}
		}
		return closed >= 50
	})
	if n := log.count("too many handshakes at once"); n != 1 {
		t.Errorf("%d lines about it, want 1", n)
	}
	for _, c := range held {
		_ = c.Close()
	}
	soon(t, "there is room again", func() bool { return connections(r) == 0 })
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(40 * time.Second))
	if _, err := c.Write([]byte("AMQP\x03\x01\x00\x00")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
		t.Errorf("a connection after the flood: %v", err)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
