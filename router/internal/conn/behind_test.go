package conn

import (
	"bytes"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// closedWindow is a pair whose a holds back most of a delivery, because b has closed the window of the session.
func closedWindow(t *testing.T) (p *pair, out *OutDelivery, theirs *Link) {
	t.Helper()
	p = opened(t, Config{}, Config{IncomingWindow: 2})
	l := p.link("l")
	for _, of := range p.b.c.local[0].links {
		theirs = of
	}
	p.b.c.Hold(theirs)
	out = p.a.c.NewDelivery(l, false, nil)
	for range 5 {
		p.a.c.Send(out, []byte("abc"), true)
		p.pump()
	}
	if n := len(p.b.octets()); n >= 15 || p.a.c.held == 0 {
		t.Fatalf("%d octets have come, %d are held back", n, p.a.c.held)
	}
	return p, out, theirs
}

// opens has b open the window again, and checks that all is well.
func (p *pair) opens(theirs *Link) {
	p.t.Helper()
	if e := p.b.c.Err(); e != nil {
		p.t.Fatalf("while the window is closed: %v", e)
	}
	p.b.c.Release(theirs)
	p.pump()
	for _, s := range []*side{p.a, p.b} {
		if !s.c.IsOpen() {
			p.t.Fatalf("%s is not open any more: %v", s.name, s.c.Err())
		}
	}
	if n, err := heldOctets(p.a.c); n != 0 || err != nil {
		p.t.Errorf("%d octets are left, %v", n, err)
	}
}

// Our detach of a link does not overtake what was sent on it, and its handle is not used again before it has left.
func TestDetachBehindTransfers(t *testing.T) {
	for _, theyBegin := range []bool{false, true} {
		p, out, theirs := closedWindow(t)
		if theyBegin {
			p.b.c.Detach(theirs, nil)
			p.pump()
		} else {
			p.a.c.Abort(out)
			p.a.c.Detach(out.Link, nil)
		}
		next, err := p.a.c.OpenLink(ClassStreaming, "next", frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.pump()
		if next.handle == out.Link.handle {
			t.Errorf("handle %d is in use twice", next.handle)
		}
		p.opens(theirs)
		p.a.heard(LinkGone)
		if len(p.b.heard(LinkGone)) != 1 {
			t.Error("the link is not gone")
		}
		p.a.c.Send(p.a.c.NewDelivery(next, true, nil), []byte("next"), false)
		p.pump()
		if got := p.b.octets(); !bytes.HasSuffix(got, []byte("next")) {
			t.Errorf("got %q", got)
		}
		// And then it is.
		again, err := p.a.c.OpenLink(ClassStreaming, "again", frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil)
		if err != nil || again.handle != out.Link.handle {
			t.Errorf("handle %d is not used again, but %+v, %v", out.Link.handle, again, err)
		}
	}
}

// Credit is not given back before what has used some of it has left.
func TestDrainBehindTransfers(t *testing.T) {
	p, out, theirs := closedWindow(t)
	for range 3 { // whole deliveries behind it
		p.a.c.End(out, true)
		out = p.a.c.NewDelivery(out.Link, true, nil)
		p.a.c.Send(out, []byte("more"), true)
	}
	p.a.c.End(out, true)
	p.b.c.send(theirs.s.channel, &frame.Flow{
		NextIncomingID: &theirs.s.nextIn, OutgoingWindow: limits.OutgoingWindow, Handle: &theirs.handle, DeliveryCount: &theirs.count, LinkCredit: &theirs.credit, Drain: true,
	})
	theirs.capacity = 0
	p.pump()
	p.a.c.Drained(out.Link)
	p.pump()
	p.opens(theirs)
	ends := 0
	for _, e := range p.b.heard(Octets) {
		if !e.More {
			ends++
		}
	}
	if ends != 4 || theirs.credit != 0 {
		t.Errorf("%d deliveries have come, a credit of %d is left", ends, theirs.credit)
	}
}

// What we say of a delivery comes after the delivery.
func TestDispositionBehindTransfers(t *testing.T) {
	p, out, theirs := closedWindow(t)
	p.a.c.End(out, false)
	p.a.c.UpdateOut(out, &frame.Accepted{}, true)
	p.pump()
	if n := len(p.b.heard(SenderUpdate)); n != 0 {
		t.Error("it has come before the end")
	}
	p.opens(theirs)
	if e := p.b.one(SenderUpdate); !e.Settled {
		t.Errorf("heard %+v", e)
	}
}

// A peer whose window is closed cannot have answers wait without end.
func TestFlowsBehindTransfers(t *testing.T) {
	p, _, theirs := closedWindow(t)
	p.a.quiet, p.b.quiet = true, true
	echo := frame.AppendFrame(nil, frame.TypeAMQP, theirs.s.channel, &frame.Flow{NextIncomingID: &theirs.s.nextIn, OutgoingWindow: limits.OutgoingWindow,
		Handle: &theirs.handle, DeliveryCount: &theirs.count, LinkCredit: &theirs.credit, Echo: true}, nil)
	many := bytes.Repeat(echo, 1000)
	for range 2000 {
		if p.a.c.Input(p.now, many, nil); p.a.c.phase != open {
			break
		}
		if p.a.c.held > limits.MaxAnswers+1<<20 {
			t.Fatalf("%d octets wait", p.a.c.held)
		}
	}
	if e := p.a.c.Err(); e == nil || e.Condition != "amqp:resource-limit-exceeded" {
		t.Errorf("it goes on with %v", e)
	}
}
