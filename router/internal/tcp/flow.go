package tcp

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

var (
	errAborted = errors.New("the stream was cut by the network")
	errRefused = errors.New("the network refused the stream")
	errMemory  = errors.New("the router is short of memory, and the client does not read what waits for it")
	errDropped = errors.New("the connection was dropped because its listener or connector was deleted")
)

// flow is one TCP connection: a socket, the stream that it sends and the stream that it receives.
type flow struct {
	sock  sock
	core  *core.Core
	group *group
	sink  *sink
	over  func(err error) // called once at the end

	in, out *atomic.Uint64 // octets from and to the socket, of the listener or connector
	own     *Count         // the same of this flow
	entry   Entry

	mu         sync.Mutex
	window     sync.Cond
	stream     *core.Stream // that we send
	outlet     core.Outlet  // of it
	sent       uint64
	ackd       uint64
	unbound    bool // the window does not count any more: the receiver has a terminal state
	pumping    bool
	offered    bool // the server stream has come
	outEnded   bool // our stream has been ended
	inputOver  bool // the socket gave all it had
	outputOver bool // the socket took all there was
	closed     bool
	err        error
}

func newFlow(s sock, c *core.Core, g *group, in, out *atomic.Uint64, own *Count, e Entry) *flow {
	f := &flow{sock: s, core: c, group: g, in: in, out: out, own: own, entry: e}
	f.window.L = &f.mu
	f.sink = &sink{f: f, pool: c.Chunks()}
	return f
}

// count adds octets to the counters: input is from the socket.
func (f *flow) count(n int, input bool) {
	f.own.add(n, input)
	if input {
		f.in.Add(uint64(n))
	} else {
		f.out.Add(uint64(n))
	}
}

// Update is what the receiver of our stream says: progress, or the outcome.
func (f *flow) Update(state frame.DeliveryState, settled bool) {
	switch st := state.(type) {
	case *frame.Received:
		f.mu.Lock()
		if st.SectionOffset > f.ackd {
			f.ackd = st.SectionOffset
			f.window.Broadcast()
		}
		f.mu.Unlock()
	case *frame.Accepted:
		f.mu.Lock()
		f.unbound = true
		f.window.Broadcast()
		f.mu.Unlock()
		f.answer(state, settled)
		if f.sink.doubtful.Load() { // who says this may hold the sink of another flow: two that wait for each other's would be stuck
			f.group.Go(f.sink.trust)
		}
	case nil:
		if settled {
			f.failed(errRefused)
		}
	default:
		if frame.Terminal(state) {
			f.failed(errRefused)
			f.answer(state, settled)
		}
	}
}

// taken tells whether the receiver has taken all of our stream.
func (f *flow) taken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unbound
}

// answer settles a stream that had its end before the outcome: the receiver waits for that when it has not settled itself.
func (f *flow) answer(state frame.DeliveryState, settled bool) {
	f.mu.Lock()
	o := f.outlet
	ended := f.outEnded
	f.mu.Unlock()
	if !settled && ended && o != nil {
		o.Settle(state)
	}
}

// open opens our stream unless the flow is over already.
func (f *flow) open(to string, head []byte, onBound func(core.Outlet)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.stream = f.core.Open(to, head, f, onBound)
	}
}

// start begins to read the socket, once.
func (f *flow) start(o core.Outlet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pumping || f.closed || o == nil {
		return
	}
	f.pumping, f.outlet = true, o
	f.group.Go(f.pump)
}

func (f *flow) stopped() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// pump moves octets from the socket to the stream until either ends.
func (f *flow) pump() {
	head, slot := f.outlet.Layout()
	for f.waitWindow() && f.outlet.WaitRoom(f.stopped) {
		k, n, err := f.sock.read(f.core.Chunks(), head, slot)
		if err != nil {
			if errors.Is(err, io.EOF) {
				f.endStream()
				f.inputDone()
			} else {
				f.failed(err)
				f.cutStream(err)
			}
			return
		}
		f.mu.Lock()
		f.sent += uint64(n)
		f.mu.Unlock()
		f.count(n, true)
		f.outlet.WriteChunk(k, head, slot, n)
	}
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	f.cutStream(err)
}

// waitWindow waits until the receiver has taken enough of what was sent.
func (f *flow) waitWindow() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.closed && !f.unbound && f.sent-f.ackd >= limits.StreamWindow {
		f.window.Wait()
	}
	return !f.closed
}

// ending takes the right to end our stream, which nobody gets twice.
func (f *flow) ending() (core.Outlet, *core.Stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.outEnded {
		return nil, nil
	}
	f.outEnded = true
	return f.outlet, f.stream
}

// endStream ends our stream in order: the socket has given all it had.
func (f *flow) endStream() {
	if o, _ := f.ending(); o != nil {
		o.End(false)
		o.Flush()
	}
}

// cutStream ends our stream early. One that the receiver refused is only ended, settled, because the receiver waits for no more than that; any other is
// aborted, so that the receiver does not take the cut for an end.
func (f *flow) cutStream(err error) {
	o, s := f.ending()
	failed := !errors.Is(err, errRefused)
	switch {
	case o != nil && failed:
		o.Abort()
		o.Flush()
	case o != nil:
		o.End(true)
		o.Flush()
	case s != nil:
		s.Cut(failed)
	}
}

func (f *flow) inputDone() {
	f.mu.Lock()
	f.inputOver = true
	done := f.outputOver
	f.mu.Unlock()
	if done {
		f.close(nil)
	}
}

func (f *flow) outputDone() {
	f.mu.Lock()
	f.outputOver = true
	done := f.inputOver
	f.mu.Unlock()
	if done {
		f.group.Go(func() { f.close(nil) }) // the caller holds the sink
	}
}

// failed ends the flow because something broke. It may be called with the sink held.
func (f *flow) failed(err error) {
	f.group.Go(func() { f.close(err) })
}

// close ends the flow once. Without err both directions have come to their end.
func (f *flow) close(err error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	f.closed, f.err = true, err
	pumping, outlet := f.pumping, f.outlet
	f.window.Broadcast()
	f.mu.Unlock()
	f.sock.close(err != nil)
	if outlet != nil {
		outlet.Nudge()
	}
	if err != nil {
		f.sink.refuse()
		if !pumping {
			f.cutStream(err)
		}
	}
	f.entry.Ended(time.Now(), err)
	f.over(err)
}
