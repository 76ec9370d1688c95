package core

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// neighbour is the other end of a connection of the core under test; it answers links as a test wants.
type neighbour struct {
	t    *testing.T
	peer *transport.Peer
	core *Core

	mu     sync.Mutex
	answer func(l *conn.Link) (credit uint32, refuse bool)
	evs    []conn.Event
}

func (n *neighbour) Events(evs []conn.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range evs {
		if e.Kind == conn.LinkAttached {
			a := e.Link.Peer()
			credit, refuse := n.answer(e.Link)
			n.peer.Do(func(c *conn.Conn) {
				if refuse {
					c.Refuse(e.Link, &frame.Error{Condition: "a:b"})
				} else {
					_ = c.Accept(e.Link, a.Source, a.Target, credit)
				}
			})
		}
		e.Payload = append([]byte(nil), e.Payload...)
		n.evs = append(n.evs, e)
	}
}

// await waits for an event.
func (n *neighbour) await(what string, ok func(e conn.Event) bool) (found conn.Event) {
	n.t.Helper()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(2 * time.Millisecond) {
		n.mu.Lock()
		for _, e := range n.evs {
			if ok(e) {
				n.mu.Unlock()
				return e
			}
		}
		n.mu.Unlock()
	}
	n.t.Fatalf("no %s", what)
	return found
}

func generous(*conn.Link) (uint32, bool) { return 250, false }

// streaming reports that a link is for streams: the eleventh data link of our side.
func streamingOnly(f func() (uint32, bool)) func(l *conn.Link) (uint32, bool) {
	data := 0
	return func(l *conn.Link) (uint32, bool) {
		if !l.Sender() && l.Peer().Target.Capabilities[0] == "qd.router-data" {
			if data++; data > 10 {
				return f()
			}
		}
		return 250, false
	}
}

// upControl makes the only neighbour known as soon as it is up.
type upControl struct {
	noControl
	core *Core
	up   chan int
}

func (u *upControl) LinkUp(link, _ int, _ string) {
	u.core.SetNode("n", link, "", 1, nil)
	u.up <- link
}
func (u *upControl) LinkLost(int) { u.core.NodeGone("n"); u.up <- 0 }

func joined(t *testing.T, role Role, answer func(l *conn.Link) (uint32, bool)) (*Core, *neighbour, *upControl) {
	t.Helper()
	u := &upControl{up: make(chan int, 10)}
	pool := &chunk.Pool{}
	c := New(Config{ID: "me", Control: u, Default: Balanced, Chunks: pool})
	u.core = c
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	d, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	n := &neighbour{t: t, answer: answer, core: c}
	dialled := role == InterRouter
	n.peer = transport.NewPeer(transport.NewSocket(a, nil, !dialled), conn.Config{ContainerID: "n", Client: !dialled})
	ctx, cancel := context.WithCancel(context.Background())
	coreCtx, stop := context.WithCancel(context.Background())
	var wg, cores sync.WaitGroup
	cores.Go(func() { c.Run(coreCtx) })
	wg.Go(func() { _ = n.peer.Run(ctx, n) })
	wg.Go(func() {
		p := transport.NewPeer(transport.NewSocket(d, nil, dialled), conn.Config{ContainerID: "me", Client: dialled, Chunks: pool})
		_ = c.Serve(ctx, p, 1, ConnOptions{Role: role, Dialled: dialled})
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		c.Call(coreCtx, func() {}) // the test's own context has ended
		stop()
		cores.Wait()
		if n := pool.Out(); n != 0 {
			t.Errorf("%d chunks are not back", n)
		}
		if len(c.conns) != 0 || len(c.waiting) != 0 || len(c.groups) != 0 {
			t.Errorf("left: %d connections, %d waiting links, %d groups", len(c.conns), len(c.waiting), len(c.groups))
		}
	})
	if dialled {
		if link := <-u.up; link != 1 {
			t.Fatalf("link %d is up", link)
		}
	}
	return c, n, u
}

func (n *neighbour) addRemote(key string) {
	n.core.Call(n.t.Context(), func() { n.core.AddRemote("n", key, Balanced, "") })
}

// outstanding is the count of the balanced choice.
func outstanding(t *testing.T, c *Core) (n int64) {
	t.Helper()
	c.Call(t.Context(), func() {
		for _, a := range c.Addresses() {
			n += a.Outstanding
		}
	})
	return n
}

// A stream whose neighbour does not make a link for it is given back, whatever the neighbour does instead.
func TestStreamingLinkIsNotGiven(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func() (uint32, bool)
	}{{"refused", func() (uint32, bool) { return 0, true }}, {"no-credit", func() (uint32, bool) { return 0, false }}} {
		t.Run(c.name, func(t *testing.T) {
			k, n, _ := joined(t, InterRouter, streamingOnly(c.answer))
			n.addRemote("Mx")
			w := make(words, 10)
			k.Open("x", head(t, "x"), w, nil)
			if c.name == "no-credit" {
				n.await("the eleventh link", func(e conn.Event) bool {
					n.core.Call(t.Context(), func() {})
					return e.Kind == conn.LinkAttached && len(n.evs) > 22
				})
				k.Call(t.Context(), func() {
					k.GiveUp(time.Now().Add(limits.StreamLinkTimeout - time.Second))
					if len(k.waiting) != 1 {
						t.Errorf("%d links are waited for", len(k.waiting))
					}
					k.GiveUp(time.Now().Add(limits.StreamLinkTimeout + time.Second))
				})
			}
			if got := <-w; got.state.Code() != (&frame.Released{}).Code() || outstanding(t, k) != 0 {
				t.Errorf("%T, %d outstanding", got.state, outstanding(t, k))
			}
			n.await("its end", func(e conn.Event) bool { return e.Kind == conn.LinkGone })
		})
	}
}

// A link that ends in the middle of a stream gives it back; a connection that ends does so with all.
func TestStreamLosesItsLink(t *testing.T) {
	k, n, u := joined(t, InterRouter, generous)
	n.addRemote("Mx")
	w := make(words, 10)
	bound := make(chan Outlet, 10)
	k.Open("x", head(t, "x"), w, func(o Outlet) { bound <- o })
	out := <-bound
	e := n.await("the stream", func(e conn.Event) bool { return e.Kind == conn.Octets && e.First })
	if outstanding(t, k) != 1 {
		t.Errorf("%d outstanding", outstanding(t, k))
	}
	n.peer.Do(func(c *conn.Conn) { c.Detach(e.Link, nil) })
	if got := <-w; got.state.Code() != (&frame.Released{}).Code() || !got.settled {
		t.Errorf("%T", got.state)
	}
	out.Write([]byte("too late"))
	out.End(true)
	if outstanding(t, k) != 0 {
		t.Errorf("%d outstanding", outstanding(t, k))
	}
	for range 5 {
		k.Open("x", head(t, "x"), w, func(o Outlet) { bound <- o })
		<-bound
	}
	n.peer.Do(func(c *conn.Conn) { c.Close(nil) })
	for range 5 {
		if got := <-w; got.state.Code() != (&frame.Released{}).Code() {
			t.Errorf("%T", got.state)
		}
	}
	if link := <-u.up; link != 0 {
		t.Error("the neighbour is not lost")
	}
}

// A neighbour that takes no octet of a stream does not make this router hold more than the window of it.
func TestTransitMindsWindow(t *testing.T) {
	k, n, _ := joined(t, InterRouter, generous)
	n.addRemote("Mx")
	w := make(words, 10)
	bound := make(chan Outlet, 1)
	k.Open("x", head(t, "x"), w, func(o Outlet) { bound <- o })
	out := <-bound
	e := n.await("the stream", func(e conn.Event) bool { return e.Kind == conn.Octets && e.First })
	part := make([]byte, 64<<10)
	for range 20 { // with a receiver that says how far it is, more than the window passes
		for range limits.StreamAck / len(part) {
			out.Write(part)
		}
		out.Flush()
		offset := out.(*linkOutlet).sent
		n.peer.Do(func(c *conn.Conn) { c.Update(e.In, &frame.Received{SectionOffset: offset}, false) })
		if got := <-w; got.state.(*frame.Received).SectionOffset != offset || got.settled {
			t.Fatalf("%+v", got)
		}
	}
	for range (limits.StreamWindow + limits.StreamSlack) / len(part) {
		out.Write(part)
	}
	if len(w) != 0 {
		t.Fatalf("cut within the window: %+v", <-w)
	}
	for range 3 {
		out.Write(part)
	}
	if got := <-w; got.state.Code() != (&frame.Modified{}).Code() || got.settled {
		t.Errorf("%+v", got)
	}
	n.await("the abort", func(e conn.Event) bool { return e.Kind == conn.Octets && e.Aborted })
	out.End(true)
}

// Control links that go and come back.
func TestControlLinkComesBack(t *testing.T) {
	k, n, u := joined(t, InterRouter, generous)
	e := n.await("the control link", func(e conn.Event) bool {
		return e.Kind == conn.LinkAttached && e.Link.Peer().Source.Capabilities[0] == "qd.router"
	})
	n.peer.Do(func(c *conn.Conn) { c.Detach(e.Link, nil) })
	if link := <-u.up; link != 0 {
		t.Fatalf("link %d is up", link)
	}
	caps := []wire.Symbol{"qd.router"}
	n.peer.Do(func(c *conn.Conn) {
		_, err := c.OpenLink(conn.ClassEndpoint, "again", frame.Role(e.Link.Sender()), &frame.Source{Capabilities: caps}, &frame.Target{Capabilities: caps}, 250, nil)
		if err == nil {
			_, err = c.OpenLink(conn.ClassEndpoint, "again", !frame.Role(e.Link.Sender()), &frame.Source{Capabilities: caps}, &frame.Target{Capabilities: caps}, 250, nil)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if link := <-u.up; link != 1 {
		t.Errorf("link %d is up", link)
	}
	k.Call(t.Context(), func() {})
}

// Whatever a peer attaches, it gets an answer, and the core goes on. Messages of any form, too.
func TestStrangeLinks(t *testing.T) {
	for _, role := range []Role{Normal, InterRouter, InterRouterData} {
		t.Run(role.String(), func(t *testing.T) {
			k, n, _ := joined(t, role, generous)
			n.await("open", func(e conn.Event) bool { return e.Kind == conn.Opened })
			caps := []wire.Symbol{"qd.router-data"}
			sources := []*frame.Source{nil, {}, {Dynamic: true}, {Address: "x", HasAddress: true}, {Capabilities: caps}, {Capabilities: []wire.Symbol{"qd.router"}}, {Address: "amqp:/", HasAddress: true}}
			targets := []*frame.Target{nil, {}, {Dynamic: true}, {Address: "x", HasAddress: true}, {Capabilities: caps}, {Coordinator: true}, {Address: "_topo/0/", HasAddress: true}}
			bodies := [][]byte{nil, {0}, {0, 0x53}, {0, 0x80, 'S', 'K', 'P', 'R', '-', '-', 'R', 'A', 0x45}, head(t, "x"), append((&message.Annotations{Trace: make([]string, 20)}).Append(nil), head(t, "x")...)}
			var links []*conn.Link
			for i, s := range sources {
				for j, tg := range targets {
					for _, dir := range []frame.Role{frame.RoleSender, frame.RoleReceiver} {
						n.peer.Do(func(c *conn.Conn) {
							l, err := c.OpenLink(conn.ClassEndpoint, fmt.Sprint(i, j, dir), dir, s, tg, 10, nil)
							if err != nil {
								t.Error(err)
								return
							}
							links = append(links, l)
						})
					}
				}
			}
			for _, l := range links {
				n.await("answer to "+l.Name, func(e conn.Event) bool { return e.Kind == conn.LinkAnswered && e.Link == l })
			}
			time.Sleep(20 * time.Millisecond) // for credit
			n.peer.Do(func(c *conn.Conn) {
				for _, l := range links {
					for i, b := range bodies {
						if od := c.NewDelivery(l, i%2 == 0, nil); od != nil {
							c.Send(od, b, i%3 == 2)
							if i%3 == 2 {
								c.Abort(od)
							}
						}
					}
				}
			})
			for _, l := range links {
				n.peer.Do(func(c *conn.Conn) { c.Detach(l, nil) })
				n.await("the end of "+l.Name, func(e conn.Event) bool { return e.Kind == conn.LinkGone && e.Link == l })
			}
			for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
				left := 0
				if !k.Call(t.Context(), func() { left = len(k.Links()) }) {
					t.Fatal("the core is gone")
				}
				if role == InterRouter {
					left = max(0, left-22)
				}
				if left == 0 {
					break
				}
				if time.Since(begin) > 5*time.Second {
					t.Fatalf("%d links are left", left)
				}
			}
		})
	}
}

// eventually waits until ok.
func (n *neighbour) eventually(ok func() bool) {
	n.t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			n.t.Fatal("not in time")
		}
	}
}
