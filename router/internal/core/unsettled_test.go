package core

import (
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

// wantUnsettled waits until the links have so many deliveries without an outcome.
func (n *neighbour) wantUnsettled(what string, want uint64) {
	n.t.Helper()
	var got uint64
	defer func() {
		if got != want {
			n.t.Logf("%s: %d unsettled, want %d", what, got, want)
		}
	}()
	n.eventually(func() bool {
		got = 0
		n.core.Call(n.t.Context(), func() {
			for _, l := range n.core.Links() {
				got += l.Unsettled
			}
		})
		return got == want
	})
}

// Streams that leave are unsettled until anybody settles, judges or aborts them.
func TestUnsettledOnTheWayOut(t *testing.T) {
	k, n, _ := joined(t, InterRouter, generous)
	n.addRemote("Mx")
	begin := func() (Outlet, *conn.InDelivery) {
		t.Helper()
		n.mu.Lock()
		n.evs = nil
		n.mu.Unlock()
		bound := make(chan Outlet, 1)
		k.Open("x", head(t, "x"), make(words, 10), func(o Outlet) { bound <- o })
		e := n.await("the stream", func(e conn.Event) bool { return e.Kind == conn.Octets && e.First })
		return <-bound, e.In
	}
	n.wantUnsettled("before", 0)
	for what, end := range map[string]func(o Outlet, in *conn.InDelivery){
		"accepted and settled": func(_ Outlet, in *conn.InDelivery) {
			n.peer.Do(func(c *conn.Conn) { c.Update(in, &frame.Accepted{}, true) })
		},
		"accepted": func(_ Outlet, in *conn.InDelivery) {
			n.peer.Do(func(c *conn.Conn) { c.Update(in, &frame.Accepted{}, false) })
		},
		"settled without a word": func(_ Outlet, in *conn.InDelivery) { n.peer.Do(func(c *conn.Conn) { c.Update(in, nil, true) }) },
		"settled by the sender":  func(o Outlet, _ *conn.InDelivery) { o.End(true); o.Flush() },
		"settled by the sender after the end": func(o Outlet, _ *conn.InDelivery) {
			o.End(false)
			o.Flush()
			n.wantUnsettled("ended", 1)
			o.Settle(nil)
		},
		"aborted": func(o Outlet, _ *conn.InDelivery) { o.Abort(); o.Flush() },
	} {
		o, in := begin()
		n.wantUnsettled("open, to be "+what, 1)
		end(o, in)
		n.wantUnsettled(what, 0)
		o.Abort() // whatever comes later counts no more
		n.wantUnsettled(what+" and aborted", 0)
	}
}

// So are those that come in.
func TestUnsettledOnTheWayIn(t *testing.T) {
	k, n, _ := joined(t, Normal, generous)
	n.await("open", func(e conn.Event) bool { return e.Kind == conn.Opened })
	offers := make(taker, 1)
	defer k.Consume("Mx", 5, offers)()
	l := n.open(frame.RoleSender, &frame.Source{}, &frame.Target{Address: "x", HasAddress: true}, 0)
	message := head(t, "x")
	send := func(more bool) (out *conn.OutDelivery) {
		n.eventually(func() bool { // as soon as there is credit
			n.peer.Do(func(c *conn.Conn) {
				if out = c.NewDelivery(l, false, nil); out != nil {
					c.Send(out, message, more)
				}
			})
			return out != nil
		})
		return out
	}
	for what, end := range map[string]func(o Offer, out *conn.OutDelivery){
		"released":               func(o Offer, _ *conn.OutDelivery) { o.Refuse(&frame.Released{}) },
		"settled without a word": func(o Offer, _ *conn.OutDelivery) { o.Source().Update(nil, true) },
		"settled by the sender":  func(_ Offer, out *conn.OutDelivery) { n.peer.Do(func(c *conn.Conn) { c.UpdateOut(out, nil, true) }) },
	} {
		out := send(false)
		var o Offer
		select {
		case o = <-offers:
		case <-time.After(20 * time.Second):
			t.Fatal("no offer")
		}
		n.wantUnsettled("here, to be "+what, 1)
		end(o, out)
		n.wantUnsettled(what, 0)
		o.Done()
	}
	out := send(true)
	n.wantUnsettled("half of it is here", 1)
	n.peer.Do(func(c *conn.Conn) { c.Abort(out) })
	n.wantUnsettled("aborted", 0)
}
