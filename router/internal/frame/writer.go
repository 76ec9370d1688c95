package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// writer appends the fields of a described list and forgets trailing nulls.
type writer struct {
	b       []byte
	mark    int
	n       int // fields appended
	kept    int // fields up to the last one that is not null
	keptLen int // len(b) after that field
}

func newWriter(b []byte, code uint64) writer {
	w := writer{}
	w.b, w.mark = wire.BeginList(wire.AppendDescriptor(b, code))
	w.keptLen = len(w.b)
	return w
}

func (w *writer) end() []byte { return wire.EndList(w.b[:w.keptLen], w.mark, w.kept) }

// put takes over b, which is w.b with one more field.
func (w *writer) put(b []byte) {
	w.b = b
	w.n++
	w.kept, w.keptLen = w.n, len(b)
}

func (w *writer) null() {
	w.b = wire.AppendNull(w.b)
	w.n++
}

func (w *writer) bool(v bool)     { w.put(wire.AppendBool(w.b, v)) }
func (w *writer) uint(v uint32)   { w.put(wire.AppendUint(w.b, v)) }
func (w *writer) ubyte(v uint8)   { w.put(wire.AppendUbyte(w.b, v)) }
func (w *writer) ulong(v uint64)  { w.put(wire.AppendUlong(w.b, v)) }
func (w *writer) string(s string) { w.put(wire.AppendString(w.b, s)) }

// flag writes true, or null for false.
func (w *writer) flag(v bool) {
	if v {
		w.bool(true)
	} else {
		w.null()
	}
}

// uintIf writes null unless v counts.
func (w *writer) uintIf(counts bool, v uint32) {
	if counts {
		w.uint(v)
	} else {
		w.null()
	}
}

func (w *writer) uintPtr(p *uint32) {
	if p != nil {
		w.uint(*p)
	} else {
		w.null()
	}
}

func (w *writer) stringIf(counts bool, s string) {
	if counts {
		w.string(s)
	} else {
		w.null()
	}
}

func (w *writer) symbolIf(s wire.Symbol) {
	if s != "" {
		w.put(wire.AppendSymbol(w.b, s))
	} else {
		w.null()
	}
}

func (w *writer) symbols(s []wire.Symbol) {
	if len(s) > 0 {
		w.put(wire.AppendSymbolArray(w.b, s))
	} else {
		w.null()
	}
}

// oneOrMore writes a single symbol without an array around it.
func (w *writer) oneOrMore(s []wire.Symbol) {
	if len(s) == 1 {
		w.put(wire.AppendSymbol(w.b, s[0]))
	} else {
		w.symbols(s)
	}
}

// value writes any value. One without an encoding is written as null: it is the caller's own and optional.
func (w *writer) value(v any) {
	if v == nil {
		w.null()
		return
	}
	start := len(w.b)
	b, err := wire.AppendValue(w.b, v)
	if err != nil {
		w.b = b[:start]
		w.null()
		return
	}
	w.put(b)
}

func (w *writer) mapping(m wire.Map) {
	if m != nil {
		w.value(m)
	} else {
		w.null()
	}
}

func (w *writer) error(e *Error) {
	if e != nil {
		w.put(e.appendBody(w.b))
	} else {
		w.null()
	}
}

func (w *writer) state(s DeliveryState) {
	if s != nil {
		w.put(s.AppendBody(w.b))
	} else {
		w.null()
	}
}
