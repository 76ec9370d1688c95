package core

import (
	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
)

// linkOutlet is a streaming link that carries one delivery.
type linkOutlet struct {
	link *link
	peer *transport.Peer
	od   *conn.OutDelivery
	ob   *outbound
	over bool
	// windowed: the receiver says how far it is, so that only so much may be on its way.
	windowed bool
	sent     uint64
}

// newOutlet begins a stream on l; nil when l cannot send.
func (l *link) newOutlet(ob *outbound, flags uint32) *linkOutlet {
	ob.link, ob.on = l, l
	o := &linkOutlet{link: l, peer: l.cn.peer, ob: ob, windowed: flags&message.FlagQ2Disabled != 0}
	ob.track(l)
	l.cn.peer.Do(func(c *conn.Conn) {
		if o.od = c.NewDelivery(l.l, ob.presettled, ob); o.od != nil {
			ob.open.begin()
		}
	})
	if o.od == nil {
		return nil
	}
	l.deliveries.Add(1)
	if ob.presettled {
		l.presettled.Add(1)
	}
	return o
}

func (o *linkOutlet) Write(p []byte) {
	if o.over {
		return
	}
	waiting := o.peer.Queue(o.od, p)
	o.sent += uint64(len(p))
	// Should memory be short, so would a stream to a router fill it that takes nothing at the moment: that has far more waiting than a busy one.
	if o.windowed && o.sent > o.ob.acked.Load()+limits.StreamWindow+limits.StreamSlack || !o.windowed && o.tooFast(waiting) ||
		waiting > 8*limits.OutputHighWater && o.link.cn.core.cfg.Chunks.Short() {
		o.Abort()
		if o.ob.src != nil {
			o.ob.src.Update(&frame.Modified{DeliveryFailed: true}, false)
		}
	}
}

// tooFast has a sender wait that minds no window, when the way out is slower than the way in. It reports that there is no other way than to cut the stream:
// other routers may send streams with and without a window in one session, and the former must not wait for the latter.
func (o *linkOutlet) tooFast(waiting int) bool {
	if waiting <= limits.OutputHighWater {
		return false
	}
	src, ok := o.ob.src.(*linkSource)
	if ok && src.full.CompareAndSwap(false, true) {
		src.hold()
		o.peer.WhenRoom(o.od.Link, func() {
			src.full.Store(false)
			src.release()
		})
	}
	return waiting > limits.MaxOutput && (!ok || src.shared())
}

func (o *linkOutlet) Flush() { o.peer.Flush() }

func (o *linkOutlet) Layout() (head, slot int) {
	if h, s, ok := o.peer.Layout(o.od); ok {
		return h, s
	}
	return 0, chunk.Size
}

func (o *linkOutlet) WriteChunk(k *chunk.Chunk, head, slot, n int) {
	if head == 0 {
		o.peer.Send(o.od, k.B[:n], true)
		o.link.cn.core.cfg.Chunks.Put(k)
		return
	}
	o.peer.SendSlots(o.od, k, head, slot, n)
}

func (o *linkOutlet) WaitRoom(stop func() bool) bool { return o.peer.WaitRoom(o.od.Link, stop) }
func (o *linkOutlet) Nudge()                         { o.peer.Nudge() }

func (o *linkOutlet) End(settled bool) {
	o.peer.End(o.od, settled)
	o.finish(settled)
}

func (o *linkOutlet) Abort() {
	o.peer.Abort(o.od)
	if !o.over && o.sent > 0 && o.link.kind == streamingLink {
		o.ob.release(o.link.leave)
	}
	o.finish(true)
}

// finish gives the link back, or has the receiver's outcome do it: a link carries one delivery at a time, and some routers lose the next one when
// it begins before they are done with this one.
func (o *linkOutlet) finish(settled bool) {
	if o.over {
		return
	}
	o.over = true
	if settled {
		o.ob.done()
		o.ob.open.end()
	}
	switch {
	case o.link.kind != streamingLink:
		o.ob.release(o.link.free)
	case settled || o.ob.presettled || o.ob.progress.Or(streamEnded)&streamSettled != 0:
		o.ob.release(o.link.rest) // nobody will say when the receiver is done
	}
}

func (o *linkOutlet) Settle(state frame.DeliveryState) {
	o.ob.done()
	o.ob.open.end()
	o.ob.release(o.link.rest)
	o.peer.UpdateOut(o.od, state, true)
}
