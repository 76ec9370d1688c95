package conn

import (
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

func TestIdle(t *testing.T) {
	p := opened(t, Config{IdleTimeout: 16 * time.Second}, Config{IdleTimeout: 4 * time.Second})
	if p.b.c.Remote().IdleTimeout != 8000 || p.a.c.Remote().IdleTimeout != 2000 {
		t.Fatalf("advertised %d and %d ms, want half of what is enforced", p.b.c.Remote().IdleTimeout, p.a.c.Remote().IdleTimeout)
	}
	// Heartbeats keep both alive, each less than half of what the other advertised after the last word.
	for range 100 {
		at := p.a.c.NextDeadline()
		if b := p.b.c.NextDeadline(); b.Before(at) {
			at = b
		}
		if d := at.Sub(p.now); d <= 0 || d > 900*time.Millisecond {
			t.Fatalf("next deadline in %v", d)
		}
		p.wait(at.Sub(p.now))
		p.pump()
	}
	if p.a.c.Done() || p.b.c.Done() {
		t.Fatalf("ended: %v, %v", p.a.c.Err(), p.b.c.Err())
	}
	// A peer that has gone silent is given up after the whole time.
	quiet := p.now
	for !p.b.c.Done() {
		at := p.b.c.NextDeadline()
		if !at.After(p.now) {
			t.Fatalf("deadline %v is not after %v: the timer would spin", at, p.now)
		}
		p.now = at
		p.b.evs = p.b.c.Tick(at, p.b.evs)
		if at.Sub(quiet) > 5*time.Second {
			t.Fatal("never given up")
		}
	}
	if d := p.now.Sub(quiet); d != 4*time.Second {
		t.Errorf("given up after %v", d)
	}
	if e := p.b.one(Closed); e.Err == nil || e.Err.Condition != "amqp:resource-limit-exceeded" || e.Err.Description != "local-idle-timeout expired" {
		t.Errorf("closed with %v", e.Err)
	}
	p.pump() // the silent peer can still read why
	if e := p.a.c.Err(); e == nil || e.Description != "local-idle-timeout expired" {
		t.Errorf("the peer hears %v", e)
	}
}

// While a writer is stuck no heartbeat is added, and the deadline moves on.
func TestHeartbeatBehindBlockedWriter(t *testing.T) {
	p := opened(t, Config{}, Config{IdleTimeout: 4 * time.Second})
	p.link("x")
	p.a.c.send(0, &frame.Flow{})
	n, _ := heldOctets(p.a.c)
	for range 10 {
		at := p.a.c.NextDeadline()
		if !at.After(p.now) {
			t.Fatalf("deadline %v is not after %v: the timer would spin", at, p.now)
		}
		p.now = at
		p.a.c.Tick(at, nil)
	}
	if m, err := heldOctets(p.a.c); m != n || err != nil {
		t.Errorf("%d octets wait, then %d: %v", n, m, err)
	}
}

func TestHeartbeatOfHastyPeer(t *testing.T) {
	p := opened(t, Config{}, Config{IdleTimeout: 2 * time.Millisecond})
	if d := p.a.c.NextDeadline().Sub(p.now); d < 10*time.Millisecond {
		t.Errorf("a heartbeat every %v", d)
	}
}
