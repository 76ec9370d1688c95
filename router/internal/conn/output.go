package conn

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// TakeOutput appends the chunks that are ready to leave to dst and forgets them. The caller frees each after writing it.
func (c *Conn) TakeOutput(now time.Time, dst []*chunk.Chunk) []*chunk.Chunk {
	if len(c.out) == 0 {
		return dst
	}
	for i, k := range c.out {
		c.outBytes -= k.End - k.Start
		dst = append(dst, k)
		c.out[i] = nil
	}
	c.out = c.out[:0]
	c.answers = 0
	c.lastOut = now
	if c.phase == closeSent && c.closeBy.IsZero() {
		c.closeBy = now.Add(limits.CloseTimeout)
	}
	return dst
}

// HasOutput reports that something is ready to leave.
func (c *Conn) HasOutput() bool { return len(c.out) > 0 }

// Waiting is how much waits to be sent before anything more on l can be, in octets: the connection's output, and what the peer does not let the session
// of l send yet. What other sessions may not send holds up nobody here.
func (c *Conn) Waiting(l *Link) int { return c.outBytes - c.held + l.s.waiting }

// Congested reports that enough waits before l already: whoever can wait should, until the writer and the peer have caught up.
func (c *Conn) Congested(l *Link) bool { return c.Waiting(l) > c.cfg.OutputHighWater }

// room returns the last chunk with at least n octets of room.
func (c *Conn) room(n int) *chunk.Chunk {
	if l := len(c.out); l > 0 && c.out[l-1].Room() >= n {
		return c.out[l-1]
	}
	k := c.cfg.Chunks.Get()
	c.out = append(c.out, k)
	return k
}

func (c *Conn) appendRaw(p []byte) {
	c.outBytes += len(p)
	for len(p) > 0 {
		p = p[c.room(min(len(p), chunk.Size)).Append(p):]
	}
}

// send appends a frame that is not a transfer. One that the peer cannot take ends the connection.
func (c *Conn) send(channel uint16, p frame.Performative) {
	if err := c.trySend(channel, p); err != nil {
		c.Close(&frame.Error{Condition: tooSmall, Description: err.Error()})
	}
}

// trySend is send, but that it does nothing at all about a frame that the peer cannot take.
func (c *Conn) trySend(channel uint16, p frame.Performative) error {
	if c.phase == done {
		return nil
	}
	k := c.room(1024)
	b, err := c.encode(k.B[:k.End:len(k.B)], channel, p)
	if err != nil {
		return err
	}
	was := c.outBytes
	if &b[0] == &k.B[0] && len(b) <= len(k.B) {
		c.outBytes += len(b) - k.End
		k.End = len(b)
	} else { // it grew out of the chunk
		c.appendRaw(b[k.End:])
	}
	c.answers += c.outBytes - was
	return nil
}

// encode appends a frame that the peer can take to b.
func (c *Conn) encode(b []byte, channel uint16, p frame.Performative) ([]byte, error) {
	most, start := c.most(p), len(b)
	for {
		b = frame.AppendFrame(b[:start], frame.TypeAMQP, channel, p, nil)
		size := len(b) - start
		if size <= most {
			return b, nil
		}
		less := shorter(p, size-most)
		if less == nil {
			return nil, unfit(p, size, most)
		}
		p = less
	}
}

// dropHeld frees what can never leave.
func (c *Conn) dropHeld() {
	for _, s := range c.local {
		if s == nil {
			continue
		}
		s.dropHeld()
	}
}
