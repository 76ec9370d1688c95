package core

import (
	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/transport"
)

// linkOutlet is a streaming link that carries one delivery.
type linkOutlet struct {
	link *link
	peer *transport.Peer
	od   *conn.OutDelivery
	ob   *outbound
}

func (l *link) newOutlet(ob *outbound) *linkOutlet {
	o := &linkOutlet{link: l, peer: l.cn.peer, ob: ob}
	l.cn.peer.Do(func(c *conn.Conn) { o.od = c.NewDelivery(l.l, ob.presettled, ob) })
	l.deliveries.Add(1)
	return o
}

func (o *linkOutlet) Write(p []byte) { o.peer.Queue(o.od, p) }
func (o *linkOutlet) Flush()         { o.peer.Flush() }

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

func (o *linkOutlet) WaitRoom(stop func() bool) bool { return o.peer.WaitRoom(stop) }
func (o *linkOutlet) Nudge()                         { o.peer.Nudge() }

func (o *linkOutlet) End(settled bool) {
	o.peer.End(o.od, settled)
	o.finish(settled)
}

func (o *linkOutlet) Abort() {
	o.peer.Abort(o.od)
	o.finish(true)
}

// finish gives the link back: it carries one delivery at a time.
func (o *linkOutlet) finish(settled bool) {
	if settled {
		o.ob.done()
	}
	o.link.cn.core.Do(o.link.free)
}

func (o *linkOutlet) Settle(state frame.DeliveryState) {
	o.ob.done()
	o.peer.UpdateOut(o.od, state, true)
}
