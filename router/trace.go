package router

import (
	"sync/atomic"

	"github.com/skupper-plugins/suite/router/internal/transport"
)

// frameTrace writes the frames of one connection to the log, while the level of all or a request for that one says so.
type frameTrace struct {
	r   *Router
	id  uint64
	own atomic.Bool // enableProtocolTrace
}

var _ transport.Tracer = (*frameTrace)(nil)

// trace makes the peer of a connection traceable until the function returned is called.
func (r *Router) trace(id uint64, p *transport.Peer) (done func()) {
	t := &frameTrace{r: r, id: id}
	r.traces.Store(id, t)
	p.Trace(t)
	return func() { r.traces.Delete(id) }
}

// traced is the trace of a connection, nil when it is over.
func (r *Router) traced(id uint64) *frameTrace {
	t, _ := r.traces.Load(id)
	f, _ := t.(*frameTrace)
	return f
}

// isTraced reports that the trace of one connection was asked for.
func (r *Router) isTraced(id uint64) bool {
	t := r.traced(id)
	return t != nil && t.own.Load()
}

// Tracing reports that frames are wanted.
func (t *frameTrace) Tracing() bool { return t.own.Load() || t.r.level.frames.Load() }

// maxFrameText is how much is written of a frame, in octets: properties may be as long as their sender likes.
const maxFrameText = 4096

// Frame writes a line, whatever the level of other lines is.
func (t *frameTrace) Frame(in bool, channel uint16, text string, octets int) {
	text = text[:min(len(text), maxFrameText)]
	dir := "->"
	if in {
		dir = "<-"
	}
	e := t.r.opts.Log.Debug().Str("router", t.r.cfg.Router.ID).Str("module", "PROTOCOL").Uint64("conn", t.id).Uint16("channel", channel).Str("dir", dir).Str("frame", text)
	if octets > 0 {
		e.Int("octets", octets)
	}
	e.Msg("frame")
}
