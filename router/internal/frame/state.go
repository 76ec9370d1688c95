package frame

import (
	"bytes"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// DeliveryState is what is known of a delivery (AMQP 3.4): *Received, *Accepted, *Rejected, *Released, *Modified or *Other.
// AppendBody appends all of it, descriptor included.
type DeliveryState interface {
	Code() uint64
	AppendBody(b []byte) []byte
}

// Terminal says whether s is an outcome, after which the state does not change any more. No state is not terminal;
// a state we do not know is not either.
func Terminal(s DeliveryState) bool {
	switch s.(type) {
	case *Accepted, *Rejected, *Released, *Modified:
		return true
	}
	return false
}

// Received tells how much of a delivery has arrived (AMQP 3.4.1).
type Received struct {
	SectionNumber uint32
	SectionOffset uint64 // octets
}

// Code is the descriptor.
func (s *Received) Code() uint64 { return CodeReceived }

// AppendBody appends the state.
func (s *Received) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeReceived)
	w.uint(s.SectionNumber)
	w.ulong(s.SectionOffset)
	return w.end()
}

// Accepted is success (AMQP 3.4.2).
type Accepted struct{}

// Code is the descriptor.
func (s *Accepted) Code() uint64 { return CodeAccepted }

// AppendBody appends the state.
func (s *Accepted) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeAccepted)
	return w.end()
}

// Rejected is refusal of a message that is invalid (AMQP 3.4.3).
type Rejected struct{ Error *Error }

// Code is the descriptor.
func (s *Rejected) Code() uint64 { return CodeRejected }

// AppendBody appends the state.
func (s *Rejected) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeRejected)
	w.error(s.Error)
	return w.end()
}

// Released gives a message back untouched (AMQP 3.4.4).
type Released struct{}

// Code is the descriptor.
func (s *Released) Code() uint64 { return CodeReleased }

// AppendBody appends the state.
func (s *Released) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeReleased)
	return w.end()
}

// Modified gives a message back with changes (AMQP 3.4.5). Both flags are always sent.
type Modified struct {
	DeliveryFailed    bool
	UndeliverableHere bool
	Annotations       wire.Map // nil means absent
}

// Code is the descriptor.
func (s *Modified) Code() uint64 { return CodeModified }

// AppendBody appends the state.
func (s *Modified) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeModified)
	w.bool(s.DeliveryFailed)
	w.bool(s.UndeliverableHere)
	w.mapping(s.Annotations)
	return w.end()
}

// Other is a state that is only passed on, such as that of a transaction. Raw is all of it, descriptor included.
type Other struct{ Raw []byte }

// Code is the descriptor, or 0 if that is a symbol.
func (s *Other) Code() uint64 {
	var d wire.Decoder
	d.Reset(s.Raw)
	return d.Descriptor()
}

// AppendBody appends the state.
func (s *Other) AppendBody(b []byte) []byte { return append(b, s.Raw...) }

// decodeState reads a delivery state. Of the states only those with contents are allocated.
func decodeState(d *wire.Decoder) DeliveryState {
	if code, _ := d.PeekCode(); code != 0 {
		d.Fail("delivery state is not a described value")
		return nil
	}
	raw := d.Raw()
	if d.Err() != nil {
		return nil
	}
	var sub wire.Decoder
	sub.Reset(raw)
	code := sub.Descriptor()
	s, err := stateOf(&sub, code, raw)
	if err != nil {
		d.Fail(Name(code) + ": " + err.Error())
		return nil
	}
	return s
}

func stateOf(d *wire.Decoder, code uint64, raw []byte) (DeliveryState, error) {
	switch code {
	case CodeReceived:
		r := newReader(d)
		s := &Received{SectionNumber: r.needUint("section-number")}
		if r.need("section-offset") {
			s.SectionOffset = d.Ulong()
		}
		return s, r.close()
	case CodeAccepted:
		r := newReader(d)
		return &Accepted{}, r.close()
	case CodeReleased:
		r := newReader(d)
		return &Released{}, r.close()
	case CodeRejected:
		r := newReader(d)
		s := &Rejected{Error: r.error()}
		return s, r.close()
	case CodeModified:
		r := newReader(d)
		s := &Modified{DeliveryFailed: r.bool(), UndeliverableHere: r.bool()}
		s.Annotations = r.mapping()
		return s, r.close()
	}
	return &Other{Raw: bytes.Clone(raw)}, nil
}
