package vanflow

import (
	"slices"
	"time"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Record is one thing that the source tells of. Get it from [Source.Begin].
type Record struct {
	typ    Type
	id     string
	source *Source // nil: it is sent in another way
	fields []field // by attribute
	sent   time.Time
	queued bool // it is in the source's list of records to send
	whole  bool // all attributes are to be sent, not only those that changed
	ended  bool
}

// field is an attribute with its value, of which one of text and number counts.
type field struct {
	attr    Attr
	isText  bool
	changed bool // since it was sent
	text    string
	number  uint64
}

// ID is the record's identity.
func (r *Record) ID() string { return r.id }

// Text sets an attribute to a text. Setting what is set already does nothing.
func (r *Record) Text(a Attr, s string) { r.set(field{attr: a, isText: true, text: s}) }

// TextIf sets an attribute unless s is empty: an attribute that was never set is not sent.
func (r *Record) TextIf(a Attr, s string) {
	if s != "" {
		r.Text(a, s)
	}
}

// Number sets an attribute to a number.
func (r *Record) Number(a Attr, n uint64) { r.set(field{attr: a, number: n}) }

// Time sets an attribute to a time.
func (r *Record) Time(a Attr, t time.Time) { r.Number(a, micros(t)) }

// Count returns the number that an attribute has, 0 if it has none.
func (r *Record) Count(a Attr) uint64 {
	if i, ok := r.find(a); ok {
		return r.fields[i].number
	}
	return 0
}

func (r *Record) find(a Attr) (int, bool) {
	return slices.BinarySearchFunc(r.fields, a, func(f field, a Attr) int { return int(f.attr) - int(a) })
}

func (r *Record) set(f field) {
	if r.ended {
		return
	}
	i, ok := r.find(f.attr)
	switch {
	case !ok:
		r.fields = slices.Insert(r.fields, i, f)
	case r.fields[i].isText == f.isText && r.fields[i].text == f.text && r.fields[i].number == f.number:
		return
	default:
		r.fields[i] = f
	}
	r.fields[i].changed = true
	if r.source != nil {
		r.source.queue(r)
	}
}

// dirty tells whether there is anything to send.
func (r *Record) dirty() bool {
	return r.whole || slices.ContainsFunc(r.fields, func(f field) bool { return f.changed })
}

// take is a record of its own with what is to be sent of r, which has nothing to send then.
func (r *Record) take() *Record {
	out := &Record{typ: r.typ, id: r.id, whole: true, fields: make([]field, 0, len(r.fields))}
	for i := range r.fields {
		if f := &r.fields[i]; r.whole || f.changed {
			f.changed = false
			out.fields = append(out.fields, *f)
		}
	}
	r.whole = false
	return out
}

// append appends the record as a map, and forgets what had changed.
func (r *Record) append(b []byte) []byte {
	b, m := wire.BeginMap32(b)
	b = wire.AppendUint(wire.AppendUint(b, uint32(attrType)), uint32(r.typ))
	b = wire.AppendString(wire.AppendUint(b, uint32(attrIdentity)), r.id)
	count := 4
	for i := range r.fields {
		f := &r.fields[i]
		if !r.whole && !f.changed {
			continue
		}
		f.changed = false
		b = wire.AppendUint(b, uint32(f.attr))
		if f.isText {
			b = wire.AppendString(b, f.text)
		} else {
			b = wire.AppendUlong(b, f.number)
		}
		count += 2
	}
	r.whole = false
	return wire.EndMap32(b, m, count)
}

func micros(t time.Time) uint64 { return uint64(max(t.UnixMicro(), 0)) }
