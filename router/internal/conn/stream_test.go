package conn

import (
	"bytes"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// TestHold: while a window is held the sender gets no further than that, nothing is lost, and other sessions go on.
func TestHold(t *testing.T) {
	p := opened(t, Config{OutputHighWater: 4 << 10}, Config{IncomingWindow: 100, MessageWindow: 10, MaxFrameSize: 1024})
	slow := p.a.c.NewDelivery(p.link("slow"), false, nil)
	p.a.c.Send(slow, []byte("x"), true)
	p.pump()
	in := p.b.one(Octets)
	p.b.c.Stream(in.In, false)
	if !p.b.c.Hold(in.Link) {
		t.Fatal("holding has no effect")
	}
	want := pattern(30_000)
	p.a.c.Send(slow, want, true)
	p.pump()
	got := p.b.octets()
	if n := p.b.c.sessions[0].inWindow; n != 0 || len(got) == 0 || len(got) > 10<<10 {
		t.Errorf("%d octets came, %d frames may still come", len(got), n)
	}
	if !p.a.c.Congested(slow.Link) {
		t.Error("the sender is not congested")
	}
	if _, err := heldOctets(p.a.c); err != nil {
		t.Error(err)
	}
	other, err := p.a.c.OpenLink(ClassMessages, "other", frame.RoleSender, &frame.Source{}, &frame.Target{Address: "other", HasAddress: true}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.pump()
	if p.a.c.Congested(other) || p.a.c.Waiting(other) != 0 {
		t.Errorf("the other session has %d octets waiting", p.a.c.Waiting(other))
	}
	od := p.a.c.NewDelivery(other, false, nil)
	p.a.c.Send(od, []byte("y"), false)
	p.pump()
	if ev := p.b.one(Octets); string(ev.Payload) != "y" {
		t.Errorf("got %q on the other session", ev.Payload)
	}
	p.b.c.Release(in.Link)
	p.pump()
	if got = append(got, p.b.octets()...); !bytes.Equal(got, want) {
		t.Errorf("%d octets came, want %d: %v", len(got), len(want), p.b.c.Err())
	}
	if p.a.c.Congested(slow.Link) || p.a.c.held != 0 {
		t.Errorf("%d octets are held in the end", p.a.c.held)
	}
}

// TestHoldNarrows: a window that is held becomes small at once. What is on its way comes all the same, more is a violation, and in the end all is as before.
func TestHoldNarrows(t *testing.T) {
	const full, frame = 1000, 1024
	p := opened(t, Config{}, Config{IncomingWindow: full, MaxFrameSize: frame, Narrows: true})
	slow := p.a.c.NewDelivery(p.link("slow"), false, nil)
	p.a.c.Send(slow, []byte("x"), true)
	p.pump()
	in := p.b.one(Octets)
	p.b.c.Stream(in.In, false)
	want := pattern(200_000)
	p.a.c.Send(slow, want[:100_000], true) // is on its way
	p.b.c.Hold(in.Link)
	p.pump()
	p.a.c.Send(slow, want[100_000:], true)
	p.pump()
	got := p.b.octets()
	if len(got) < 100_000 || len(got) > 100_000+(limits.HeldWindow+1)*frame {
		t.Errorf("%d octets came, held after 100000 were sent", len(got))
	}
	p.b.c.Grant(in.Link, 5) // says nothing of the window
	p.b.c.Hold(in.Link)
	p.b.c.Release(in.Link)
	p.pump()
	if more := p.b.octets(); len(more) > 0 {
		t.Errorf("%d octets came although the window is held", len(more))
	}
	p.b.c.Release(in.Link)
	p.pump()
	if got = append(got, p.b.octets()...); !bytes.Equal(got, want) {
		t.Errorf("%d octets came, want %d: %v", len(got), len(want), p.b.c.Err())
	}
	s := p.b.c.sessions[0]
	if total := s.inWindow + s.slack; s.inWindow <= full/2 || total > full {
		t.Errorf("the window is %d in the end, with %d that may still come", s.inWindow, s.slack)
	}
	p.b.c.Hold(in.Link)
	p.pump()
	slow.Link.s.window = 2 * full // the sender does not mind
	p.a.c.Send(slow, pattern(2*full*900), true)
	p.pump()
	if e := p.b.c.Err(); e == nil || e.Condition != "amqp:session:window-violation" {
		t.Errorf("a peer that goes on and on: %v", e)
	}
}

// TestHoldShared: streams with a window of their own do not wait for those without.
func TestHoldShared(t *testing.T) {
	p := opened(t, Config{}, Config{IncomingWindow: 100, MessageWindow: 10, MaxFrameSize: 1024})
	var in []Event
	for _, name := range []string{"plain", "windowed"} {
		od := p.a.c.NewDelivery(p.link(name), false, nil)
		p.a.c.Send(od, []byte("x"), true)
		p.pump()
		in = append(in, p.b.one(Octets))
	}
	p.b.c.Stream(in[0].In, false)
	p.b.c.Hold(in[0].Link)
	p.b.c.Stream(in[1].In, true)
	s := p.b.c.sessions[0]
	if !p.b.c.Shared(in[0].Link) || s.inWindow != 100 {
		t.Errorf("the window is %d once there is a stream with one of its own", s.inWindow)
	}
	p.pump()
	s.inWindow = 51
	p.a.c.Send(p.a.c.sessions[0].out[1], []byte("y"), true)
	p.pump()
	if s.inWindow != 100 {
		t.Errorf("the window is %d, it was not opened again", s.inWindow)
	}
	p.a.c.End(p.a.c.sessions[0].out[1], false)
	p.pump()
	if p.b.c.Shared(in[0].Link) {
		t.Error("shared with a stream that has ended")
	}
	p.a.c.Abort(p.a.c.sessions[0].out[0])
	p.pump()
	if s.messages != 0 || s.windowed != 0 {
		t.Errorf("%d and %d streams are counted, none is there", s.windowed, s.messages)
	}
}

// TestReplenish: streams wait for memory, and go on when there is some.
func TestReplenish(t *testing.T) {
	var pool chunk.Pool
	fed := false
	pool.SetBudget(4*chunk.Size, func() { fed = true })
	var used []*chunk.Chunk
	for range 4 {
		used = append(used, pool.Get())
	}
	p := opened(t, Config{}, Config{IncomingWindow: 10, MaxFrameSize: 1024, Chunks: &pool})
	od := p.a.c.NewDelivery(p.link("x"), false, nil)
	p.a.c.Send(od, []byte("x"), true)
	p.pump()
	in := p.b.one(Octets)
	p.b.c.Stream(in.In, true)
	want := pattern(30_000)
	p.a.c.Send(od, want, true)
	p.pump()
	got := p.b.octets()
	if n := p.b.c.sessions[0].inWindow; n != 0 {
		t.Errorf("%d frames may still come although memory is short", n)
	}
	for _, k := range used {
		pool.Put(k)
	}
	if !fed {
		t.Error("nobody was told that there is memory")
	}
	p.b.c.Replenish()
	p.pump()
	if got = append(got, p.b.octets()...); !bytes.Equal(got, want) {
		t.Errorf("%d octets came, want %d: %v", len(got), len(want), p.b.c.Err())
	}
}
