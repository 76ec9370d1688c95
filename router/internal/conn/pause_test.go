package conn

import (
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// A peer that leaves much unsettled is sent nothing more that it would have to settle, and all that waits once it has settled some.
func TestPause(t *testing.T) {
	p := opened(t, Config{MaxUnsettled: 3}, Config{})
	p.b.accept = 1000
	l, other := p.link("l"), p.link("other")
	send := func(l *Link, settled bool) bool {
		d := p.a.c.NewDelivery(l, settled, nil)
		if d != nil {
			p.a.c.Send(d, []byte("x"), false)
		}
		p.pump()
		return d != nil
	}
	for i := range 3 {
		if !send(l, false) {
			t.Fatalf("delivery %d is not made", i)
		}
	}
	if !p.a.c.Paused() || send(l, false) || send(l, false) || send(other, false) {
		t.Fatal("a fourth one is made")
	}
	if !send(l, true) || !p.a.c.IsOpen() {
		t.Error("one that nobody has to settle waits")
	}
	in := p.b.heard(Octets)
	p.b.c.Update(in[1].In, &frame.Received{}, false) // is none
	p.pump()
	if evs := p.a.heard(LinkCredit); len(evs) != 0 {
		t.Fatalf("%d links go on", len(evs))
	}
	p.b.c.Update(in[1].In, &frame.Accepted{}, true)
	p.pump()
	if evs := p.a.heard(LinkCredit); len(evs) != 2 || evs[0].Link != l || evs[1].Link != other {
		t.Fatalf("links that go on: %+v", evs)
	}
	if !send(other, false) || send(l, false) {
		t.Error("not as many are made as were settled")
	}
	// A link that ends while it waits is forgotten, and takes with it what nobody will settle any more.
	p.b.c.Detach(in[0].Link, nil)
	p.pump()
	if p.a.c.Paused() || len(p.a.c.paused) != 0 || len(p.a.heard(LinkCredit)) != 0 {
		t.Errorf("paused: %t, %d links wait", p.a.c.Paused(), len(p.a.c.paused))
	}
	// Our own side may settle, too: links hear of it with what comes next.
	d := p.a.c.NewDelivery(other, false, nil)
	p.a.c.Send(d, []byte("x"), false)
	if !send(other, false) || send(other, false) {
		t.Error("not as many are made as there is room for")
	}
	p.a.c.UpdateOut(d, &frame.Accepted{}, true)
	p.pump()
	p.b.c.appendRaw(frame.AppendEmpty(nil))
	p.pump()
	if evs := p.a.heard(LinkCredit); len(evs) != 1 || !send(other, false) {
		t.Errorf("links that go on: %+v", evs)
	}
}
