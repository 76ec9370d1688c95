package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

// joined is two running peers, a dialled.
func joined(t *testing.T, withTLS bool, ac, bc conn.Config) (a, b *running) {
	t.Helper()
	ac.Client = true
	var ds, as *Socket
	if withTLS {
		ca := newAuthority(t, "ca")
		cc, sc := configs(t, ca.issue("server", "s", []string{"s.example"}), ca.issue("client", "c", nil), "s.example", true, true)
		var err1, err2 error
		if ds, as, err1, err2 = shake(t, cc, sc); err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		ac.SASL, bc.Mechanisms = conn.SASLExternal, []conn.SASL{conn.SASLExternal}
	} else {
		d, c := sockets(t)
		ds, as = NewSocket(d, nil, true), NewSocket(c, nil, false)
	}
	a, b = run(t, ds, ac, 100), run(t, as, bc, 100)
	a.ear.wait(t, "open", a.ear.heard(conn.Opened))
	b.ear.wait(t, "open", b.ear.heard(conn.Opened))
	return a, b
}

func (r *running) stream(t *testing.T, name string) *conn.OutDelivery {
	t.Helper()
	var l *conn.Link
	r.Do(func(c *conn.Conn) {
		var err error
		if l, err = c.OpenLink(conn.ClassStreaming, name, frame.RoleSender, &frame.Source{}, &frame.Target{}, 0, nil); err != nil {
			t.Error(err)
		}
	})
	r.ear.wait(t, "credit", r.ear.heard(conn.LinkCredit))
	var od *conn.OutDelivery
	r.Do(func(c *conn.Conn) { od = c.NewDelivery(l, false, nil) })
	if od == nil {
		t.Fatal("no delivery")
	}
	return od
}

func TestBulk(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		name := "plain"
		if withTLS {
			name = "tls"
		}
		t.Run(name, func(t *testing.T) {
			a, b := joined(t, withTLS, conn.Config{}, conn.Config{})
			want := make([]byte, 8<<20)
			r := rand.NewChaCha8([32]byte{1})
			_, _ = r.Read(want)
			done := make(chan struct{})
			back := b.stream(t, "back")
			go func() { // both ways at once
				defer close(done)
				send(b, back, want)
			}()
			send(a, a.stream(t, "there"), want)
			<-done
			for _, e := range []*ear{a.ear, b.ear} {
				e.wait(t, "end", func() bool { return e.ended == 1 })
				if !bytes.Equal(e.octets, want) {
					t.Errorf("%d octets differ from the %d that were sent", len(e.octets), len(want))
				}
			}
		})
	}
}

// send sends as a producer does that may wait, partly by copying and partly in slots.
func send(r *running, od *conn.OutDelivery, data []byte) {
	pool := &chunk.Pool{}
	never := func() bool { return false }
	for i := 0; len(data) > 0; i++ {
		if !r.WaitRoom(od.Link, never) {
			return
		}
		head, slot, ok := r.Layout(od)
		if i%3 == 0 || !ok {
			n := min(len(data), 70_001)
			r.Send(od, data[:n], true)
			data = data[n:]
			continue
		}
		k := pool.Get()
		n := 0
		for at := 0; at+slot <= chunk.Size && len(data) > 0; at += slot {
			m := copy(k.B[at+head:at+slot], data)
			data, n = data[m:], n+m
		}
		r.SendSlots(od, k, head, slot, n)
	}
	r.End(od, true)
}

func TestCancel(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		a, b := joined(t, withTLS, conn.Config{}, conn.Config{})
		a.cancel()
		if err := b.end(t, 3*time.Second); err == nil || !strings.Contains(err.Error(), "the router is shutting down") {
			t.Errorf("tls %t: the peer hears %v", withTLS, err)
		}
		begin := time.Now()
		_ = a.end(t, 3*time.Second)
		if d := time.Since(begin); d > time.Second {
			t.Errorf("tls %t: ends after %v", withTLS, d)
		}
		for _, r := range []*running{a, b} {
			if r.ear.closed == nil || r.ear.kinds[conn.Closed] != 1 {
				t.Errorf("tls %t: %d ends reported", withTLS, r.ear.kinds[conn.Closed])
			}
		}
	}
}

// A peer that does not answer anything holds up neither the end of the context nor a close.
func TestEndWithSilentPeer(t *testing.T) {
	for _, c := range []struct {
		name   string
		client bool
		end    func(r *running)
		within time.Duration
	}{
		{"context-of-dialler", true, func(r *running) { r.cancel() }, 3 * time.Second},
		{"context-of-accepter", false, func(r *running) { r.cancel() }, 3 * time.Second},
		{"close-before-open", false, func(r *running) { r.Do(func(c *conn.Conn) { c.Close(nil) }) }, time.Second},
		{"handshake", true, func(*running) {}, 3 * time.Second},
		{"handshake-of-accepter", false, func(*running) {}, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := sockets(t)
			r := run(t, NewSocket(d, nil, c.client), conn.Config{Client: c.client, Handshake: 300 * time.Millisecond}, 0)
			c.end(r)
			_ = r.end(t, c.within)
			r.ear.wait(t, "end", r.ear.heard(conn.Closed))
		})
	}
}

// A peer that goes silent, or that sends but does not read while we have much to say, is given up; its links are reported gone.
func TestStuckPeer(t *testing.T) {
	for _, c := range []struct {
		name    string
		withTLS bool
		talks   bool
	}{{"silent", false, false}, {"silent-tls", true, false}, {"talks-but-does-not-read", false, true}} {
		t.Run(c.name, func(t *testing.T) {
			d, ac := sockets(t)
			s := NewSocket(ac, nil, false)
			var say func(b []byte)
			var hear func() []byte
			plain := net.Conn(d)
			if c.withTLS {
				ca := newAuthority(t, "ca")
				cc, sc := configs(t, ca.issue("server", "s", []string{"s.example"}), ca.issue("client", "c", nil), "s.example", true, true)
				ds, as, err1, err2 := shake(t, cc, sc)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				s, plain = as, ds.conn
				say = func(b []byte) { _, _ = plain.Write(b); _ = ds.raw.flush() }
			} else {
				say = func(b []byte) { _, _ = plain.Write(b) }
			}
			hear = func() []byte {
				buf := make([]byte, 1<<14)
				n, _ := plain.Read(buf)
				return buf[:n]
			}
			s.raw.patience = 700 * time.Millisecond
			idle := 700 * time.Millisecond
			if c.talks {
				idle = time.Minute
			}
			r := run(t, s, conn.Config{IdleTimeout: idle}, 10)
			begun := append([]byte(nil), frame.ProtoAMQP[:]...)
			add := func(p frame.Performative) { begun = frame.AppendFrame(begun, frame.TypeAMQP, 0, p, nil) }
			many, zero, handle := uint32(1<<30), uint32(0), uint32(0)
			add(&frame.Open{ContainerID: "stuck"})
			add(&frame.Begin{IncomingWindow: many, OutgoingWindow: 1, HandleMax: 10})
			add(&frame.Attach{Name: "x", Role: frame.RoleReceiver, Source: &frame.Source{}, Target: &frame.Target{}})
			say(begun)
			for !bytes.Contains(hear(), []byte("x")) {
			}
			flow := frame.AppendFrame(nil, frame.TypeAMQP, 0, &frame.Flow{IncomingWindow: many, Handle: &handle, DeliveryCount: &zero, LinkCredit: &many}, nil)
			say(flow)
			r.ear.wait(t, "credit", r.ear.heard(conn.LinkCredit))
			var od *conn.OutDelivery
			r.Do(func(c *conn.Conn) {
				for _, l := range []*conn.Link{linkOf(r.ear)} {
					od = c.NewDelivery(l, false, nil)
				}
			})
			stop := make(chan struct{})
			talking := make(chan struct{})
			go func() {
				defer close(talking)
				for c.talks {
					select {
					case <-stop:
						return
					case <-time.After(50 * time.Millisecond):
						say(frame.AppendEmpty(nil))
					}
				}
			}()
			pumped := make(chan struct{})
			go func() { // a producer that waits for room: it must get free
				defer close(pumped)
				send(r, od, make([]byte, 64<<20))
			}()
			begin := time.Now()
			err := r.end(t, 5*time.Second)
			close(stop)
			<-talking
			<-pumped
			if err == nil || time.Since(begin) < 300*time.Millisecond {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
			r.ear.wait(t, "end", r.ear.heard(conn.Closed))
			if r.ear.kinds[conn.LinkGone] != 1 || r.ear.kinds[conn.Outcome] != 1 {
				t.Errorf("heard %v", r.ear.kinds)
			}
		})
	}
}

func linkOf(e *ear) *conn.Link {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.link
}

// Two peers that both write as much as they can, and whose users take their time, do not wait for each other for ever.
func TestNoDeadlockBothWays(t *testing.T) {
	a, b := joined(t, true, conn.Config{}, conn.Config{})
	done := make(chan struct{}, 2)
	for _, r := range []*running{a, b} {
		od := r.stream(t, "bulk")
		go func() {
			send(r, od, make([]byte, 16<<20))
			done <- struct{}{}
		}()
	}
	for range 2 {
		select {
		case <-done:
		case <-time.After(15 * time.Second):
			t.Fatal("stuck")
		}
	}
	for _, r := range []*running{a, b} {
		r.ear.wait(t, "end", func() bool { return r.ear.ended == 1 && len(r.ear.octets) == 16<<20 })
	}
}

// Whoever breaks a rule reads why, although it sent more than was looked at.
func TestLastWords(t *testing.T) {
	for range 4 {
		d, ac := sockets(t)
		r := run(t, NewSocket(ac, nil, false), conn.Config{}, 0)
		b := append([]byte(nil), frame.ProtoAMQP[:]...)
		b = frame.AppendFrame(b, frame.TypeAMQP, 0, &frame.Open{ContainerID: "x"}, nil)
		b = append(b, 0, 0, 0, 7, 2, 0, 0, 0)
		b = append(b, make([]byte, 300_000)...) // more than one read
		go func() { _, _ = d.Write(b) }()
		_ = d.SetReadDeadline(time.Now().Add(5 * time.Second))
		got, err := io.ReadAll(d)
		if err != nil || !bytes.Contains(got, []byte("amqp:connection:framing-error")) {
			t.Fatalf("the peer reads %d octets, then %v", len(got), err)
		}
		if err := r.end(t, 3*time.Second); err == nil {
			t.Error("no error")
		}
	}
}

func TestEOF(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(net.Conn)
	}{
		{"fin", func(d net.Conn) { _ = d.Close() }},
		{"rst", func(d net.Conn) { _ = d.(*net.TCPConn).SetLinger(0); _ = d.Close() }},
		{"half", func(d net.Conn) { _ = d.(*net.TCPConn).CloseWrite() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, ac := sockets(t)
			r := run(t, NewSocket(ac, nil, false), conn.Config{}, 0)
			if _, err := d.Write(append(append([]byte(nil), frame.ProtoAMQP[:]...), 0, 0, 1)); err != nil {
				t.Fatal(err)
			}
			c.end(d)
			if err := r.end(t, 3*time.Second); err == nil {
				t.Error("a lost connection without an error")
			}
			r.ear.wait(t, "end", r.ear.heard(conn.Closed))
		})
	}
}

func TestWhenRoom(t *testing.T) {
	a, _ := joined(t, false, conn.Config{OutputHighWater: 1000}, conn.Config{})
	now := make(chan struct{})
	od := a.stream(t, "x")
	a.WhenRoom(od.Link, func() { close(now) })
	<-now
	later := make(chan struct{})
	a.mu.Lock()
	a.c.Send(od, make([]byte, 100_000), true)
	if !a.c.Congested(od.Link) {
		t.Error("not congested")
	}
	a.mu.Unlock()
	a.WhenRoom(od.Link, func() { close(later) })
	select {
	case <-later:
		t.Error("room although nothing was written")
	default:
	}
	a.Flush()
	select {
	case <-later:
	case <-time.After(5 * time.Second):
		t.Error("no room")
	}
}

func TestBackoff(t *testing.T) {
	b := Backoff{Min: time.Millisecond, Max: 8 * time.Millisecond}
	for range 5 {
		if !b.Wait(t.Context()) {
			t.Fatal("gave up")
		}
	}
	if b.next != b.Max {
		t.Errorf("next wait %v", b.next)
	}
	b.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Min = time.Minute
	if b.Wait(ctx) || !errors.Is(ctx.Err(), context.Canceled) {
		t.Error("waited")
	}
}
