package routertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// raw is a client that sends whatever it is told to, and writes down what comes back: for clients that no library can be.
type raw struct {
	conn   net.Conn
	quiet  time.Duration // without a frame before all is taken for said
	in     []byte        // read, but not a whole frame yet
	news   []string      // since the last step
	all    []string
	err    error             // a fault of the client, which ends the conversation
	over   bool              // the router closed the connection
	parts  map[string][]byte // deliveries that are still arriving, by channel and handle
	header bool              // the next eight octets are a protocol header
	beats  int               // empty frames
}

// dialRaw connects to a router's listener without TLS.
func dialRaw(ctx context.Context, addr string, quiet time.Duration) (*raw, func(), error) {
	c, done, err := Dial(ctx, addr)
	if err != nil {
		return nil, nil, err
	}
	return &raw{conn: c, quiet: quiet, parts: map[string][]byte{}, header: true}, done, nil
}

// write sends octets. That the router does not take them is no fault: it may have closed the connection.
func (c *raw) write(b []byte) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.conn.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		c.err = errors.Join(c.err, fmt.Errorf("the router does not read: %w", err))
	}
}

// say sends performatives on a channel, in one write.
func (c *raw) say(channel uint16, all ...frame.Performative) {
	var b []byte
	for _, p := range all {
		b = frame.AppendFrame(b, frame.TypeAMQP, channel, p, nil)
	}
	c.write(b)
}

// step waits until the router has said what it has to say to all that was sent. What it said within a step is put in order: only steps come one after the
// other for certain.
func (c *raw) step() {
	for end := time.Now().Add(10 * time.Second); !c.over && c.err == nil && time.Now().Before(end); {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.quiet))
		b := make([]byte, 64<<10)
		n, err := c.conn.Read(b)
		c.in = append(c.in, b[:n]...)
		c.take()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			c.over = true
			c.note("gone")
		}
	}
	slices.Sort(c.news)
	if len(c.news) > 0 {
		c.all = append(c.all, strings.Join(c.news, ", "))
	}
	c.news = nil
}

func (c *raw) note(format string, a ...any) { c.news = append(c.news, fmt.Sprintf(format, a...)) }

// take writes down the frames that have arrived.
func (c *raw) take() {
	for c.err == nil {
		if len(c.in) >= 8 && (c.header || bytes.HasPrefix(c.in, []byte("AMQP"))) {
			c.note("protocol %d %v", c.in[4], c.in[5:8])
			c.in, c.header = c.in[8:], false
			continue
		}
		if len(c.in) < frame.HeaderSize {
			return
		}
		h, err := frame.ParseHeader(c.in)
		if err != nil {
			c.err = fmt.Errorf("the router sends no frame: %w", err)
			return
		}
		if len(c.in) < int(h.Size) {
			return
		}
		p, payload, err := frame.Decode(h.Type, c.in[h.BodyOffset():h.Size])
		if err != nil {
			c.err = fmt.Errorf("the router sends a frame that cannot be read: %w", err)
			return
		}
		c.hears(h.Channel, p, payload)
		c.in = c.in[h.Size:]
	}
}

// hears writes down a frame, without what is the router's own affair: names and numbers that it makes up, sizes, and how often it tells of credit.
func (c *raw) hears(channel uint16, p frame.Performative, payload []byte) {
	switch p := p.(type) {
	case nil:
		c.beats++
	case *frame.SASLMechanisms:
		c.note("mechanisms %v", slices.Contains(p.Mechanisms, "ANONYMOUS"))
	case *frame.SASLOutcome:
		c.note("outcome %d", p.Outcome)
	case *frame.Open:
		c.note("open")
	case *frame.Begin:
		c.note("begin %d for %v", channel, value(p.RemoteChannel))
	case *frame.Attach:
		c.note("attach %d/%d %s %v source=%t target=%t", channel, p.Handle, p.Name, p.Role, p.Source != nil, p.Target != nil)
	case *frame.Flow:
		if p.Handle != nil && p.Drain && value(p.LinkCredit) == uint32(0) {
			c.note("drained %d/%d", channel, *p.Handle)
		}
	case *frame.Transfer:
		at := fmt.Sprint(channel, "/", p.Handle)
		c.parts[at] = append(c.parts[at], payload...)
		switch {
		case p.Aborted:
			c.note("aborted %s", at)
		case !p.More:
			c.note("delivery %s settled=%t %s", at, p.Settled, texts(c.parts[at]))
		}
		if p.Aborted || !p.More {
			delete(c.parts, at)
		}
	case *frame.Disposition:
		last := p.First
		if p.Last != nil {
			last = *p.Last
		}
		for id := p.First; last-id < 1000; id++ {
			what := "nothing"
			if p.State != nil {
				what = frame.Name(p.State.Code())
			}
			if r, ok := p.State.(*frame.Rejected); ok {
				what += condition(r.Error)
			}
			c.note("%v says of %d: %s settled=%t", p.Role, id, what, p.Settled)
		}
	case *frame.Detach:
		c.note("detach %d/%d closed=%t%s", channel, p.Handle, p.Closed, condition(p.Error))
	case *frame.End:
		c.note("end %d%s", channel, condition(p.Error))
	case *frame.Close:
		c.note("close%s", condition(p.Error))
	default:
		c.note("%s", frame.Name(p.Code()))
	}
}

// value is what p points to, nil if it is nil.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func condition(e *frame.Error) string {
	if e == nil {
		return ""
	}
	return " because of " + string(e.Condition)
}

// texts is the text of a message that [text] made, shortened.
func texts(b []byte) string {
	_, after, ok := bytes.Cut(b, []byte("<"))
	if !ok {
		return "without text"
	}
	what, _, ok := bytes.Cut(after, []byte(">"))
	if !ok {
		return "cut short"
	}
	return fmt.Sprintf("%.8s of %d", what, len(what))
}

// answers tells whether the connection can still be used: a session begins and ends.
func (c *raw) answers() {
	if c.over || c.err != nil {
		return
	}
	c.say(77, &frame.Begin{IncomingWindow: 100, OutgoingWindow: 100, HandleMax: 10})
	c.step()
	c.say(77, &frame.End{})
	c.step()
}
