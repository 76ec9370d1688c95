package conn

import (
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// conversation is a valid opening with a session and two links.
func conversation() []byte {
	b := append([]byte(nil), frame.ProtoAMQP[:]...)
	add := func(p frame.Performative, payload string) {
		b = frame.AppendFrame(b, frame.TypeAMQP, 0, p, []byte(payload))
	}
	add(&frame.Open{ContainerID: "x", MaxFrameSize: 4096, IdleTimeout: 1000}, "")
	add(&frame.Begin{IncomingWindow: 3, OutgoingWindow: 10, HandleMax: 10}, "")
	add(&frame.Attach{Name: "in", Handle: 0, Source: &frame.Source{}, Target: &frame.Target{}, InitialDeliveryCount: ptr(uint32(0))}, "")
	add(&frame.Attach{Name: "out", Handle: 1, Role: frame.RoleReceiver, Source: &frame.Source{}, Target: &frame.Target{}}, "")
	add(&frame.Flow{IncomingWindow: 3, Handle: ptr(uint32(1)), DeliveryCount: ptr(uint32(0)), LinkCredit: ptr(uint32(5))}, "")
	return b
}

// FuzzInput has a peer say anything after a valid opening, in pieces of any size. The connection must neither panic nor grow, its events must make
// sense, and what it says must be frames.
func FuzzInput(f *testing.F) {
	more := func(ps ...frame.Performative) (b []byte) {
		for _, p := range ps {
			b = append(b, raw(0, p, "payload")...)
		}
		return b
	}
	f.Add([]byte{}, uint8(1))
	f.Add(more(&frame.Transfer{Handle: 0, More: true}, &frame.Transfer{Handle: 0}, &frame.Detach{Closed: true}, &frame.End{}, &frame.Close{}), uint8(3))
	f.Add(more(&frame.Disposition{Role: frame.RoleReceiver, Last: ptr(uint32(1 << 30)), Settled: true, State: &frame.Accepted{}}, &frame.End{}, &frame.Begin{}), uint8(200))
	f.Add(more(&frame.Flow{IncomingWindow: 1 << 31, Handle: ptr(uint32(1)), LinkCredit: ptr(^uint32(0)), Drain: true, Echo: true}), uint8(9))
	f.Add(more(&frame.Attach{Name: "n", Handle: 1 << 20}, &frame.Attach{Name: "n", Handle: 7, Role: true}, &frame.Detach{Handle: 7, Closed: true}), uint8(50))
	f.Add(more(&frame.Transfer{Handle: 0, Aborted: true}, &frame.Transfer{Handle: 0, HasDeliveryID: true, DeliveryID: 1, Settled: true}), uint8(255))
	f.Add([]byte("\x00\x00\x00\x08\x02\x00\x00\x00AMQP\x00\x01\x00\x00"), uint8(2))
	opening, begin := conversation(), raw(0, &frame.Transfer{HasDeliveryID: true, DeliveryTag: []byte("t"), More: true}, "begin")
	chunks := &chunk.Pool{} // of all executions: clean memory would be most of what one costs
	f.Fuzz(func(t *testing.T, say []byte, step uint8) {
		if len(say) > 1<<14 {
			return
		}
		now := time.Unix(0, 0)
		c := New(Config{ContainerID: "me", MaxFrameSize: 4096, IncomingWindow: 4, MessageWindow: 2, IdleTimeout: 10 * time.Second, Handshake: time.Second, Chunks: chunks}, now)
		s := &side{t: t, name: "fuzzed", c: c, accept: 3, quiet: true}
		live := map[*Link]bool{}
		begun := map[*InDelivery]bool{}
		closed := false
		var holds []*Link
		feed := func(b []byte, step int) {
			s.in = append(s.in, b...)
			for len(s.in) > 0 {
				if s.consume(now, step) == 0 {
					break
				}
				for _, e := range s.evs {
					if closed {
						t.Fatalf("event %d after the end", e.Kind)
					}
					switch e.Kind {
					case LinkAttached:
						live[e.Link] = true
						if e.Link.Sender() {
							if od := c.NewDelivery(e.Link, false, nil); od != nil {
								c.Send(od, []byte("hello"), true)
							}
						}
					case LinkGone:
						if !live[e.Link] {
							t.Fatal("a link is gone that never was")
						}
						delete(live, e.Link)
					case LinkCredit:
						if od := c.NewDelivery(e.Link, false, nil); od != nil {
							c.Send(od, make([]byte, 5000), len(say)%2 == 0)
						}
						if e.Drain {
							c.Drained(e.Link)
						}
					case Octets:
						if !live[e.Link] || begun[e.In] == e.First {
							t.Fatalf("octets of a link that is there: %t; begun %t, first %t", live[e.Link], begun[e.In], e.First)
						}
						begun[e.In] = e.More
						switch (int(step) + len(begun)) % 3 { // some are streams, and some of those are taken slowly
						case 0:
							c.Stream(e.In, true)
						case 1:
							c.Stream(e.In, false)
							c.Hold(e.Link)
							holds = append(holds, e.Link)
						}
						if len(holds) > int(step%4) {
							c.Release(holds[0])
							holds = holds[1:]
						}
						if !e.More {
							delete(begun, e.In)
							c.Update(e.In, &frame.Accepted{}, true)
						}
					case Outcome:
						c.End(e.Out, true)
					case Closed:
						closed = true
					}
				}
				s.evs = s.evs[:0]
			}
		}
		feed(opening, 0)
		feed(begin, 0)
		if c.Done() {
			t.Fatal(c.Err())
		}
		feed(say, int(step))
		if err := streamsCounted(c); err != nil {
			t.Fatal(err)
		}
		for _, l := range holds {
			c.Release(l)
		}
		c.Replenish()
		if n, err := heldOctets(c); err != nil || n > limits.MaxAnswers+len(say)*1000+1<<20 {
			t.Fatal(n, err)
		}
		if !closed {
			now = now.Add(5 * time.Second)
			s.evs = c.Tick(now, s.evs)
			s.evs = c.Lost(s.evs, "end of test")
			for _, e := range s.evs {
				if e.Kind == LinkGone {
					delete(live, e.Link)
				}
			}
		}
		if len(live) > 0 || c.links != 0 && !c.Done() {
			t.Fatalf("%d links have no end", len(live))
		}
		peer := &side{t: t}
		said := s.moveTo(peer, now)
		for b := peer.in; len(b) > 0; {
			if len(b) >= 8 && string(b[:4]) == "AMQP" {
				b = b[8:]
				continue
			}
			h, err := frame.ParseHeader(b)
			if err != nil || int(h.Size) > len(b) || h.Size > 4096 {
				t.Fatalf("of %d octets said, the last %d are no frame: %v", said, len(b), err)
			}
			if _, _, err := frame.Decode(h.Type, b[h.BodyOffset():h.Size]); err != nil {
				t.Fatalf("said a frame that cannot be read: %v", err)
			}
			b = b[h.Size:]
		}
	})
}
