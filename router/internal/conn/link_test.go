package conn

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

func TestCredit(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	for i := range 100 {
		od := p.a.c.NewDelivery(l, true, nil)
		if od == nil {
			t.Fatalf("no credit for delivery %d", i)
		}
		p.a.c.Send(od, []byte("x"), false)
		if i%5 == 4 {
			p.pump() // it comes back when deliveries have arrived
		}
	}
	p.pump()
	if n := len(p.b.heard(Octets)); n != 100 {
		t.Errorf("%d deliveries arrived: %v", n, p.b.c.Err())
	}
	for l.Credit() > 0 {
		p.a.c.Send(p.a.c.NewDelivery(l, true, nil), []byte("x"), false)
	}
	if p.a.c.NewDelivery(l, true, nil) != nil {
		t.Error("a delivery without credit")
	}
}

// With credit by settlement a sender can have no more unsettled than the capacity, however the deliveries end.
func TestCreditBySettlement(t *testing.T) {
	p := opened(t, Config{}, Config{})
	p.b.accept = 0
	l, err := p.a.c.OpenLink(ClassEndpoint, "x", frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.pump()
	kl := p.b.one(LinkAttached).Link
	p.b.c.BySettlement(kl)
	_ = p.b.c.Accept(kl, &frame.Source{}, &frame.Target{}, 4)
	p.pump()
	send := func(settled bool) *OutDelivery {
		t.Helper()
		od := p.a.c.NewDelivery(l, settled, nil)
		if od == nil {
			t.Fatal("no credit")
		}
		p.a.c.Send(od, []byte("x"), true)
		return od
	}
	for round := range 10 {
		for l.Credit() > 0 {
			p.a.c.End(send(false), false)
			p.pump()
		}
		ins := p.b.heard(Octets)
		seen := map[*InDelivery]bool{}
		for _, e := range ins {
			seen[e.In] = true
		}
		if len(seen) != 4 {
			t.Fatalf("round %d: %d deliveries on a capacity of 4", round, len(seen))
		}
		for in := range seen {
			p.b.c.Update(in, &frame.Accepted{}, true)
			p.b.c.Update(in, &frame.Accepted{}, true)
		}
		p.pump()
		// One that is settled by us before its end, one aborted, one settled by the sender: each gives its credit back once.
		od := send(false)
		p.pump()
		p.b.c.Update(p.b.heard(Octets)[0].In, &frame.Released{}, true)
		p.a.c.End(od, true)
		p.a.c.Abort(send(false))
		p.a.c.End(send(true), true)
		p.pump()
		p.b.heard(Octets)
		if l.Credit() != 4 || kl.unsettled != 0 {
			t.Fatalf("round %d: credit %d, %d unsettled", round, l.Credit(), kl.unsettled)
		}
	}
}

func TestDrain(t *testing.T) {
	p := opened(t, Config{}, Config{})
	l := p.link("x")
	kl := p.b.c.sessions[0].links[0]
	p.a.c.Send(p.a.c.NewDelivery(l, true, nil), []byte("x"), false)
	p.pump()
	h := kl.handle
	credit, count := kl.credit, kl.count
	p.b.c.send(0, &frame.Flow{NextIncomingID: &kl.s.nextIn, IncomingWindow: 10, Handle: &h, DeliveryCount: &count, LinkCredit: &credit, Drain: true})
	p.pump()
	if e := p.a.one(LinkCredit); !e.Drain || !l.Draining() {
		t.Fatalf("%+v", e)
	}
	p.a.c.Drained(l)
	p.a.c.Drained(l)
	p.pump()
	flows := p.b.received("@flow")
	if got := flows[len(flows)-1]; !strings.Contains(got, "link-credit=0x0, available=0x0, drain=true") {
		t.Errorf("the answer is %s", got)
	}
	// The receiver gives new credit for what came back, and counts are the same on both sides.
	if l.count != kl.count || l.credit != kl.credit || l.credit == 0 || l.Draining() {
		t.Errorf("count %d and %d, credit %d and %d", l.count, kl.count, l.credit, kl.credit)
	}
}

// Grants of any size count, also the largest that there are.
func TestHugeGrants(t *testing.T) {
	for _, grant := range []uint32{1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
		p := opened(t, Config{}, Config{})
		l := p.link("x")
		kl := p.b.c.sessions[0].links[0]
		zero := uint32(0)
		p.a.c.Send(p.a.c.NewDelivery(l, true, nil), []byte("x"), false) // the peer has not seen it yet
		p.b.c.send(0, &frame.Flow{NextIncomingID: &zero, IncomingWindow: grant, Handle: &kl.handle, DeliveryCount: &zero, LinkCredit: &grant})
		p.b.moveTo(p.a, p.now)
		p.a.consume(p.now, 0)
		if l.credit != grant-1 || l.s.window != grant-1 {
			t.Errorf("grant %#x: credit %#x, window %#x", grant, l.credit, l.s.window)
		}
		// A peer that counts what was never sent gets no more than it grants.
		ahead := uint32(1000)
		p.b.c.send(0, &frame.Flow{NextIncomingID: &ahead, IncomingWindow: grant, Handle: &kl.handle, DeliveryCount: &ahead, LinkCredit: &grant})
		p.b.moveTo(p.a, p.now)
		p.a.consume(p.now, 0)
		if l.credit != grant || l.s.window != grant {
			t.Errorf("grant %#x, ahead: credit %#x, window %#x", grant, l.credit, l.s.window)
		}
	}
}

// Small frames that wait for the window share their buffers.
func TestHeldFramesAreSmall(t *testing.T) {
	p := opened(t, Config{}, Config{IncomingWindow: 2})
	l := p.link("x")
	od := p.a.c.NewDelivery(l, false, nil)
	for range 10_000 {
		p.a.c.Send(od, []byte("x"), true)
	}
	chunks := 0
	for _, h := range l.s.held {
		if h.k.End > 0 {
			chunks++
		}
	}
	if chunks > 10 {
		t.Errorf("10000 octets in %d buffers", chunks)
	}
	p.a.c.End(od, false)
	p.pump()
	if n := len(p.b.octets()); n != 10_000 {
		t.Errorf("%d octets arrived", n)
	}
}

func TestRefuse(t *testing.T) {
	for _, role := range []frame.Role{frame.RoleSender, frame.RoleReceiver} {
		p := opened(t, Config{}, Config{})
		p.b.accept = 0
		l, err := p.a.c.OpenLink(ClassEndpoint, "x", role, &frame.Source{}, &frame.Target{}, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.pump()
		p.b.c.Refuse(p.b.one(LinkAttached).Link, &frame.Error{Condition: "qd:no-route-to-dest"})
		p.pump()
		if e := p.a.one(LinkAnswered); e.Link != l || l.Peer().Source != nil || l.Peer().Target != nil {
			t.Errorf("the answer has termini: %+v", l.Peer())
		}
		if e := p.a.one(LinkGone); e.Err == nil || e.Err.Condition != "qd:no-route-to-dest" {
			t.Errorf("%+v", e)
		}
		p.b.one(LinkGone)
		if p.a.c.links != 0 || p.b.c.links != 0 || len(l.s.awaiting) != 0 {
			t.Errorf("%d and %d links are left", p.a.c.links, p.b.c.links)
		}
		if n := len(p.b.received("@flow")); n != 0 {
			t.Errorf("credit for a refused link")
		}
	}
}

// Handles and channels are used again, and nothing of the old links stays.
func TestAttachAndDetachForEver(t *testing.T) {
	p := opened(t, Config{}, Config{})
	for i := range 200 {
		l := p.link("x")
		od := p.a.c.NewDelivery(l, false, nil)
		p.a.c.Send(od, []byte("x"), i%2 == 0)
		p.pump()
		p.a.c.Detach(l, nil)
		p.pump()
		if e := p.a.one(Outcome); e.Out != od || e.State == nil {
			t.Fatalf("%+v", e)
		}
		p.a.one(LinkGone)
		p.b.one(LinkGone)
		p.b.heard(Octets, SenderUpdate)
		if l.handle != 0 || p.a.c.links != 0 || p.b.c.links != 0 || len(l.s.out) != 0 || len(p.b.c.sessions[0].in) != 0 {
			t.Fatalf("round %d: handle %d, %d and %d links", i, l.handle, p.a.c.links, p.b.c.links)
		}
	}
}

// A link that its peer gives up before it was answered is answered all the same: its attach asks for one.
func TestDetachBeforeAnswer(t *testing.T) {
	p := opened(t, Config{}, Config{})
	p.b.accept = 0
	l, err := p.a.c.OpenLink(ClassEndpoint, "x", frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.a.c.Detach(l, nil)
	p.pump()
	kl := p.b.one(LinkAttached).Link
	p.b.one(LinkGone)
	_ = p.b.c.Accept(kl, &frame.Source{}, &frame.Target{}, 5)
	p.b.c.Refuse(kl, nil)
	p.b.c.Grant(kl, 5)
	p.b.c.SetCapacity(kl, 7)
	p.pump()
	p.a.one(LinkGone)
	if p.a.c.Done() || p.b.c.Done() {
		t.Fatal(p.a.c.Err(), p.b.c.Err())
	}
}

func TestEndOfSession(t *testing.T) {
	p := opened(t, Config{}, Config{IncomingWindow: 1})
	for i := range 20 {
		l := p.link(fmt.Sprint("x", i))
		od := p.a.c.NewDelivery(l, false, nil)
		p.a.c.Send(od, pattern(50_000), true) // most of it waits for the window
		p.b.moveTo(p.a, p.now)
		p.b.c.send(l.s.remote, &frame.End{Error: &frame.Error{Condition: "a:b"}})
		p.b.c.sessions[l.s.channel].ended = true
		p.b.moveTo(p.a, p.now)
		p.a.consume(p.now, 0)
		if e := p.a.one(LinkGone); e.Link != l || e.Err == nil {
			t.Fatalf("%+v", e)
		}
		if e := p.a.one(Outcome); e.State.Code() != (&frame.Released{}).Code() {
			t.Fatalf("%+v", e)
		}
		if p.a.c.links != 0 || p.a.c.classes[ClassStreaming] != nil {
			t.Fatalf("%d links are left", p.a.c.links)
		}
		p.a.c.Send(od, []byte("x"), true)
		p.a.c.End(od, true)
		p.pump()
		if _, err := heldOctets(p.a.c); err != nil {
			t.Fatal(err)
		}
		p.b.heard(Octets, LinkGone, SenderUpdate)
		if p.a.c.Done() || p.b.c.Done() || p.b.c.links != 0 {
			t.Fatal(p.a.c.Err(), p.b.c.Err(), p.b.c.links)
		}
	}
	if len(p.a.c.local) > 1 || len(p.b.c.local) > 1 {
		t.Errorf("%d and %d channels", len(p.a.c.local), len(p.b.c.local))
	}
}

// Whoever asks without reading the answers is not answered for ever.
func TestQuestionsWithoutReading(t *testing.T) {
	p := opened(t, Config{}, Config{})
	p.link("x")
	q := frame.AppendFrame(nil, frame.TypeAMQP, 0, &frame.Flow{IncomingWindow: 1, Echo: true}, nil)
	many := []byte(strings.Repeat(string(q), 1000))
	for range 10_000 {
		if _, p.b.evs = p.b.c.Input(p.now, many, p.b.evs); p.b.c.Done() {
			break
		}
	}
	if e := p.b.c.Err(); e == nil || e.Condition != "amqp:resource-limit-exceeded" {
		t.Errorf("%v after %d octets of answers", e, p.b.c.outBytes)
	}
}
