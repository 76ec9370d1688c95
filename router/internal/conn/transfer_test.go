package conn

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

func pattern(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// A delivery of any size arrives as it was sent, through frames of any size and windows of any size, in frames that the peer allows.
func TestDeliverySizes(t *testing.T) {
	for _, maxFrame := range []uint32{512, 1000, 16384, 1 << 20} {
		for _, window := range []uint32{1, 2, 8192} {
			for _, n := range []int{0, 1, 479, 480, 481, 511, 512, 513, 16353, 16354, 16355, 100_000} {
				p := opened(t, Config{MaxFrameSize: 1 << 20}, Config{MaxFrameSize: maxFrame, IncomingWindow: window})
				l := p.link("x")
				want := pattern(n)
				od := p.a.c.NewDelivery(l, false, nil)
				p.a.c.Send(od, want, false)
				if _, err := heldOctets(p.a.c); err != nil {
					t.Fatal(err)
				}
				p.pump()
				evs := p.b.heard(Octets)
				var got []byte
				for i, e := range evs {
					got = append(got, e.Payload...)
					if e.First != (i == 0) || e.More != (i < len(evs)-1) {
						t.Fatalf("event %d of %d: first %t, more %t", i, len(evs), e.First, e.More)
					}
				}
				if !bytes.Equal(got, want) || p.b.max > int(maxFrame) {
					t.Errorf("max-frame %d, window %d, %d octets: got %d in frames up to %d (%v, %v)", maxFrame, window, n, len(got), p.b.max, p.a.c.Err(), p.b.c.Err())
				}
			}
		}
	}
}

// Octets that are laid out in slots arrive as they were sent.
func TestSlots(t *testing.T) {
	for _, maxFrame := range []uint32{512, 16384, 20000} {
		for _, window := range []uint32{1, 3, 8192} {
			p := opened(t, Config{MaxFrameSize: maxFrame}, Config{MaxFrameSize: maxFrame, IncomingWindow: window})
			l := p.link("x")
			od := p.a.c.NewDelivery(l, false, nil)
			if _, _, ok := p.a.c.Layout(od); ok {
				t.Error("a layout before the delivery has an id")
			}
			p.a.c.Send(od, []byte("head"), true)
			head, slot, ok := p.a.c.Layout(od)
			if want := maxFrame != 20000; ok != want {
				t.Fatalf("max-frame %d: layout %t", maxFrame, ok)
			}
			if !ok {
				continue
			}
			want := []byte("head")
			for _, n := range []int{1, slot - head - 1, slot - head, slot - head + 1, 3 * (slot - head), (1 << 16) / slot * (slot - head)} {
				k := p.a.c.cfg.Chunks.Get()
				data := pattern(n)
				rest := data
				for at := 0; len(rest) > 0; at += slot {
					rest = rest[copy(k.B[at+head:at+slot], rest):]
				}
				p.a.c.SendSlots(od, k, head, slot, n)
				want = append(want, data...)
				if _, err := heldOctets(p.a.c); err != nil {
					t.Fatal(err)
				}
				if n%2 == 0 {
					p.pump()
				}
			}
			p.a.c.End(od, false)
			p.pump()
			if got := p.b.octets(); !bytes.Equal(got, want) {
				t.Errorf("max-frame %d, window %d: %d octets, want %d; %v %v", maxFrame, window, len(got), len(want), p.a.c.Err(), p.b.c.Err())
			}
		}
	}
}

// Streams of one session do not mix, whatever the order of their parts.
func TestInterleavedStreams(t *testing.T) {
	p := opened(t, Config{}, Config{IncomingWindow: 3, MaxFrameSize: 512})
	const n = 7
	var out [n]*OutDelivery
	var want, got [n][]byte
	for i := range out {
		out[i] = p.a.c.NewDelivery(p.link(fmt.Sprint(i)), i%2 == 0, i)
	}
	for round := range 50 {
		for i, od := range out {
			part := pattern(round*n + i)
			want[i] = append(want[i], part...)
			p.a.c.Send(od, part, true)
		}
		if round%7 == 0 {
			p.pump()
		}
	}
	for _, od := range out {
		p.a.c.End(od, true)
		p.a.c.End(od, true) // once is enough
	}
	p.pump()
	ends := 0
	for _, e := range p.b.heard(Octets) {
		i := int(e.Link.Name[0] - '0')
		got[i] = append(got[i], e.Payload...)
		if !e.More {
			ends++
		}
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("stream %d differs: %d octets, want %d; %v", i, len(got[i]), len(want[i]), p.b.c.Err())
		}
	}
	if ends != n || p.b.c.Done() {
		t.Errorf("%d ends, want %d: %v", ends, n, p.b.c.Err())
	}
	for _, s := range p.a.c.local {
		if s != nil && len(s.out) != 0 {
			t.Errorf("%d settled deliveries are kept", len(s.out))
		}
	}
}

func TestOutcomes(t *testing.T) {
	for _, st := range []frame.DeliveryState{
		&frame.Accepted{}, &frame.Released{}, &frame.Rejected{Error: &frame.Error{Condition: "a:b", Description: "c"}},
		&frame.Modified{DeliveryFailed: true, UndeliverableHere: true}, nil,
	} {
		p := opened(t, Config{}, Config{})
		l := p.link("x")
		od := p.a.c.NewDelivery(l, false, "mine")
		p.a.c.Send(od, []byte("x"), false)
		p.pump()
		in := p.b.one(Octets).In
		p.b.c.Update(in, &frame.Received{SectionOffset: 7}, false)
		p.b.c.Update(in, st, true)
		p.b.c.Update(in, &frame.Accepted{}, true) // too late
		p.pump()
		evs := p.a.heard(Outcome)
		if len(evs) != 2 || evs[0].Settled || evs[0].State.(*frame.Received).SectionOffset != 7 || !evs[1].Settled || evs[1].Out != od || od.User != "mine" {
			t.Fatalf("%T: %+v", st, evs)
		}
		if a, b := fmt.Sprintf("%+v", evs[1].State), fmt.Sprintf("%+v", st); st != nil && evs[1].State.Code() != st.Code() || len(a) != len(b) && st == nil {
			t.Errorf("state %s, want %s", a, b)
		}
		if len(l.s.out) != 0 || len(in.Link.s.in) != 0 {
			t.Errorf("%T: the delivery is kept", st)
		}
	}
}

// An outcome before the end is not the end: the sender finishes the delivery and settles, in either way.
func TestEarlyOutcome(t *testing.T) {
	for _, settledEnd := range []bool{true, false} {
		p := opened(t, Config{}, Config{})
		l := p.link("x")
		od := p.a.c.NewDelivery(l, false, nil)
		p.a.c.Send(od, []byte("x"), true)
		p.pump()
		in := p.b.one(Octets).In
		p.b.c.Update(in, &frame.Modified{DeliveryFailed: true}, false)
		p.pump()
		if e := p.a.one(Outcome); e.Settled || e.State.Code() != (&frame.Modified{}).Code() {
			t.Fatalf("%+v", e)
		}
		p.a.c.Send(od, []byte("on its way"), true)
		p.a.c.End(od, settledEnd)
		if !settledEnd {
			p.a.c.UpdateOut(od, &frame.Modified{DeliveryFailed: true}, true)
		}
		p.pump()
		evs := p.b.heard(Octets)
		if last := evs[len(evs)-1]; last.More || last.Settled != settledEnd {
			t.Errorf("the end is %+v", last)
		}
		if u := p.b.heard(SenderUpdate); len(u) == 1 == settledEnd {
			t.Errorf("settledEnd %t: %+v", settledEnd, u)
		}
		if len(in.Link.s.in) != 0 || len(l.s.out) != 0 {
			t.Error("the delivery is kept")
		}
	}
}

func TestAbort(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	credit := l.Credit()
	p.a.c.Abort(p.a.c.NewDelivery(l, false, nil)) // nothing of it was sent
	p.pump()
	if evs := p.b.heard(Octets); len(evs) != 0 || l.Credit() != credit {
		t.Errorf("a delivery that was never begun: %+v, credit %d of %d", evs, l.Credit(), credit)
	}
	od := p.a.c.NewDelivery(l, false, nil)
	p.a.c.Send(od, []byte("x"), true)
	p.a.c.Abort(od)
	p.a.c.Abort(od)
	p.pump()
	evs := p.b.heard(Octets)
	if len(evs) != 2 || !evs[1].Aborted || !evs[1].Settled || evs[1].More {
		t.Fatalf("%+v", evs)
	}
	if got := p.b.received("@transfer"); got[1] != `@transfer(20) [handle=0x0, delivery-id=0x0, delivery-tag=b"\x00\x00\x00\x00\x00\x00\x00\x00", message-format=0x0, settled=true, aborted=true]` {
		t.Errorf("abort is %s", got[1])
	}
	// The link is good for the next one.
	next := p.a.c.NewDelivery(l, true, nil)
	p.a.c.Send(next, []byte("y"), false)
	p.pump()
	if got := p.b.octets(); string(got) != "y" {
		t.Errorf("next delivery %q, %v", got, p.b.c.Err())
	}
}

// Dispositions cover ranges, also over the wrap of the ids, and cost no more than the deliveries there are.
func TestDispositionRange(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	l.s.nextID = math.MaxUint32 - 1
	for i := range 5 {
		p.a.c.Send(p.a.c.NewDelivery(l, false, i), []byte("x"), false)
	}
	p.pump()
	ins := p.b.heard(Octets)
	first, last := ins[1].In.ID, ins[3].In.ID
	if first != math.MaxUint32 || last != 1 {
		t.Fatalf("ids %d to %d", first, last)
	}
	s := ins[0].Link.s
	p.b.c.send(s.channel, &frame.Disposition{Role: frame.RoleReceiver, First: first, Last: &last, Settled: true, State: &frame.Accepted{}})
	p.pump()
	got := map[any]bool{}
	for _, e := range p.a.heard(Outcome) {
		got[e.Out.User] = true
	}
	if len(got) != 3 || got[0] || got[4] {
		t.Errorf("outcomes for %v", got)
	}
	wide := first + math.MaxInt32
	p.b.c.send(s.channel, &frame.Disposition{Role: frame.RoleReceiver, First: first - 5, Last: &wide, Settled: true, State: &frame.Accepted{}})
	p.pump()
	if evs := p.a.heard(Outcome); p.a.c.Done() == false && len(evs) != 2 {
		t.Errorf("%+v", evs)
	}
}
