package wire

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

func nested(depth int) []byte {
	b := []byte{codeNull}
	for range depth {
		b = append([]byte{codeList32, 0, 0, 0, 0, 0, 0, 0, 1}, b...)
		binary.BigEndian.PutUint32(b[1:], uint32(len(b)-5))
	}
	return b
}

func zeroWidth(count uint32) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{codeArray32, 0, 0, 0, 5}, count), codeNull)
}

// Value and Skip have to agree on what is well-formed.
func TestStructure(t *testing.T) {
	for _, c := range []struct{ name, in, err string }{
		{"nothing", "", "cut short"},
		{"bad-constructor", "\x46", "constructor 0x46"},
		{"uint-cut", "\x70\x00\x00\x00", "cut short"},
		{"string-cut", "\xa1\x05abcd", "cut short"},
		{"string32-negative", "\xb1\xff\xff\xff\xff", "2 GiB"},
		{"list-without-count", "\xc0\x00", "cut short"},
		{"list-size-0", "\xc0\x00\x00", "no room for its count"},
		{"list-empty-long-form", "\xd0\x00\x00\x00\x04\x00\x00\x00\x00", ""},
		{"list-size-3", "\xd0\x00\x00\x00\x03\x00\x00\x00\x00", "no room for its count"},
		{"list-count-beyond-octets", "\xc0\x03\x03\x40\x40", "more elements than octets"},
		{"list-count-short-of-size", "\xc0\x03\x01\x40\x40", "does not agree"},
		{"list-element-beyond-list", "\xc0\x02\x01\xa1\x01x", "does not agree"},
		{"list-huge-count", "\xd0\x00\x00\x00\x05\x00\xff\xff\xff\x40", "too many elements"},
		{"list-size-beyond-end", "\xc0\x09\x01\x40", "cut short"},
		{"map-odd", "\xc1\x02\x01\x40", "key without a value"},
		{"map-pair", "\xc1\x03\x02\x40\x40", ""},
		{"array-null-256", string(zeroWidth(limits.MaxZeroWidth)), ""},
		{"array-null-257", string(zeroWidth(limits.MaxZeroWidth + 1)), "without octets"},
		{"array-null-huge", string(zeroWidth(limits.MaxArrayItems)), "without octets"},
		{"array-null-beyond", string(zeroWidth(1<<31 - 1)), "too many elements"},
		{"array-uint-short", "\xe0\x05\x02\x70\x00\x00\x00", ""},
		{"array-without-constructor", "\xe0\x01\x00", "cut short"},
		{"array-strings-beyond", "\xe0\x04\x09\xa1\x01x", "octets"},
		{"array-nested", "\xe0\x06\x01\xe0\x03\x01\x50\x01", ""},
		{"boolean-2", "\x56\x02", ""},
		{"described", "\x00\x53\x24\x45", ""},
		{"described-cut", "\x00\x53\x24", "cut short"},
		{"described-for-ever", strings.Repeat("\x00", 100), "nested too deeply"},
		{"array-described-for-ever", "\xe0\x7f\x01" + strings.Repeat("\x00", 126), "nested too deeply"},
		{"depth-31", string(nested(31)), ""},
		{"depth-32", string(nested(limits.MaxDepth)), ""},
		{"depth-33", string(nested(limits.MaxDepth + 1)), "nested too deeply"},
	} {
		var d, e Decoder
		d.Reset([]byte(c.in))
		e.Reset([]byte(c.in))
		d.Value()
		e.Skip()
		switch c.name {
		case "array-uint-short": // an array whose elements end before or after its size
			if d.Err() == nil || e.Err() == nil {
				t.Errorf("%s: got %v, %v", c.name, d.Err(), e.Err())
			}
			continue
		case "boolean-2": // contents are not looked at when skipping
			if d.Err() == nil || e.Err() != nil {
				t.Errorf("%s: got %v, %v", c.name, d.Err(), e.Err())
			}
			continue
		}
		for _, err := range []error{d.Err(), e.Err()} {
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.err)
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	type read func(*Decoder) any
	u8 := func(d *Decoder) any { return d.Ubyte() }
	u16 := func(d *Decoder) any { return d.Ushort() }
	u32 := func(d *Decoder) any { return d.Uint() }
	u64 := func(d *Decoder) any { return d.Ulong() }
	i64 := func(d *Decoder) any { return d.Int() }
	for _, c := range []struct {
		name, in string
		read     read
		want     any // nil for an error
	}{
		{"ubyte-255", "\x52\xff", u8, uint8(255)},
		{"ubyte-256", "\x60\x01\x00", u8, nil},
		{"ushort-65535", "\x70\x00\x00\xff\xff", u16, uint16(65535)},
		{"ushort-65536", "\x70\x00\x01\x00\x00", u16, nil},
		{"uint-max", "\x80\x00\x00\x00\x00\xff\xff\xff\xff", u32, uint32(1<<32 - 1)},
		{"uint-beyond", "\x80\x00\x00\x00\x01\x00\x00\x00\x00", u32, nil},
		{"uint-of-int", "\x54\x01", u32, nil},
		{"uint0", "\x43", u32, uint32(0)},
		{"ulong-of-ubyte", "\x50\x09", u64, uint64(9)},
		{"ulong-max", "\x80\xff\xff\xff\xff\xff\xff\xff\xff", u64, uint64(1<<64 - 1)},
		{"int-of-ulong-max", "\x80\xff\xff\xff\xff\xff\xff\xff\xff", i64, nil},
		{"int-of-ulong", "\x80\x7f\xff\xff\xff\xff\xff\xff\xff", i64, int64(1<<63 - 1)},
		{"int-of-byte", "\x51\xff", i64, int64(-1)},
		{"int-of-short", "\x61\xff\xfe", i64, int64(-2)},
		{"int-of-int", "\x71\x80\x00\x00\x00", i64, int64(-1 << 31)},
		{"int-of-long", "\x81\xff\xff\xff\xff\xff\xff\xff\xff", i64, int64(-1)},
		{"int-of-smallint", "\x54\x80", i64, int64(-128)},
		{"int-of-string", "\xa1\x011", i64, nil},
		{"int-cut", "\x71\x80\x00\x00", i64, nil},
	} {
		d := NewDecoder([]byte(c.in))
		got := c.read(d)
		if c.want == nil && d.Err() == nil || c.want != nil && (d.Err() != nil || !reflect.DeepEqual(got, c.want)) {
			t.Errorf("%s: got %v, %v", c.name, got, d.Err())
		}
	}
}

func TestTexts(t *testing.T) {
	for _, in := range []string{"\xa1\x02id", "\xa3\x02id", "\xb1\x00\x00\x00\x02id", "\xb3\x00\x00\x00\x02id"} {
		if s := NewDecoder([]byte(in)).String(); s != "id" {
			t.Errorf("%x as string: got %q", in, s)
		}
		if s := NewDecoder([]byte(in)).Symbol(); s != "id" {
			t.Errorf("%x as symbol: got %q", in, s)
		}
		if s := NewDecoder([]byte(in)).Symbols(); !reflect.DeepEqual(s, []Symbol{"id"}) {
			t.Errorf("%x as symbols: got %q", in, s)
		}
	}
	for _, c := range []struct {
		name, in string
		want     []Symbol
		bad      bool
	}{
		{"null", "\x40", nil, false},
		{"empty", "\xe0\x02\x00\xa3", []Symbol{}, false},
		{"empty-of-null", "\xe0\x02\x00\x40", []Symbol{}, false},
		{"two", "\xf0\x00\x00\x00\x09\x00\x00\x00\x02\xa3\x01a\x01b", []Symbol{"a", "b"}, false},
		{"wide", "\xe0\x07\x01\xb3\x00\x00\x00\x01a", []Symbol{"a"}, false},
		{"uints", "\xe0\x03\x01\x52\x01", nil, true},
		{"size-beyond-elements", "\xe0\x05\x01\xa3\x01ab", nil, true},
		{"number", "\x43", nil, true},
		{"too-many", string(AppendSymbolArray(nil, make([]Symbol, limits.MaxSymbols+1))), nil, true},
	} {
		d := NewDecoder([]byte(c.in))
		if got := d.Symbols(); (d.Err() != nil) != c.bad || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, %v", c.name, got, d.Err())
		}
	}
	d := NewDecoder([]byte("\xa0\x00\xb0\x00\x00\x00\x01z\xa1\x00"))
	if p, q := d.Binary(), d.Binary(); p == nil || len(p) != 0 || string(q) != "z" {
		t.Errorf("binaries: got %v, %v, %v", p, q, d.Err())
	}
	if p := d.Binary(); p != nil || d.Err() == nil {
		t.Errorf("string as binary: got %v", p)
	}
}

func TestBooleans(t *testing.T) {
	for _, c := range []struct {
		in        string
		want, bad bool
	}{
		{"\x41", true, false}, {"\x42", false, false}, {"\x56\x01", true, false}, {"\x56\x00", false, false},
		{"\x56\x02", false, true}, {"\x56", false, true}, {"\x43", false, true}, {"\x40", false, true},
	} {
		d := NewDecoder([]byte(c.in))
		if got := d.Bool(); got != c.want || (d.Err() != nil) != c.bad {
			t.Errorf("%x: got %v, %v", c.in, got, d.Err())
		}
	}
}

func TestDescriptors(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uint64
		bad  bool
	}{
		{"\x00\x53\x70", 0x70, false},
		{"\x00\x44", 0, false},
		{"\x00\x80SKPR--RA", 0x534b50522d2d5241, false},
		{"\x00\xa3\x01x", 0, true},
		{"\x00\x52\x70", 0, true},
		{"\x53\x70", 0, true},
		{"\x00", 0, true},
	} {
		d := NewDecoder([]byte(c.in))
		if got := d.Descriptor(); got != c.want || (d.Err() != nil) != c.bad {
			t.Errorf("%x: got %x, %v", c.in, got, d.Err())
		}
	}
}

func TestFirstErrorSticks(t *testing.T) {
	d := NewDecoder([]byte("\x43\xa1\x09a"))
	d.Uint()
	_ = d.String()
	first := d.Err()
	e, ok := first.(*Error)
	if !ok || e.Offset != 3 {
		t.Fatalf("got %v, want an *Error at octet 3", first)
	}
	if d.Bool() || d.Uint() != 0 || d.Value() != nil || d.Raw() != nil || d.Null() || d.Symbols() != nil || d.Err() != first {
		t.Errorf("values after an error, which is now %v", d.Err())
	}
	if _, ok := d.PeekCode(); ok {
		t.Errorf("peek after an error")
	}
}

func TestValuesDoNotShareMemory(t *testing.T) {
	in := []byte("\xa0\x01a")
	v := NewDecoder(in).Value()
	in[2] = 'b'
	if string(v.([]byte)) != "a" {
		t.Errorf("binary changed with the input")
	}
}

func TestMapGet(t *testing.T) {
	m := Map{{uint32(1), "x"}, {Symbol("a"), "sym"}, {"b", "str"}}
	for key, want := range map[string]any{"a": "sym", "b": "str", "c": nil} {
		if v, ok := m.Get(key); v != want || ok != (want != nil) {
			t.Errorf("%s: got %v, %v", key, v, ok)
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	b := AppendUint(AppendBool(nil, true), 300)
	b = AppendBinary(AppendLong(AppendString(b, "text"), -5), []byte("binary"))
	b, _ = AppendValue(b, List{everyType(), Map{{"a", "b"}}})
	if n := testing.AllocsPerRun(100, func() {
		var d Decoder
		d.Reset(b)
		d.Bool()
		d.Uint()
		d.Text()
		d.Int()
		d.Binary()
		d.Skip()
		if d.Err() != nil || d.Len() != 0 {
			t.Fatal(d.Err())
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
