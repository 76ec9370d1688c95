package conn

import (
	"math"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func raw(channel uint16, p frame.Performative, payload string) []byte {
	return frame.AppendFrame(nil, frame.TypeAMQP, channel, p, []byte(payload))
}

func ptr[T any](v T) *T { return &v }

// Each rule that a peer breaks ends the connection, and the peer reads which.
func TestViolations(t *testing.T) {
	transfer := func(h, id uint32, more bool) []byte {
		return raw(0, &frame.Transfer{Handle: h, DeliveryID: id, HasDeliveryID: true, DeliveryTag: []byte("t"), More: more}, "x")
	}
	attach := func(h uint32, role frame.Role) []byte {
		return raw(0, &frame.Attach{Name: "n", Handle: h, Role: role, Source: &frame.Source{}, Target: &frame.Target{}, InitialDeliveryCount: ptr(uint32(0))}, "")
	}
	long := strings.Repeat("n", limits.MaxNameLen+1)
	// The session on channel 0 has a link with handle 0 on which the peer sends with a credit of 2, and one with handle 1 on which it receives.
	for _, c := range []struct {
		name string
		say  [][]byte
		want wire.Symbol
	}{
		{"second-open", [][]byte{raw(0, &frame.Open{ContainerID: "x"}, "")}, "amqp:not-allowed"},
		{"frame-too-large", [][]byte{{0, 0, 0x40, 1, 2, 0, 0, 0}}, "amqp:connection:framing-error"},
		{"frame-too-small", [][]byte{{0, 0, 0, 7, 2, 0, 0, 0}}, "amqp:connection:framing-error"},
		{"offset-in-header", [][]byte{{0, 0, 0, 8, 1, 0, 0, 0}}, "amqp:connection:framing-error"},
		{"offset-beyond-frame", [][]byte{{0, 0, 0, 8, 3, 0, 0, 0}}, "amqp:connection:framing-error"},
		{"sasl-frame", [][]byte{frame.AppendFrame(nil, frame.TypeSASL, 0, &frame.SASLInit{Mechanism: "ANONYMOUS"}, nil)}, "amqp:connection:framing-error"},
		{"unknown-type", [][]byte{{0, 0, 0, 8, 2, 9, 0, 0}}, "amqp:connection:framing-error"},
		{"unknown-performative", [][]byte{append([]byte{0, 0, 0, 12, 2, 0, 0, 0}, 0, 0x53, 0x77, 0x45)}, "amqp:decode-error"},
		{"garbage", [][]byte{append([]byte{0, 0, 0, 12, 2, 0, 0, 0}, 0xde, 0xad, 0xbe, 0xef)}, "amqp:decode-error"},
		{"broken-transfer", [][]byte{append([]byte{0, 0, 0, 13, 2, 0, 0, 0}, 0, 0x53, 0x14, 0xc0, 0xff)}, "amqp:decode-error"},
		{"begin-twice", [][]byte{raw(0, &frame.Begin{}, "")}, "amqp:illegal-state"},
		{"begin-beyond-channel-max", [][]byte{raw(8, &frame.Begin{}, "")}, "amqp:not-allowed"},
		{"begin-answers-nothing", [][]byte{raw(1, &frame.Begin{RemoteChannel: ptr(uint16(0))}, "")}, "amqp:invalid-field"},
		{"begin-answers-no-channel", [][]byte{raw(1, &frame.Begin{RemoteChannel: ptr(uint16(77))}, "")}, "amqp:invalid-field"},
		{"attach-without-session", [][]byte{raw(1, &frame.Attach{Name: "n"}, "")}, "amqp:illegal-state"},
		{"attach-handle-in-use", [][]byte{attach(0, frame.RoleSender)}, "amqp:session:handle-in-use"},
		{"attach-handle-too-high", [][]byte{attach(math.MaxInt32+1, frame.RoleSender)}, "amqp:connection:framing-error"},
		{"attach-long-name", [][]byte{raw(0, &frame.Attach{Name: long, Handle: 9}, "")}, "amqp:decode-error"},
		{"flow-without-session", [][]byte{raw(1, &frame.Flow{}, "")}, "amqp:illegal-state"},
		{"flow-unknown-handle", [][]byte{raw(0, &frame.Flow{Handle: ptr(uint32(9))}, "")}, "amqp:session:unattached-handle"},
		{"transfer-without-session", [][]byte{raw(1, &frame.Transfer{}, "x")}, "amqp:illegal-state"},
		{"transfer-unknown-handle", [][]byte{transfer(9, 0, false)}, "amqp:session:unattached-handle"},
		{"transfer-wrong-way", [][]byte{transfer(1, 0, false)}, "amqp:session:unattached-handle"},
		{"transfer-without-id", [][]byte{raw(0, &frame.Transfer{Handle: 0, DeliveryTag: []byte("t")}, "x")}, "amqp:invalid-field"},
		{"transfer-id-changes", [][]byte{transfer(0, 0, true), transfer(0, 1, true)}, "amqp:invalid-field"},
		{"transfer-id-in-use", [][]byte{transfer(0, 0, false), transfer(0, 0, false)}, "amqp:invalid-field"},
		{"transfer-without-credit", [][]byte{transfer(0, 0, false), transfer(0, 1, false), transfer(0, 2, false)}, "amqp:link:transfer-limit-exceeded"},
		{"transfer-after-detach", [][]byte{raw(0, &frame.Detach{Handle: 0, Closed: true}, ""), transfer(0, 0, false)}, "amqp:session:unattached-handle"},
		{"transfer-after-end", [][]byte{raw(0, &frame.End{}, ""), transfer(0, 0, false)}, "amqp:illegal-state"},
		{"disposition-without-session", [][]byte{raw(1, &frame.Disposition{}, "")}, "amqp:illegal-state"},
		{"disposition-backwards", [][]byte{raw(0, &frame.Disposition{First: 5, Last: ptr(uint32(4))}, "")}, "amqp:invalid-field"},
		{"detach-without-session", [][]byte{raw(1, &frame.Detach{Closed: true}, "")}, "amqp:illegal-state"},
		{"detach-unknown-handle", [][]byte{raw(0, &frame.Detach{Handle: 9, Closed: true}, "")}, "amqp:session:unattached-handle"},
		{"detach-twice", [][]byte{raw(0, &frame.Detach{Closed: true}, ""), raw(0, &frame.Detach{Closed: true}, "")}, "amqp:session:unattached-handle"},
		{"detach-not-closed", [][]byte{raw(0, &frame.Detach{}, "")}, "amqp:not-implemented"},
		{"end-without-session", [][]byte{raw(1, &frame.End{}, "")}, "amqp:illegal-state"},
		{"end-twice", [][]byte{raw(0, &frame.End{}, ""), raw(0, &frame.End{}, "")}, "amqp:illegal-state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := opened(t, Config{}, Config{ChannelMax: 7})
			p.b.accept = 2
			p.a.c.appendRaw(raw(0, &frame.Begin{IncomingWindow: 10, OutgoingWindow: 10, HandleMax: 100}, ""))
			p.a.c.appendRaw(attach(0, frame.RoleSender))
			p.a.c.appendRaw(attach(1, frame.RoleReceiver))
			p.a.moveTo(p.b, p.now)
			p.b.consume(p.now, 0)
			if p.b.c.Done() {
				t.Fatal(p.b.c.Err())
			}
			p.b.c.sessions[0].byRemote[0].capacity = 0 // no more than the first credit
			p.a.in = nil                               // the reference side knows nothing of what is said for it
			p.b.moveTo(p.a, p.now)
			p.a.in = nil
			for _, say := range c.say {
				p.b.in = append(p.b.in, say...)
			}
			p.b.consume(p.now, 0)
			if e := p.b.c.Err(); !p.b.c.Done() || e == nil || e.Condition != c.want {
				t.Fatalf("done %t with %v, want %s", p.b.c.Done(), e, c.want)
			}
			p.b.one(Closed)
			if n := len(p.b.heard(LinkGone)); n > 2 {
				t.Errorf("%d links are gone", n)
			}
			p.b.moveTo(p.a, p.now)
			p.a.record(p.a.in)
			said := p.a.received("@close")
			if len(said) != 1 || !strings.Contains(said[0], string(c.want)) {
				t.Errorf("on the wire: %q", said)
			}
			// What comes after that is not looked at.
			if n, evs := p.b.c.Input(p.now, []byte("anything at all"), nil); n != 15 || len(evs) != 0 || p.b.c.HasOutput() {
				t.Errorf("used %d, events %+v", n, evs)
			}
		})
	}
}

func TestViolationsBeforeOpen(t *testing.T) {
	for _, c := range []struct {
		name string
		say  []byte
		want wire.Symbol
	}{
		{"http", []byte("GET / HTTP/1.1\r\n"), "amqp:connection:framing-error"},
		{"tls", []byte{0x16, 3, 1, 2, 0, 1, 0, 1}, "amqp:connection:framing-error"},
		{"old-amqp", []byte("AMQP\x00\x00\x09\x01"), "amqp:connection:framing-error"},
		{"tls-layer", []byte("AMQP\x02\x01\x00\x00"), "amqp:connection:framing-error"},
		{"begin-first", append([]byte("AMQP\x00\x01\x00\x00"), raw(0, &frame.Begin{}, "")...), "amqp:not-allowed"},
		{"transfer-first", append([]byte("AMQP\x00\x01\x00\x00"), raw(0, &frame.Transfer{}, "x")...), "amqp:not-allowed"},
		{"small-max-frame", append([]byte("AMQP\x00\x01\x00\x00"), raw(0, &frame.Open{ContainerID: "x", MaxFrameSize: 511}, "")...), "amqp:invalid-field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, Config{}, Config{})
			p.b.in = c.say
			p.b.consume(p.now, 0)
			if e := p.b.c.Err(); !p.b.c.Done() || e == nil || e.Condition != c.want {
				t.Fatalf("done %t with %v, want %s", p.b.c.Done(), e, c.want)
			}
			p.a.in = nil
			p.b.moveTo(p.a, p.now)
			p.a.record(p.a.in)
			if len(p.a.said) == 0 || p.a.said[0] != "AMQP 0" {
				t.Errorf("the answer is %q, want a header that is supported", p.a.said)
			}
		})
	}
}

// A window that the peer overruns, with transfers of many deliveries.
func TestWindowViolation(t *testing.T) {
	p := opened(t, Config{}, Config{IncomingWindow: 4})
	l := p.link("x")
	od := p.a.c.NewDelivery(l, false, nil)
	l.s.window = 100 // the sender does not mind
	for range 10 {
		p.a.c.Send(od, []byte("x"), true)
	}
	p.b.c.sessions[0].inWindow = 3
	p.b.c.cfg.MessageWindow = 0 // and is not opened again
	p.pump()
	if e := p.b.c.Err(); e == nil || e.Condition != "amqp:session:window-violation" {
		t.Error(e)
	}
}

func TestLimits(t *testing.T) {
	p := opened(t, Config{}, Config{})
	for i := range limits.MaxSessions + 1 {
		p.b.in = append(p.b.in, raw(uint16(i), &frame.Begin{IncomingWindow: 1}, "")...)
	}
	p.b.consume(p.now, 0)
	if e := p.b.c.Err(); e == nil || e.Condition != "amqp:resource-limit-exceeded" {
		t.Errorf("sessions without end: %v", e)
	}
	// A peer with few handles gets no more links than it has handles.
	p = opened(t, Config{}, Config{})
	p.link("0")
	p.a.c.classes[ClassStreaming].peerMax = 1
	p.link("1")
	if _, err := p.a.c.OpenLink(ClassStreaming, "2", frame.RoleSender, nil, nil, 0, nil); err == nil {
		t.Error("a handle that the peer does not allow")
	}
	// A peer with one channel gets one session.
	p = opened(t, Config{}, Config{})
	p.a.c.remote.ChannelMax, p.a.c.remote.HasChannelMax = 0, true
	p.link("x")
	if _, err := p.a.c.OpenLink(ClassControl, "y", frame.RoleSender, nil, nil, 0, nil); err == nil {
		t.Error("a channel that the peer does not allow")
	}
}
