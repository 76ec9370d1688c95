package frame

import (
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Error is the reason a peer gives, or is given, for a close, end, detach or rejection (AMQP 2.8.14).
type Error struct {
	Condition   wire.Symbol
	Description string // may be empty
	Info        wire.Map
}

func (e *Error) Error() string {
	if e.Description == "" {
		return string(e.Condition)
	}
	return string(e.Condition) + ": " + e.Description
}

func (e *Error) appendBody(b []byte) []byte {
	w := newWriter(b, CodeError)
	w.put(wire.AppendSymbol(w.b, e.Condition))
	w.stringIf(e.Description != "", e.Description)
	w.mapping(e.Info)
	return w.end()
}

func decodeError(d *wire.Decoder) *Error {
	if code := d.Descriptor(); code != CodeError {
		d.Fail("want an error")
		return nil
	}
	r := newReader(d)
	e := &Error{Condition: wire.Symbol(r.needText("condition"))}
	e.Description, _ = r.text(limits.MaxDescription)
	e.Info = r.mapping()
	if r.close() != nil {
		return nil
	}
	return e
}
