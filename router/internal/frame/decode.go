package frame

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Performative is the body of a frame. AppendBody appends all of it, descriptor included.
type Performative interface {
	Code() uint64
	AppendBody(b []byte) []byte
}

// performative is one that can read its own list.
type performative interface {
	Performative
	decode(d *wire.Decoder) error
}

func newPerformative(typ uint8, code uint64) performative {
	if typ == TypeSASL {
		switch code {
		case CodeSASLMechanisms:
			return new(SASLMechanisms)
		case CodeSASLInit:
			return new(SASLInit)
		case CodeSASLChallenge:
			return new(SASLChallenge)
		case CodeSASLResponse:
			return new(SASLResponse)
		case CodeSASLOutcome:
			return new(SASLOutcome)
		}
		return nil
	}
	switch code {
	case CodeOpen:
		return new(Open)
	case CodeBegin:
		return new(Begin)
	case CodeAttach:
		return new(Attach)
	case CodeFlow:
		return new(Flow)
	case CodeTransfer:
		return new(Transfer)
	case CodeDisposition:
		return new(Disposition)
	case CodeDetach:
		return new(Detach)
	case CodeEnd:
		return new(End)
	case CodeClose:
		return new(Close)
	}
	return nil
}

// Decode decodes the body of a frame of a type, which starts after the header and its extension (see Header.BodyOffset).
// The payload, and the tag of a transfer, share memory with body. An empty body yields nil, nil, nil.
// Octets after a performative other than a transfer are an error.
func Decode(typ uint8, body []byte) (p Performative, payload []byte, err error) {
	if typ != TypeAMQP && typ != TypeSASL {
		return nil, nil, fmt.Errorf("decode frame: unknown type %d", typ)
	}
	if len(body) == 0 {
		if typ == TypeSASL {
			return nil, nil, fmt.Errorf("decode frame: empty SASL frame")
		}
		return nil, nil, nil
	}
	d := wire.NewDecoder(body)
	code := d.Descriptor()
	if err := d.Err(); err != nil {
		return nil, nil, fmt.Errorf("decode frame: %w", err)
	}
	q := newPerformative(typ, code)
	if q == nil {
		return nil, nil, fmt.Errorf("decode frame: unknown performative 0x%x", code)
	}
	if err := q.decode(d); err != nil {
		return nil, nil, fmt.Errorf("decode %s: %w", Name(code), err)
	}
	if code == CodeTransfer {
		return q, body[d.Offset():], nil
	}
	if d.Len() > 0 {
		return nil, nil, fmt.Errorf("decode %s: %d octets after it", Name(code), d.Len())
	}
	return q, nil, nil
}
