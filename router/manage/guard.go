package manage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// guard is a connection that reads whole frames and lets them through only if what they carry is sound: the AMQP
// library neither bounds how deep values are nested, so that a few hundred kilobytes can exhaust the stack and
// end the process, nor always the size of a message.
type guard struct {
	net.Conn
	left    atomic.Int64 // octets that may still be read
	partial int          // messages that may be arriving at once

	// Below: the goroutine that reads.
	in      []byte            // read, not yet handed out
	sound   int               // octets of in that may be handed out
	parts   map[uint32][]byte // by link handle: payload of a message that is still arriving
	held    int               // octets of parts
	refused error
}

// maxGuardFrame is the largest frame that is let through. The library announces this size.
const maxGuardFrame = 65536

// minGuardRead is how many octets a read has room for at least.
const minGuardRead = 2048

func newGuard(c net.Conn) *guard {
	g := &guard{Conn: c, parts: map[uint32][]byte{}, partial: maxPartial}
	g.allow(MaxReply)
	return g
}

// allow sets how many octets may be read from now on.
func (g *guard) allow(n int64) { g.left.Store(n) }

// Read hands out octets of frames that have been checked.
func (g *guard) Read(p []byte) (int, error) {
	for g.sound == 0 {
		if g.refused != nil {
			return 0, g.refused
		}
		if err := g.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.in[:g.sound])
	g.in, g.sound = g.in[n:], g.sound-n
	return n, nil
}

// fill reads some octets and checks the frames that they complete.
func (g *guard) fill() error {
	if cap(g.in)-len(g.in) < minGuardRead {
		g.in = append(make([]byte, 0, 2*len(g.in)+2*minGuardRead), g.in...)
	}
	n, err := g.Conn.Read(g.in[len(g.in):cap(g.in)])
	if g.left.Add(int64(-n)) < 0 {
		g.refused = fmt.Errorf("the router sent more than %d octets for one request", MaxReply)
		return g.refused
	}
	g.in = g.in[:len(g.in)+n]
	for g.refused == nil {
		size := g.next()
		if size == 0 || len(g.in)-g.sound < size {
			break
		}
		if g.refused = g.check(g.in[g.sound : g.sound+size]); g.refused == nil {
			g.sound += size
		}
	}
	if n > 0 {
		return nil
	}
	return err
}

// next is the size of the next frame or protocol header, 0 if that is not known yet.
func (g *guard) next() int {
	b := g.in[g.sound:]
	if len(b) < frame.HeaderSize {
		return 0
	}
	if string(b[:4]) == "AMQP" {
		return len(frame.ProtoAMQP)
	}
	size := binary.BigEndian.Uint32(b)
	if size < frame.HeaderSize || size > maxGuardFrame {
		g.refused = fmt.Errorf("the router sent a frame of %d octets, want %d to %d", size, frame.HeaderSize, maxGuardFrame)
		return 0
	}
	return int(size)
}

// check looks into one frame.
func (g *guard) check(b []byte) error {
	if string(b[:4]) == "AMQP" {
		return nil
	}
	h, err := frame.ParseHeader(b)
	if err != nil {
		return fmt.Errorf("frame from the router: %w", err)
	}
	body := b[int(h.DOFF)*4:]
	if len(body) == 0 {
		return nil
	}
	var t frame.Transfer
	payload, isTransfer, err := frame.DecodeTransfer(body, &t)
	if err != nil {
		return fmt.Errorf("transfer from the router: %w", err)
	}
	if h.Type == frame.TypeSASL || !isTransfer {
		return sound(body)
	}
	return g.part(&t, payload)
}

// part collects a message and checks it when it is whole. The library looks into it only then.
func (g *guard) part(t *frame.Transfer, payload []byte) error {
	before := g.parts[t.Handle]
	g.held -= len(before)
	whole := append(before, payload...)
	if t.Aborted {
		delete(g.parts, t.Handle)
		return nil
	}
	if t.More {
		if len(g.parts) >= g.partial && before == nil {
			return errors.New("the router sends too many messages at once")
		}
		if g.held += len(whole); g.held > MaxReply {
			return fmt.Errorf("the router sent %d octets of messages that do not end", g.held)
		}
		g.parts[t.Handle] = whole
		return nil
	}
	delete(g.parts, t.Handle)
	return sound(whole)
}

// sound checks the structure of a sequence of values, with bounds on depth and counts.
func sound(b []byte) error {
	d := wire.NewDecoder(b)
	d.PlainKeys() // the library panics at a described key that holds a list
	for d.Len() > 0 && d.Err() == nil {
		d.Skip()
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("data from the router: %w", err)
	}
	return nil
}
