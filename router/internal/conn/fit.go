package conn

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Only transfers can be split. Every other frame has to be as small as the peer asks for (AMQP 2.7.1): what only explains is cut, and what cannot be is not
// said at all.

// tooSmall is the condition of what does not fit into the frames of the peer (AMQP 2.8.15).
const tooSmall = "amqp:frame-size-too-small"

// errTooLarge is wrapped by the error of a frame that the peer does not take.
var errTooLarge = errors.New("larger than the peer's max-frame-size")

// most is how many octets a frame may have, that is none of transfer, for the peer to take it: as many as every peer takes until it has said more. Ours must
// have left by then if we dial, so nobody holds an open to that.
func (c *Conn) most(p frame.Performative) int {
	switch _, opening := p.(*frame.Open); {
	case c.remote == nil && opening, c.remote != nil && c.remote.MaxFrameSize == 0:
		return math.MaxInt
	case c.remote == nil:
		return limits.MinFrameSize
	}
	return int(c.remote.MaxFrameSize)
}

// shorter is p with less of what can be spared, by over octets if that is enough; nil when nothing can be.
func shorter(p frame.Performative, over int) frame.Performative {
	switch p := p.(type) {
	case *frame.Open: // first what the operator has the peer told
		if n := len(p.Properties); n > 0 {
			q := *p
			q.Properties = p.Properties[:n-1]
			return &q
		}
	case *frame.Close:
		if e := briefer(p.Error, over); e != nil {
			return &frame.Close{Error: e}
		}
	case *frame.End:
		if e := briefer(p.Error, over); e != nil {
			return &frame.End{Error: e}
		}
	case *frame.Detach:
		if e := briefer(p.Error, over); e != nil {
			q := *p
			q.Error = e
			return &q
		}
	case *frame.Disposition:
		q := *p
		switch s := p.State.(type) {
		case *frame.Rejected:
			if e := briefer(s.Error, over); e != nil {
				q.State = &frame.Rejected{Error: e}
				return &q
			}
		case *frame.Modified:
			if s.Annotations != nil {
				q.State = &frame.Modified{DeliveryFailed: s.DeliveryFailed, UndeliverableHere: s.UndeliverableHere}
				return &q
			}
		case *frame.Other: // of a kind that is not known here
			q.State = nil
			return &q
		}
	}
	return nil
}

// briefer is e with less to say; nil when that is impossible.
func briefer(e *frame.Error, over int) *frame.Error {
	switch {
	case e == nil:
		return nil
	case e.Info != nil:
		return &frame.Error{Condition: e.Condition, Description: e.Description}
	case e.Description != "":
		text := e.Description[:max(len(e.Description)-over, 0)]
		return &frame.Error{Condition: e.Condition, Description: strings.ToValidUTF8(text, "")}
	case len(e.Condition) > len(internalError):
		return &frame.Error{Condition: internalError}
	}
	return nil
}

// internalError stands for a condition that is too long to be passed on.
const internalError wire.Symbol = "amqp:internal-error"

// unfit is the error of a frame that the peer does not take.
func unfit(p frame.Performative, size, most int) error {
	return fmt.Errorf("%s of %d octets is %w, %d", frame.Name(p.Code()), size, errTooLarge, most)
}
