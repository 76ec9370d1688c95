package conn

import (
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// phase is how far the connection has come (AMQP 2.4.6, with the SASL layer before it).
type phase uint8

const (
	wantHeader phase = iota // protocol header of the next layer
	inSASL
	wantOpen
	open
	closeSent // waiting for the peer's close
	done
)

// Conn is one connection. Make it with [New].
type Conn struct {
	cfg    Config
	phase  phase
	remote *frame.Open
	// saslDone: the security layer is over, the next header must be AMQP.
	saslDone, openSent bool

	sessions map[uint16]*Session // by the peer's channel
	local    []*Session          // by our channel; nil is free
	links    int                 // over all sessions
	attached int                 // octets of the attaches of those that the peer has made or answered
	sent     int                 // deliveries out that nobody has settled, over all sessions
	paused   []*Link             // that had something to send but for that
	more     bool                // input was left because there were enough events
	classes  map[Class]*Session  // sessions that we made
	started  time.Time
	lastIn   time.Time
	lastOut  time.Time
	err      *frame.Error // why it ended
	reported bool         // Closed was reported

	out      []*chunk.Chunk
	outBytes int       // octets in out and held back by sessions
	held     int       // of those, what sessions hold back
	answers  int       // octets of frames other than transfers since the output was last taken
	maxSend  int       // octets of the largest frame that we send
	closeBy  time.Time // when the peer's close must be here; set when ours has left
	scratch  frame.Transfer
}

// New returns a connection in its first state. A dialler's first octets are in the output at once.
func New(cfg Config, now time.Time) *Conn {
	if cfg.MaxFrameSize == 0 {
		cfg.MaxFrameSize = limits.MaxFrameSize
	}
	if cfg.ChannelMax == 0 {
		cfg.ChannelMax = limits.ChannelMax
	}
	if cfg.IncomingWindow == 0 {
		cfg.IncomingWindow = limits.RouterIncomingWindow
	}
	if cfg.MessageWindow == 0 || cfg.MessageWindow > cfg.IncomingWindow {
		cfg.MessageWindow = cfg.IncomingWindow
	}
	if cfg.Chunks == nil {
		cfg.Chunks = &chunk.Pool{}
	}
	if cfg.OutputHighWater == 0 {
		cfg.OutputHighWater = limits.OutputHighWater
	}
	c := &Conn{
		cfg: cfg, sessions: map[uint16]*Session{}, classes: map[Class]*Session{}, started: now, lastIn: now, lastOut: now,
		maxSend: limits.MinFrameSize,
	}
	if cfg.Client {
		if cfg.SASL != SASLNone {
			c.appendRaw(frame.ProtoSASL[:])
		} else {
			c.saslDone = true
			c.appendRaw(frame.ProtoAMQP[:])
			c.sendOpen()
		}
	}
	return c
}

// Remote is the peer's open, nil before it arrived.
func (c *Conn) Remote() *frame.Open { return c.remote }

// Err is why the connection ended; nil while it lives and after an orderly close.
func (c *Conn) Err() *frame.Error { return c.err }

// Open reports that links can be used: both opens have come, and no close.
func (c *Conn) Open() bool { return c.phase == open }

// Quiet reports that no delivery is under way on the connection.
func (c *Conn) Quiet() bool {
	for _, s := range c.local {
		if s == nil {
			continue
		}
		if len(s.in)+len(s.out)+len(s.held) > 0 {
			return false
		}
		for _, l := range s.links {
			if l != nil && (l.cur != nil || l.fresh != nil) {
				return false
			}
		}
	}
	return true
}

// Done reports that nothing is left to read; the socket may be closed once the output is out.
func (c *Conn) Done() bool { return c.phase == done }

// Input consumes the whole frames at the start of b, appends what they mean to evs, and returns how many octets it used. Payloads
// in evs alias b. Once the connection is done everything is consumed and ignored. It stops early after limits.MaxEvents: see [Conn.More].
func (c *Conn) Input(now time.Time, b []byte, evs []Event) (int, []Event) {
	n := 0
	if len(b) > 0 {
		c.lastIn = now
	}
	c.more = false
	for c.phase != done {
		if c.more = len(evs) >= limits.MaxEvents; c.more {
			break
		}
		rest := b[n:]
		if c.phase == wantHeader {
			if len(rest) < 8 {
				break
			}
			c.header(rest[:8])
			n += 8
			continue
		}
		if len(rest) < frame.HeaderSize {
			break
		}
		h, err := frame.ParseHeader(rest)
		if err != nil {
			evs = c.fail(evs, "amqp:connection:framing-error", err.Error())
			break
		}
		if h.Size > c.cfg.MaxFrameSize {
			evs = c.fail(evs, "amqp:connection:framing-error", fmt.Sprintf("frame of %d octets, at most %d are allowed", h.Size, c.cfg.MaxFrameSize))
			break
		}
		if uint32(len(rest)) < h.Size {
			break
		}
		evs = c.frame(h, rest[int(h.DOFF)*4:h.Size], evs)
		n += int(h.Size)
		if c.answers > limits.MaxAnswers && c.phase != done { // the peer asks and does not read what it asked for
			evs = c.fail(evs, "amqp:resource-limit-exceeded", fmt.Sprintf("more than %d octets of answers wait for the peer", limits.MaxAnswers))
		}
	}
	if c.phase == done {
		return len(b), c.finish(evs)
	}
	return n, c.resume(evs)
}

// More reports that Input has left whole frames, because it had found enough events: it is to be called again once those are handled.
func (c *Conn) More() bool { return c.more }

// Lost ends the connection because its socket did. The events say what became of its links and deliveries.
func (c *Conn) Lost(evs []Event, cause string) []Event {
	if c.phase != done {
		if c.err == nil && c.phase != closeSent {
			c.err = &frame.Error{Condition: "amqp:connection:framing-error", Description: cause}
		}
		c.phase = done
	}
	return c.finish(evs)
}

// Close starts an orderly close; e may be nil. The peer's answer ends the connection, or limits.CloseTimeout without one.
func (c *Conn) Close(e *frame.Error) {
	if c.phase == done || c.phase == closeSent {
		return
	}
	if !c.openSent {
		c.err = e
		c.phase = done
		return
	}
	c.send(0, &frame.Close{Error: e})
	c.err = e
	c.phase = closeSent
}

// header handles a protocol header (AMQP 2.2, 5.3.1).
func (c *Conn) header(h []byte) {
	switch {
	case [8]byte(h) == frame.ProtoSASL && !c.saslDone && (c.cfg.Client || len(c.cfg.Mechanisms) > 0):
		if !c.cfg.Client {
			c.appendRaw(frame.ProtoSASL[:])
			c.offerMechanisms()
		}
		c.phase = inSASL
	case [8]byte(h) == frame.ProtoAMQP && (c.saslDone || !c.cfg.Client && (c.cfg.SkipSASL || len(c.cfg.Mechanisms) == 0)):
		c.saslDone = true
		c.phase = wantOpen
		if !c.cfg.Client {
			c.appendRaw(frame.ProtoAMQP[:]) // at once: some clients wait for it before they open
		} else if !c.openSent {
			c.sendOpen()
		}
	default:
		// AMQP 2.2: answer with a supported header, then close.
		if !c.cfg.Client {
			if len(c.cfg.Mechanisms) > 0 && !c.saslDone {
				c.appendRaw(frame.ProtoSASL[:])
			} else {
				c.appendRaw(frame.ProtoAMQP[:])
			}
		}
		c.err = &frame.Error{Condition: "amqp:connection:framing-error", Description: fmt.Sprintf("unexpected protocol header %q", h)}
		c.phase = done
	}
}

func (c *Conn) frame(h frame.Header, body []byte, evs []Event) []Event {
	if c.phase == inSASL {
		if h.Type != frame.TypeSASL {
			return c.fail(evs, "amqp:connection:framing-error", "a frame that is not SASL came before the SASL outcome")
		}
		return c.sasl(body, evs)
	}
	if h.Type != frame.TypeAMQP {
		return c.fail(evs, "amqp:connection:framing-error", fmt.Sprintf("frame of type %d after the AMQP header", h.Type))
	}
	if len(body) == 0 { // heartbeat (AMQP 2.4.5)
		return evs
	}
	if c.phase == open {
		if p, ok, err := frame.DecodeTransfer(body, &c.scratch); ok {
			if err != nil {
				return c.fail(evs, "amqp:decode-error", err.Error())
			}
			return c.onTransfer(h.Channel, &c.scratch, p, evs)
		}
	}
	p, _, err := frame.Decode(h.Type, body)
	if err != nil {
		return c.fail(evs, "amqp:decode-error", err.Error())
	}
	if c.phase == closeSent { // AMQP 2.4.6 CLOSE SENT/DISCARDING: only the close counts
		if _, ok := p.(*frame.Close); ok {
			c.phase = done
		}
		return evs
	}
	if o, ok := p.(*frame.Open); ok {
		return c.onOpen(o, evs)
	}
	if c.phase != open {
		return c.fail(evs, "amqp:not-allowed", "a frame came before open")
	}
	switch p := p.(type) {
	case *frame.Begin:
		return c.onBegin(h.Channel, p, evs)
	case *frame.Attach:
		return c.onAttach(h.Channel, p, len(body), evs)
	case *frame.Flow:
		return c.onFlow(h.Channel, p, evs)
	case *frame.Disposition:
		return c.onDisposition(h.Channel, p, evs)
	case *frame.Detach:
		return c.onDetach(h.Channel, p, evs)
	case *frame.End:
		return c.onEnd(h.Channel, p, evs)
	case *frame.Close:
		c.send(0, &frame.Close{})
		c.err = p.Error
		c.phase = done
		return evs
	}
	return c.fail(evs, "amqp:not-implemented", fmt.Sprintf("performative 0x%x is not expected here", p.Code()))
}

// fail closes the connection because the peer broke a rule.
func (c *Conn) fail(evs []Event, cond, desc string) []Event {
	e := &frame.Error{Condition: symbol(cond), Description: desc}
	if !c.openSent && c.saslDone && !c.cfg.Client { // AMQP 2.4.1: a close needs an open before it, and that the header
		if c.phase == wantHeader {
			c.appendRaw(frame.ProtoAMQP[:])
		}
		c.sendOpen()
	}
	if c.openSent && c.phase != closeSent {
		c.send(0, &frame.Close{Error: e})
	}
	c.err = e
	c.phase = done
	return evs
}

// finish reports, once, the end of everything.
func (c *Conn) finish(evs []Event) []Event {
	if c.reported {
		return evs
	}
	c.reported = true
	for _, s := range c.local {
		if s != nil {
			evs = s.lost(c.err, evs)
		}
	}
	c.dropHeld()
	return append(evs, Event{Kind: Closed, Err: c.err})
}
