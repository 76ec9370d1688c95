package conn

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

func TestCloseInOrder(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	od := p.a.c.NewDelivery(l, false, nil)
	p.a.c.Send(od, []byte("x"), true)
	p.a.c.Close(nil)
	p.a.c.Close(&frame.Error{Condition: "a:second"})
	p.pump()
	for _, s := range []*side{p.a, p.b} {
		if e := s.one(Closed); e.Err != nil || !s.c.Done() || s.c.Err() != nil {
			t.Errorf("%s: closed with %v, done %t", s.name, e.Err, s.c.Done())
		}
		s.one(LinkGone)
	}
	if e := p.a.one(Outcome); e.Out != od || e.State.Code() != (&frame.Released{}).Code() || !e.Settled {
		t.Errorf("outcome %+v", e)
	}
	if e := p.b.heard(Octets); len(e) != 2 || !e[1].Aborted || e[1].More {
		t.Errorf("octets %+v", e)
	}
}

func TestCloseWithError(t *testing.T) {
	p := opened(t, Config{}, Config{})
	p.b.c.Close(&frame.Error{Condition: "amqp:connection:forced", Description: "go"})
	p.pump()
	if e := p.a.one(Closed); e.Err == nil || e.Err.Description != "go" {
		t.Errorf("the dialler hears %v", e.Err)
	}
	if got := p.a.received("@close"); len(got) != 1 || !strings.Contains(got[0], "amqp:connection:forced") {
		t.Errorf("close frames %q", got)
	}
	if n := len(p.b.received("@close")); n != 1 {
		t.Errorf("%d answers", n)
	}
}

// A peer that never answers a close, but goes on talking, does not keep the connection.
func TestCloseWithoutAnswer(t *testing.T) {
	p := opened(t, Config{IdleTimeout: time.Minute}, Config{})
	p.a.c.Close(nil)
	p.a.moveTo(p.b, p.now)
	if at := p.a.c.NextDeadline(); !at.Equal(p.now.Add(limits.CloseTimeout)) {
		t.Fatalf("deadline %v, now %v", at, p.now)
	}
	p.now = p.now.Add(limits.CloseTimeout)
	heartbeat := frame.AppendEmpty(nil)
	p.a.c.Input(p.now, heartbeat, nil)
	if p.a.c.Done() {
		t.Error("over although the time has not passed")
	}
	p.a.evs = p.a.c.Tick(p.now, p.a.evs)
	p.a.one(Closed)
	if !p.a.c.Done() {
		t.Error("not over")
	}
}

func TestLost(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	sent := p.a.c.NewDelivery(l, false, "sent")
	p.a.c.Send(sent, []byte("whole"), false)
	fresh := p.a.c.NewDelivery(l, false, "fresh")
	p.pump()
	p.b.heard(Octets)
	p.a.evs = p.a.c.Lost(p.a.evs, "cut")
	p.b.evs = p.b.c.Lost(p.b.evs, "cut")
	states := map[any]uint64{}
	for _, e := range p.a.heard(Outcome) {
		states[e.Out.User] = e.State.Code()
	}
	if states["sent"] != (&frame.Modified{}).Code() || states["fresh"] != (&frame.Released{}).Code() {
		t.Errorf("outcomes %v", states)
	}
	if e := p.b.one(SenderUpdate); !e.Settled {
		t.Errorf("the receiver of a whole delivery hears %+v", e)
	}
	if e := p.a.one(Closed); e.Err == nil || e.Err.Description != "cut" {
		t.Errorf("closed: %v", e.Err)
	}
	if evs := p.a.c.Lost(nil, "again"); len(evs) != 0 {
		t.Errorf("a second end: %+v", evs)
	}
	// Nothing of the dead connection is usable, and nothing panics.
	p.a.c.Send(fresh, []byte("x"), false)
	p.a.c.End(sent, true)
	p.a.c.Abort(fresh)
	p.a.c.UpdateOut(sent, &frame.Accepted{}, true)
	p.a.c.Detach(l, nil)
	p.a.c.Drained(l)
	if p.a.c.NewDelivery(l, false, nil) != nil || p.a.c.HasOutput() {
		t.Error("the dead connection speaks")
	}
	if n, err := heldOctets(p.a.c); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestHandshakeTakesTooLong(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		say  []byte
		hear string
	}{
		{"nothing", Config{}, nil, ""},
		{"header", Config{}, frame.ProtoAMQP[:], "AMQP 0"},
		{"sasl-header", Config{Mechanisms: []SASL{SASLAnonymous}}, frame.ProtoSASL[:], "AMQP 3"},
		{"sasl-done", Config{Mechanisms: []SASL{SASLAnonymous}},
			frame.AppendFrame(append([]byte(nil), frame.ProtoSASL[:]...), frame.TypeSASL, 0, &frame.SASLInit{Mechanism: "ANONYMOUS"}, nil), "AMQP 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			c.cfg.Handshake = 10 * time.Second
			k := New(c.cfg, now)
			k.Input(now, c.say, nil)
			if at := k.NextDeadline(); !at.Equal(now.Add(10 * time.Second)) {
				t.Fatalf("deadline %v", at)
			}
			if evs := k.Tick(now.Add(9*time.Second), nil); len(evs) != 0 || k.Done() {
				t.Fatal("over too early")
			}
			evs := k.Tick(now.Add(10*time.Second), nil)
			if len(evs) != 1 || evs[0].Kind != Closed || evs[0].Err == nil || !k.NextDeadline().IsZero() {
				t.Fatalf("events %+v", evs)
			}
			s := &side{t: t, c: New(Config{}, now)}
			(&side{t: t, c: k}).moveTo(s, now)
			s.record(s.in)
			if len(s.said) > 0 && s.said[0] != c.hear || len(s.said) == 0 && c.hear != "" {
				t.Errorf("said %q, want %q first", s.said, c.hear)
			}
			// What follows SASL is a header, an open and a close: a peer that is only slow can read it.
			if c.name == "sasl-done" && (len(s.said) != 6 || s.said[3] != "AMQP 0" || !strings.HasPrefix(s.said[5], "@close")) {
				t.Errorf("said %q", s.said)
			}
		})
	}
}
