package wire

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

func rep(n int) string { return strings.Repeat("x", n) }

func TestAppendScalars(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"null", AppendNull(nil), "\x40"},
		{"true", AppendBool(nil, true), "\x41"},
		{"false", AppendBool(nil, false), "\x42"},
		{"ubyte", AppendUbyte(nil, 255), "\x50\xff"},
		{"ushort", AppendUshort(nil, 0x7fff), "\x60\x7f\xff"},
		{"uint0", AppendUint(nil, 0), "\x43"},
		{"uint1", AppendUint(nil, 1), "\x52\x01"},
		{"uint255", AppendUint(nil, 255), "\x52\xff"},
		{"uint256", AppendUint(nil, 256), "\x70\x00\x00\x01\x00"},
		{"ulong0", AppendUlong(nil, 0), "\x44"},
		{"ulong255", AppendUlong(nil, 255), "\x53\xff"},
		{"ulong256", AppendUlong(nil, 256), "\x80\x00\x00\x00\x00\x00\x00\x01\x00"},
		{"int127", AppendInt(nil, 127), "\x54\x7f"},
		{"int128", AppendInt(nil, 128), "\x71\x00\x00\x00\x80"},
		{"int-128", AppendInt(nil, -128), "\x54\x80"},
		{"int-129", AppendInt(nil, -129), "\x71\xff\xff\xff\x7f"},
		{"long2", AppendLong(nil, 2), "\x55\x02"},
		{"long128", AppendLong(nil, 128), "\x81\x00\x00\x00\x00\x00\x00\x00\x80"},
		{"timestamp", AppendTimestamp(nil, 1), "\x83\x00\x00\x00\x00\x00\x00\x00\x01"},
		{"string", AppendString(nil, "0/B"), "\xa1\x030/B"},
		{"string255", AppendString(nil, rep(255)), "\xa1\xff" + rep(255)},
		{"string256", AppendString(nil, rep(256)), "\xb1\x00\x00\x01\x00" + rep(256)},
		{"symbol", AppendSymbol(nil, "id"), "\xa3\x02id"},
		{"symbol256", AppendSymbol(nil, Symbol(rep(256))), "\xb3\x00\x00\x01\x00" + rep(256)},
		{"binary", AppendBinary(nil, nil), "\xa0\x00"},
		{"binary256", AppendBinary(nil, []byte(rep(256))), "\xb0\x00\x00\x01\x00" + rep(256)},
		{"descriptor", AppendDescriptor(nil, 0x10), "\x00\x53\x10"},
		{"long-descriptor", AppendDescriptor(nil, 256), "\x00\x80\x00\x00\x00\x00\x00\x00\x01\x00"},
		{"array0", AppendSymbolArray(nil, nil), "\xe0\x02\x00\xa3"},
		{"array1", AppendSymbolArray(nil, []Symbol{"EXTERNAL"}), "\xe0\x0b\x01\xa3\x08EXTERNAL"},
		{"array8", AppendSymbolArray(nil, []Symbol{Symbol(rep(252))}), "\xe0\xff\x01\xa3\xfc" + rep(252)},
		{"array32", AppendSymbolArray(nil, []Symbol{Symbol(rep(253))}), "\xf0\x00\x00\x01\x03\x00\x00\x00\x01\xa3\xfd" + rep(253)},
		{"array32-long", AppendSymbolArray(nil, []Symbol{Symbol(rep(256))}), "\xf0\x00\x00\x01\x09\x00\x00\x00\x01\xb3\x00\x00\x01\x00" + rep(256)},
		{"list32-empty", AppendEmptyList32(nil), "\xd0\x00\x00\x00\x04\x00\x00\x00\x00"},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s: got %x, want %x", c.name, c.got, c.want)
		}
	}
}

func TestListWidths(t *testing.T) {
	for _, c := range []struct {
		text int // octets of the one string in the list
		head string
	}{
		{0, "\xc0\x03\x01"},
		{251, "\xc0\xfe\x01"},
		{252, "\xc0\xff\x01"},
		{253, "\xd0\x00\x00\x01\x03\x00\x00\x00\x01"},
	} {
		b, mark := BeginList([]byte("before"))
		b = EndList(AppendString(b, rep(c.text)), mark, 1)
		want := append([]byte("before"+c.head), AppendString(nil, rep(c.text))...)
		if !bytes.Equal(b, want) {
			t.Errorf("%d octets: got %x", c.text, b)
		}
	}
	b, mark := BeginList([]byte("x"))
	if b = EndList(b, mark, 0); string(b) != "x\x45" {
		t.Errorf("empty list: got %x", b)
	}
	b, mark = BeginList(nil)
	for range 256 {
		b = AppendNull(b)
	}
	if b = EndList(b, mark, 256); b[0] != 0xd0 {
		t.Errorf("256 nulls: got %x", b[:9])
	}
	b, mark = BeginMap32(nil)
	b = EndMap32(AppendUint(AppendString(b, "V"), 1), mark, 2)
	if string(b) != "\xd1\x00\x00\x00\x09\x00\x00\x00\x02\xa1\x01V\x52\x01" {
		t.Errorf("map32: got %x", b)
	}
	b, mark = BeginList32(nil)
	if b = EndList32(AppendNull(b), mark, 1); string(b) != "\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x40" {
		t.Errorf("list32: got %x", b)
	}
}

// everyType has each type that a Decoder returns, arrays of each kind among them.
func everyType() []any {
	return []any{
		nil, true, false, uint8(7), uint16(7), uint32(0), uint32(7), uint32(math.MaxUint32), uint64(0), uint64(7), uint64(math.MaxUint64),
		int8(-7), int16(-7), int32(-7), int32(math.MinInt32), int64(-7), int64(math.MaxInt64), float32(1.5), 2.5,
		Char('é'), Timestamp(-1), UUID{1, 15: 9}, Decimal32{1}, Decimal64{2}, Decimal128{3},
		[]byte{}, []byte{0, 1}, "", "text", rep(300), Symbol(""), Symbol("sym"), Symbol(rep(300)),
		List{}, List{nil, "a", List{true}}, Map{}, Map{{"k", uint32(1)}, {Symbol("s"), nil}, {uint32(3), Map{}}},
		[]Symbol{}, []Symbol{"a", "b"}, Array{Items: []any{"a", "b"}, Code: codeString32},
		Array{Items: []any{}, Code: codeString8},
		Array{Items: []any{nil, nil}, Code: codeNull},
		Array{Items: []any{true, false}, Code: codeBool}, Array{Items: []any{uint8(1)}, Code: codeUbyte},
		Array{Items: []any{uint32(0), uint32(9)}, Code: codeUint}, Array{Items: []any{uint64(0)}, Code: codeUlong},
		Array{Items: []any{int32(1)}, Code: codeInt}, Array{Items: []any{int64(1)}, Code: codeLong},
		Array{Items: []any{[]byte{1}}, Code: codeBinary32}, Array{Items: []any{List{}, List{nil}}, Code: codeList32},
		Array{Items: []any{Map{{"a", "b"}}}, Code: codeMap32}, Array{Items: []any{[]Symbol{"a"}, []Symbol{}}, Code: codeArray32},
		Array{Items: []any{Described{uint64(1), "a"}, Described{uint64(1), "b"}}, Code: codeString32},
		Described{uint64(0x24), List{}}, Described{Symbol("amqp:accepted:list"), List{}},
	}
}

func TestValuesComeBack(t *testing.T) {
	for _, v := range everyType() {
		b, err := AppendValue(nil, v)
		if err != nil {
			t.Errorf("%#v: %v", v, err)
			continue
		}
		d := NewDecoder(b)
		if got := d.Value(); d.Err() != nil || d.Len() != 0 || !reflect.DeepEqual(got, v) {
			t.Errorf("%#v: got %#v, %v from %x", v, got, d.Err(), b)
		}
		d.Reset(b)
		if d.Skip(); d.Err() != nil || d.Len() != 0 {
			t.Errorf("%#v: skip leaves %d octets, %v", v, d.Len(), d.Err())
		}
		for n := range b {
			if d.Reset(b[:n]); d.Value() != nil || d.Err() == nil {
				t.Errorf("%#v: no error from %d of %d octets", v, n, len(b))
			}
			if d.Reset(b[:n]); true {
				d.Skip()
			}
			if d.Err() == nil {
				t.Errorf("%#v: no error skipping %d of %d octets", v, n, len(b))
			}
		}
	}
}

func TestAppendValueOfGoTypes(t *testing.T) {
	for _, c := range []struct{ in, want any }{
		{map[string]any{"b": 1, "a": []string{"x"}}, Map{{"a", List{"x"}}, {"b", int64(1)}}},
		{[]string{}, List{}},
		{[]map[string]any{{"a": true}}, List{Map{{"a", true}}}},
		{Raw(AppendEmptyList32(nil)), List{}},
		{Array{}, Array{Items: []any{}, Code: codeNull}},
	} {
		b, err := AppendValue(nil, c.in)
		if err != nil {
			t.Errorf("%#v: %v", c.in, err)
			continue
		}
		if got := NewDecoder(b).Value(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v: got %#v", c.in, got)
		}
	}
	deep := any("bottom")
	for range 33 {
		deep = List{deep}
	}
	for _, v := range []any{struct{}{}, List{make(chan int)}, Map{{1, struct{}{}}}, Map{{struct{}{}, 1}}, deep, complex(1, 1),
		Array{Items: []any{"a", uint8(1)}}, Array{Items: []any{Raw("x")}}, Array{Items: []any{"a", struct{}{}}},
		Described{struct{}{}, nil}, Array{Items: []any{Described{struct{}{}, nil}}}} {
		if _, err := AppendValue(nil, v); err == nil {
			t.Errorf("%#v: want an error", v)
		}
	}
}
