package frame

import (
	"bytes"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// reader reads the fields of a list in order. A field that is absent or null yields the zero value.
type reader struct {
	d    *wire.Decoder
	left int // fields not read
	end  int // offset where the list ends
}

// newReader enters the list that follows a descriptor.
func newReader(d *wire.Decoder) reader {
	r := reader{d: d}
	r.left, r.end = d.List()
	if r.left > limits.MaxFields {
		d.Fail("list has too many fields")
	}
	return r
}

// has says whether the next field has a value; if so that has to be read next.
func (r *reader) has() bool {
	if r.left == 0 || r.d.Err() != nil {
		return false
	}
	r.left--
	return !r.d.Null() && r.d.Err() == nil
}

// need is has for a mandatory field.
func (r *reader) need(name string) bool {
	if r.has() {
		return true
	}
	r.d.Fail("mandatory field " + name + " is missing")
	return false
}

// close reads over fields that are not known and returns the first error of all.
func (r *reader) close() error {
	r.d.Close(r.left, r.end)
	return r.d.Err()
}

func (r *reader) bool() bool    { return r.has() && r.d.Bool() }
func (r *reader) uint() uint32  { return r.uintOr(0) }
func (r *reader) ulong() uint64 { return or(r, 0, (*wire.Decoder).Ulong) }

func (r *reader) uintOr(absent uint32) uint32 { return or(r, absent, (*wire.Decoder).Uint) }
func (r *reader) ubyteOr(absent uint8) uint8  { return or(r, absent, (*wire.Decoder).Ubyte) }

func or[T any](r *reader, absent T, read func(*wire.Decoder) T) T {
	if r.has() {
		return read(r.d)
	}
	return absent
}

func (r *reader) needUint(name string) uint32 {
	if r.need(name) {
		return r.d.Uint()
	}
	return 0
}

func (r *reader) uintPtr() *uint32 {
	if !r.has() {
		return nil
	}
	v := r.d.Uint()
	return &v
}

// text reads a string of at most most octets, and says whether there is one.
func (r *reader) text(most int) (string, bool) {
	if !r.has() {
		return "", false
	}
	p := r.d.Text()
	if len(p) > most {
		r.d.Fail("string is too long")
		return "", false
	}
	return string(p), true
}

func (r *reader) needText(name string) string {
	s, ok := r.text(limits.MaxNameLen)
	if !ok {
		r.d.Fail("mandatory field " + name + " is missing")
	}
	return s
}

func (r *reader) symbol() wire.Symbol {
	s, _ := r.text(limits.MaxNameLen)
	return wire.Symbol(s)
}

func (r *reader) symbols() []wire.Symbol {
	if r.has() {
		return r.d.Symbols()
	}
	return nil
}

func (r *reader) binary() []byte {
	if r.has() {
		return bytes.Clone(r.d.Binary())
	}
	return nil
}

func (r *reader) value() any {
	if r.has() {
		return r.d.Value()
	}
	return nil
}

func (r *reader) mapping() wire.Map {
	v := r.value()
	m, ok := v.(wire.Map)
	if v != nil && !ok {
		r.d.Fail("want a map")
	}
	return m
}

func (r *reader) error() *Error {
	if r.has() {
		return decodeError(r.d)
	}
	return nil
}

func (r *reader) state() DeliveryState {
	if r.has() {
		return decodeState(r.d)
	}
	return nil
}
