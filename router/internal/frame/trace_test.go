package frame

import (
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// TestTraces takes performatives that another implementation printed. Each is encoded from its text with the generic
// encoder, decoded to a struct, and has to print the same text again; the struct has to survive its own encoder.
func TestTraces(t *testing.T) {
	b, err := os.ReadFile("testdata/performatives.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]int{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		r := &textReader{t: t, s: line}
		body, err := wire.AppendValue(nil, r.value())
		if err != nil || r.s != "" {
			t.Fatalf("line %d: %v, left %q", i+1, err, r.s)
		}
		code := wire.NewDecoder(body).Descriptor()
		typ := uint8(TypeAMQP)
		if code >= CodeSASLMechanisms {
			typ = TypeSASL
		}
		p, _, err := Decode(typ, body)
		if err != nil {
			t.Errorf("line %d: %v", i+1, err)
			continue
		}
		if got := Text(p); got != line {
			t.Errorf("line %d:\ngot  %s\nwant %s", i+1, got, line)
		}
		if q, _, err := Decode(typ, p.AppendBody(nil)); err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("line %d: got %#v, %v, want %#v", i+1, q, err, p)
		}
		seen[code]++
	}
	for _, code := range []uint64{CodeOpen, CodeBegin, CodeAttach, CodeFlow, CodeTransfer, CodeDisposition, CodeSASLMechanisms, CodeSASLInit, CodeSASLOutcome} {
		if seen[code] == 0 {
			t.Errorf("no %s among the traces", Name(code))
		}
	}
}

// textReader reads the notation of Text.
type textReader struct {
	t *testing.T
	s string
}

func (r *textReader) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(r.s, prefix)
	r.s = rest
	return ok
}

func (r *textReader) need(prefix string) {
	r.t.Helper()
	if !r.skip(prefix) {
		r.t.Fatalf("want %q at %q", prefix, r.s)
	}
}

// until reads up to one of the octets in stop.
func (r *textReader) until(stop string) string {
	n := strings.IndexAny(r.s, stop)
	if n < 0 {
		n = len(r.s)
	}
	word := r.s[:n]
	r.s = r.s[n:]
	return word
}

func (r *textReader) value() any {
	switch {
	case r.skip("@<symbol>["):
		out := []wire.Symbol{}
		for !r.skip("]") {
			r.skip(", ")
			out = append(out, r.value().(wire.Symbol))
		}
		return out
	case r.skip("@"):
		r.until("(")
		r.need("(")
		code, err := strconv.ParseUint(r.until(")"), 10, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		r.need(") [")
		return wire.Described{Descriptor: code, Value: r.fields(code)}
	case r.skip("{"):
		m := wire.Map{}
		for !r.skip("}") {
			r.skip(", ")
			key := r.value()
			r.need("=")
			m = append(m, wire.Pair{Key: key, Value: r.value()})
		}
		return m
	case r.skip(`b"`):
		return []byte(r.quoted())
	case r.skip(`:"`):
		return wire.Symbol(r.quoted())
	case r.skip(`"`):
		return r.quoted()
	case r.skip(":"):
		return wire.Symbol(r.until("=,]}"))
	}
	switch word := r.until(",]}"); {
	case word == "true" || word == "false":
		return word == "true"
	case strings.HasPrefix(word, "0x"):
		v, err := strconv.ParseUint(word[2:], 16, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		return v // a reader of ours takes any width
	default:
		v, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			r.t.Fatal(err)
		}
		return int32(v)
	}
}

func (r *textReader) fields(code uint64) wire.List {
	names := fieldNames(code)
	list := wire.List{}
	for !r.skip("]") {
		r.skip(", ")
		name := r.until("=")
		r.need("=")
		i := slices.Index(names, name)
		if i < len(list) {
			r.t.Fatalf("%s: field %q is unknown or out of order", Name(code), name)
		}
		for len(list) < i {
			list = append(list, nil)
		}
		list = append(list, r.value())
	}
	return list
}

func (r *textReader) quoted() string {
	var out []byte
	for !r.skip(`"`) {
		if r.skip(`\x`) {
			v, err := strconv.ParseUint(r.s[:2], 16, 8)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, byte(v))
			r.s = r.s[2:]
			continue
		}
		out = append(out, r.s[0])
		r.s = r.s[1:]
	}
	return string(out)
}
