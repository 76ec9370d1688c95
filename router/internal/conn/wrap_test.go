package conn

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// TestNumbersWrap: transfer-ids, delivery-ids and delivery-counts go on beyond 2^32 (RFC 1982), with credit, windows, outcomes of single deliveries and of
// ranges.
func TestNumbersWrap(t *testing.T) {
	near := uint32(math.MaxUint32 - 15)
	p := opened(t, Config{IncomingWindow: 8}, Config{IncomingWindow: 8})
	l := p.link("x")
	out, in := l.s, p.b.c.sessions[0]
	far := in.byRemote[l.handle]
	out.nextOut, out.nextID, l.count = near, near, near
	in.nextIn, far.count = near, near
	for i := range 200 {
		d := p.a.c.NewDelivery(l, false, i)
		if d == nil {
			t.Fatalf("delivery %d: no credit; %v, %v", i, p.a.c.Err(), p.b.c.Err())
		}
		p.a.c.Send(d, []byte("one"), true)
		p.a.c.Send(d, []byte("two"), false)
		p.pump()
		if got := string(p.b.octets()); got != "onetwo" {
			t.Fatalf("delivery %d arrives as %q; %v", i, got, p.b.c.Err())
		}
		if i%7 != 6 {
			continue
		}
		first := near + uint32(i) - 6 // an outcome for seven, by one range
		p.b.c.send(in.channel, &frame.Disposition{Role: frame.RoleReceiver, First: first, Last: ptr(near + uint32(i)), Settled: true, State: &frame.Accepted{}})
		for id := first; id != first+7; id++ {
			in.in[id].forget()
		}
		p.pump()
		for k, e := range p.a.heard(Outcome) {
			if e.Out.User != i-6+k || !e.Settled {
				t.Errorf("outcome %d is %+v", k, e)
			}
		}
		if len(out.out)+len(in.in) != 0 {
			t.Fatalf("after delivery %d there are %d and %d deliveries", i, len(out.out), len(in.in))
		}
	}
	sent := uint32(200)
	if l.count != near+sent || far.count != near+sent || out.nextOut != near+2*sent || in.nextIn != near+2*sent || out.nextID != near+sent {
		t.Errorf("counts %d, %d; transfers %d, %d; deliveries %d", l.count, far.count, out.nextOut, in.nextIn, out.nextID)
	}
	for _, side := range []*side{p.a, p.b} {
		if err := side.c.Err(); err != nil {
			t.Errorf("%s: %v", side.name, err)
		}
	}
}

// TestPeerBeginsNearTheEnd: a peer may begin to count anywhere.
func TestPeerBeginsNearTheEnd(t *testing.T) {
	near := uint32(math.MaxUint32 - 15)
	now := time.Unix(1_700_000_000, 0)
	c := New(Config{IncomingWindow: 8}, now)
	feed := func(b []byte) (evs []Event) {
		t.Helper()
		if _, evs = c.Input(now, b, nil); c.Err() != nil {
			t.Fatal(c.Err())
		}
		for _, k := range c.TakeOutput(now, nil) {
			c.cfg.Chunks.Put(k)
		}
		return evs
	}
	feed(append(frame.ProtoAMQP[:], raw(0, &frame.Open{ContainerID: "x"}, "")...))
	feed(raw(0, &frame.Begin{NextOutgoingID: near, IncomingWindow: 8, OutgoingWindow: 8, HandleMax: 10}, ""))
	evs := feed(raw(0, &frame.Attach{Name: "l", Role: frame.RoleSender, Source: &frame.Source{}, Target: &frame.Target{Address: "x", HasAddress: true}, InitialDeliveryCount: ptr(near)}, ""))
	l := evs[0].Link
	if err := c.Accept(l, &frame.Source{}, &frame.Target{}, 4); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(50) {
		evs := feed(raw(0, &frame.Transfer{DeliveryID: near + i, HasDeliveryID: true, DeliveryTag: fmt.Append(nil, i)}, "m"))
		if len(evs) != 1 || evs[0].In.ID != near+i {
			t.Fatalf("transfer %d: %+v", i, evs)
		}
		c.Update(evs[0].In, &frame.Accepted{}, true)
		if i%10 == 9 { // it gives back a credit, too: its count goes on by one
			before := l.Credit()
			feed(raw(0, &frame.Flow{NextIncomingID: ptr(uint32(0)), IncomingWindow: 8, NextOutgoingID: near + i + 1, OutgoingWindow: 8, Handle: ptr(uint32(0)), DeliveryCount: ptr(l.count + 1)}, ""))
			if l.Credit() < before-1 {
				t.Errorf("the credit is %d after %d", l.Credit(), before)
			}
		}
	}
	if s := c.sessions[0]; s.nextIn != near+50 || len(s.in) != 0 || l.count != near+55 {
		t.Errorf("transfers %d, %d deliveries, count %d", s.nextIn, len(s.in), l.count)
	}
}
