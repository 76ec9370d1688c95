package conn

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// narrow is a pair of which a takes no frame of more than 512 octets.
func narrow(t *testing.T) *pair {
	t.Helper()
	return opened(t, Config{MaxFrameSize: limits.MinFrameSize}, Config{})
}

// fits fails the test if b has sent anything that a does not take.
func (p *pair) fits() {
	p.t.Helper()
	if p.a.max > limits.MinFrameSize {
		p.t.Errorf("a frame of %d octets was sent, at most %d are taken", p.a.max, limits.MinFrameSize)
	}
}

// works fails the test if b does not serve a any more.
func (p *pair) works() {
	p.t.Helper()
	l := p.link("after")
	p.a.c.Send(p.a.c.NewDelivery(l, true, nil), []byte("hello"), false)
	p.pump()
	if got := string(p.b.octets()); got != "hello" {
		p.t.Errorf("got %q", got)
	}
	p.fits()
}

var long = strings.Repeat("x", 600)

// An answer that is too large for the peer, because of the address, properties or what not: the link is refused, and both sides know why.
func TestAnswerThatDoesNotFit(t *testing.T) {
	p := narrow(t)
	p.b.accept = 0
	l, err := p.a.c.OpenLink(ClassEndpoint, "l", frame.RoleSender, &frame.Source{}, &frame.Target{Address: long, HasAddress: true}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.pump()
	kl := p.b.one(LinkAttached).Link
	err = p.b.c.Accept(kl, kl.Peer().Source, kl.Peer().Target, 10)
	if err == nil || !strings.Contains(err.Error(), "attach of 665 octets is larger than the peer's max-frame-size, 512") {
		t.Error(err)
	}
	p.pump()
	if e := p.a.one(LinkGone); e.Link != l || e.Err == nil || e.Err.Condition != tooSmall {
		t.Errorf("the peer hears %+v", e)
	}
	if a := p.a.received("@attach"); len(a) != 1 || strings.Contains(a[0], "@target") {
		t.Errorf("the answer is %q, want one without a target", a)
	}
	p.b.one(LinkGone)
	p.b.accept = 10
	p.works()
}

// A link of ours that is too large for the peer is not made, and leaves nothing behind. One octet less is.
func TestAttachThatDoesNotFit(t *testing.T) {
	p := narrow(t)
	open := func(n int) error {
		_, err := p.b.c.OpenLink(ClassEndpoint, "l", frame.RoleReceiver, &frame.Source{Address: long[:n], HasAddress: true}, &frame.Target{}, 10, nil)
		p.pump()
		return err
	}
	n := 0
	for open(n) == nil { // of one name, which is allowed as long as nothing is resumed
		if n++; n == len(long) {
			t.Fatal("everything fits")
		}
	}
	if p.a.max != limits.MinFrameSize {
		t.Errorf("the longest attach has %d octets", p.a.max)
	}
	links := p.b.c.links
	s := p.b.c.classes[ClassEndpoint]
	if err := open(n); err == nil || !strings.Contains(err.Error(), "attach of 513 octets is larger than the peer's max-frame-size, 512") {
		t.Error(err)
	}
	if p.b.c.links != links || len(s.awaiting) != 0 || len(s.free) != 1 {
		t.Errorf("%d links, %d before; %d wait, %d handles are free", p.b.c.links, links, len(s.awaiting), len(s.free))
	}
	p.works()
}

// A name that is too long for any answer.
func TestNameThatDoesNotFit(t *testing.T) {
	p := narrow(t)
	if _, err := p.a.c.OpenLink(ClassEndpoint, long, frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil); err != nil {
		t.Fatal(err)
	}
	p.pump()
	if e := p.b.c.Err(); !p.b.c.Done() || e == nil || e.Condition != tooSmall {
		t.Errorf("done %t with %v", p.b.c.Done(), e)
	}
	if said := p.a.received("@close"); len(said) != 1 || !strings.Contains(said[0], tooSmall) {
		t.Errorf("the peer hears %q", said)
	}
	p.fits()
}

// What explains an end or a refusal is cut to what the peer takes.
func TestReasonsAreCut(t *testing.T) {
	info := wire.Map{{Key: wire.Symbol("k"), Value: long}}
	for _, c := range []struct {
		name   string
		e      frame.Error
		want   string // the condition
		starts string // the description
	}{
		{"short", frame.Error{Condition: "a:b", Description: "why"}, "a:b", "why"},
		{"info", frame.Error{Condition: "a:b", Description: "why", Info: info}, "a:b", "why"},
		{"description", frame.Error{Condition: "a:b", Description: long + long}, "a:b", long[:400]},
		{"text", frame.Error{Condition: "a:b", Description: strings.Repeat("ü", 3000)}, "a:b", strings.Repeat("ü", 200)},
		{"all", frame.Error{Condition: wire.Symbol(long), Description: long, Info: info}, "amqp:internal-error", ""},
	} {
		check := func(t *testing.T, e *frame.Error) {
			t.Helper()
			if e == nil || string(e.Condition) != c.want || !strings.HasPrefix(e.Description, c.starts) || len(e.Description) > 0 && c.starts == "" {
				t.Errorf("got %+v", e)
			}
		}
		t.Run(c.name, func(t *testing.T) {
			p := narrow(t)
			l := p.link("l")
			d := p.a.c.NewDelivery(l, false, nil)
			p.a.c.Send(d, []byte("x"), false)
			p.pump()
			in := p.b.one(Octets).In
			p.b.c.Update(in, &frame.Rejected{Error: &c.e}, true)
			p.pump()
			st, _ := p.a.one(Outcome).State.(*frame.Rejected)
			if st == nil {
				t.Fatal("not rejected")
			}
			check(t, st.Error)
			p.b.c.Detach(in.Link, &c.e)
			p.pump()
			check(t, p.a.one(LinkGone).Err)
			p.works()
			p.b.c.Close(&c.e)
			p.pump()
			check(t, p.a.one(Closed).Err)
			p.fits()
			if e := p.b.c.Err(); e == nil || e.Description != c.e.Description {
				t.Errorf("our own side is told less: %v", e)
			}
		})
	}
}

// Outcomes with more than fits are passed on with less.
func TestOutcomesAreCut(t *testing.T) {
	raw := wire.AppendString(append([]byte(nil), 0, 0x53, 0x99), long)
	for _, c := range []struct {
		name  string
		state frame.DeliveryState
		want  string
	}{
		{"modified", &frame.Modified{DeliveryFailed: true, UndeliverableHere: true, Annotations: wire.Map{{Key: wire.Symbol("x"), Value: long}}}, "@modified(39) [delivery-failed=true, undeliverable-here=true]"},
		{"other", &frame.Other{Raw: raw}, "settled=true]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := narrow(t)
			p.a.c.Send(p.a.c.NewDelivery(p.link("l"), false, nil), []byte("x"), false)
			p.pump()
			p.b.c.Update(p.b.one(Octets).In, c.state, true)
			p.pump()
			if said := p.a.received("@disposition"); len(said) != 1 || !strings.Contains(said[0], c.want) {
				t.Errorf("the peer hears %q, want %s", said, c.want)
			}
			if e := p.a.one(Outcome); !e.Settled {
				t.Error("it is not settled")
			}
			p.works()
		})
	}
}

// What the operator has peers told is left out, from the end, when the peer takes no such open.
func TestOpenIsCut(t *testing.T) {
	props := wire.Map{{Key: wire.Symbol("product"), Value: "p"}, {Key: wire.Symbol("one"), Value: long[:300]}, {Key: wire.Symbol("two"), Value: long[:300]}}
	p := opened(t, Config{MaxFrameSize: limits.MinFrameSize}, Config{Properties: props})
	if got := p.a.c.Remote().Properties; len(got) != 2 {
		t.Errorf("%d properties have come", len(got))
	}
	p.works()
	// A dialler cannot know better: no peer has an open held to what it has not said yet.
	p = opened(t, Config{Properties: props}, Config{})
	if got := p.b.c.Remote().Properties; len(got) != 3 {
		t.Errorf("%d properties have come", len(got))
	}
}

// Messages both ways over frames of every small size.
func TestMessagesInSmallFrames(t *testing.T) {
	body := []byte(strings.Repeat("0123456789", 5000))
	for _, size := range []uint32{512, 513, 1000, 1024, 4096, 5000} {
		p := opened(t, Config{MaxFrameSize: size}, Config{})
		there := p.link("there")
		back, err := p.b.c.OpenLink(ClassStreaming, "back", frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.pump()
		p.a.c.Send(p.a.c.NewDelivery(there, false, nil), body, false)
		d := p.b.c.NewDelivery(back, false, nil)
		p.b.c.Send(d, body[:1], true)
		sent := 1
		for sent < len(body) {
			k := p.b.c.cfg.Chunks.Get()
			head, slot, ok := p.b.c.Layout(d)
			if !ok {
				p.b.c.cfg.Chunks.Put(k)
				p.b.c.Send(d, body[sent:], true)
				break
			}
			n := 0
			for at := 0; at+slot <= len(k.B) && sent+n < len(body); at += slot {
				n += copy(k.B[at+head:at+slot], body[sent+n:])
			}
			p.b.c.SendSlots(d, k, head, slot, n)
			sent += n
			p.pump()
		}
		p.b.c.End(d, false)
		p.pump()
		if a, b := p.a.octets(), p.b.octets(); string(a) != string(body) || string(b) != string(body) {
			t.Errorf("frames of %d: %d and %d octets of %d have come", size, len(a), len(b), len(body))
		}
		if p.a.max > int(size) {
			t.Errorf("frames of %d: one has %d", size, p.a.max)
		}
	}
}
