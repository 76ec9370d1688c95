package control

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// text writes a value with its types: s string, y symbol, i int, l long.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "s:" + v
	case wire.Symbol:
		return "y:" + string(v)
	case int32:
		return fmt.Sprintf("i:%d", v)
	case int64:
		return fmt.Sprintf("l:%d", v)
	case bool:
		return fmt.Sprint(v)
	case wire.Map:
		var out []string
		for _, p := range v {
			out = append(out, text(p.Key)+"="+text(p.Value))
		}
		return "{" + strings.Join(out, " ") + "}"
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice {
		var out []string
		for i := range rv.Len() {
			out = append(out, text(rv.Index(i).Interface()))
		}
		return "[" + strings.Join(out, " ") + "]"
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

// sections reads a message without the help of this package.
func sections(t *testing.T, msg []byte) string {
	t.Helper()
	var out []string
	d := wire.NewDecoder(msg)
	for d.Err() == nil && d.Len() > 0 {
		out = append(out, fmt.Sprintf("%x", d.Descriptor()), text(d.Value()))
	}
	if d.Err() != nil {
		t.Fatal(d.Err())
	}
	return strings.Join(out, " ")
}

// TestLayout has a message of each kind as deployed routers send it.
func TestLayout(t *testing.T) {
	const edgeMesh = "NRkMG3irf+o22hT"
	for _, tt := range []struct {
		name string
		to   string
		body body
		want string
	}{
		{
			name: "HELLO", to: toHello,
			body: body{op: opHello, has: hasInstance | hasSeen, instance: 1795328109},
			want: "70 [false] 73 [null null s:amqp:/_local/qdhello null null null] 74 {s:opcode=s:HELLO} " +
				"77 {s:id=s:B s:pv=i:1 s:area=s:0 s:instance=i:1795328109 s:seen=[]}",
		},
		{
			name: "HELLO after 2038", to: toHello,
			body: body{op: opHello, has: hasInstance | hasSeen, instance: 1 << 31, seen: []string{"A", "C"}},
			want: "70 [false] 73 [null null s:amqp:/_local/qdhello null null null] 74 {s:opcode=s:HELLO} " +
				"77 {s:id=s:B s:pv=i:1 s:area=s:0 s:instance=l:2147483648 s:seen=[s:A s:C]}",
		},
		{
			name: "LSR", to: toRouter("0", "A"),
			body: body{op: opLSR},
			want: "70 [false] 73 [null null s:amqp:/_topo/0/A/qdrouter null null null] 74 {s:opcode=s:LSR} 77 {s:id=s:B s:pv=i:1 s:area=s:0}",
		},
		{
			name: "RA", to: toAll,
			body: body{op: opRA, has: hasInstance | hasLSSeq | hasMobileSeq, instance: 1795328109, lsSeq: 1, mobileSeq: 1},
			want: "70 [false] 73 [null null s:amqp:/_topo/0/all/qdrouter null null null] 74 {s:opcode=s:RA} " +
				"77 {s:id=s:B s:pv=i:1 s:area=s:0 s:instance=i:1795328109 s:ls_seq=i:1 s:mobile_seq=i:1}",
		},
		{
			name: "LSU", to: toRouter("0", "A"),
			body: body{op: opLSU, has: hasInstance | hasLSSeq | hasLS, instance: 1795328109, lsSeq: 1,
				ls: linkState{id: "B", area: "0", seq: 1, peers: map[string]int{"C": 300, "A": 2}}},
			want: "70 [false] 73 [null null s:amqp:/_topo/0/A/qdrouter null null null] 74 {s:opcode=s:LSU} " +
				"77 {s:id=s:B s:pv=i:1 s:area=s:0 s:instance=i:1795328109 s:ls_seq=i:1 " +
				"s:ls={s:id=s:B s:area=s:0 s:ls_seq=i:1 s:peers={s:A=i:2 s:C=i:300}}}",
		},
		{
			name: "MAR", to: toMobile("0", "A"),
			body: body{op: opMAR, has: hasHaveSeq},
			want: "70 [false] 73 [null null s:amqp:/_topo/0/A/qdrouter.ma] 74 {y:opcode=s:MAR} 77 {y:id=s:B y:pv=l:2 y:area=s:0 y:have_seq=l:0}",
		},
		{
			name: "absolute MAU", to: toMobile("0", "A"),
			body: body{op: opMAU, has: hasMobileSeq | hasExist, mobileSeq: 1,
				exist: []address{{key: "Msfe.k572a:0", treatment: 2}, {key: "Mvfcr.k572a:0", treatment: 2}, {key: "Mecho:8080", treatment: 3}}},
			want: "70 [false] 73 [null null s:amqp:/_topo/0/A/qdrouter.ma] 74 {y:opcode=s:MAU} 77 {y:id=s:B y:pv=l:2 y:area=s:0 y:mobile_seq=l:1 " +
				"y:exist=[[s:Msfe.k572a:0 i:2 i:0] [s:Mvfcr.k572a:0 i:2 i:0] [s:Mecho:8080 i:3 i:0]]}",
		},
		{
			name: "differential MAU with addresses of a mesh", to: toAllMobile,
			body: body{op: opMAU, has: hasMobileSeq | hasAdd | hasDel, mobileSeq: 2,
				add: []address{{key: "HE", treatment: 3, mesh: edgeMesh}, {key: "Msfe.2Q5DS:0", treatment: 3, mesh: edgeMesh}}},
			want: "70 [false] 73 [null null s:_topo/0/all/qdrouter.ma] 74 {y:opcode=s:MAU} 77 {y:id=s:B y:pv=l:2 y:area=s:0 y:mobile_seq=l:2 " +
				"y:add=[[s:HE i:3 i:0 null s:NRkMG3irf+o22hT] [s:Msfe.2Q5DS:0 i:3 i:0 null s:NRkMG3irf+o22hT]] y:del=[]}",
		},
		{
			name: "differential MAU that removes", to: toAllMobile,
			body: body{op: opMAU, has: hasMobileSeq | hasAdd | hasDel, mobileSeq: 4, del: []string{"Mmc/sfe.all", "Mmc/sfe.Hgd6h:0"}},
			want: "70 [false] 73 [null null s:_topo/0/all/qdrouter.ma] 74 {y:opcode=s:MAU} 77 {y:id=s:B y:pv=l:2 y:area=s:0 y:mobile_seq=l:4 " +
				"y:add=[] y:del=[[s:Mmc/sfe.all] [s:Mmc/sfe.Hgd6h:0]]}",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.body.id, tt.body.area, tt.body.version = "B", "0", versionRouting
			if tt.body.mobile() {
				tt.body.version = versionMobile
			}
			msg := tt.body.encode(tt.to)
			if got := sections(t, msg); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			b, err := decode(msg)
			if err != nil {
				t.Fatal(err)
			}
			tt.body.has |= hasID | hasVersion | hasArea
			if !reflect.DeepEqual(*b, tt.body) {
				t.Errorf("read back:\ngot  %+v\nwant %+v", *b, tt.body)
			}
		})
	}
}

// TestLayoutOctets has the octets of the forms that a reader of values cannot
// tell apart: the widths of sizes, and the two kinds of empty lists.
func TestLayoutOctets(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   string
		body body
		want string
	}{
		{
			"HELLO", toHello, body{op: opHello, has: hasInstance | hasSeen, instance: 5},
			"005370 d0 00000005 00000001 42" +
				"005373 d0 0000001f 00000006 40 40 a114616d71703a2f5f6c6f63616c2f716468656c6c6f 40 40 40" +
				"005374 d1 00000013 00000002 a1066f70636f6465 a10548454c4c4f" +
				"005377 d1 0000002d 0000000a a1026964 a10142 a1027076 5401 a10461726561 a10130 a108696e7374616e6365 5405 a1047365656e 45",
		},
		{
			"MAU without changes", toAllMobile, body{op: opMAU, has: hasMobileSeq | hasAdd | hasDel, mobileSeq: 7},
			"005370 d0 00000005 00000001 42" +
				"005373 d0 0000001f 00000003 40 40 a1175f746f706f2f302f616c6c2f7164726f757465722e6d61" +
				"005374 d1 00000011 00000002 a3066f70636f6465 a1034d4155" +
				"005377 d1 00000044 0000000c a3026964 a10142 a3027076 5502 a30461726561 a10130 a30a6d6f62696c655f736571 5507" +
				"a303616464 d00000000400000000 a30364656c d00000000400000000",
		},
	} {
		tt.body.id, tt.body.area, tt.body.version = "B", "0", versionRouting
		if tt.body.mobile() {
			tt.body.version = versionMobile
		}
		if got, want := hex.EncodeToString(tt.body.encode(tt.to)), strings.ReplaceAll(tt.want, " ", ""); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, want)
		}
	}
}

// message writes a message with whatever body.
func message(t *testing.T, op any, fields ...any) []byte {
	t.Helper()
	m := wire.Map{}
	for i := 0; i < len(fields); i += 2 {
		m = append(m, wire.Pair{Key: fields[i], Value: fields[i+1]})
	}
	b := wire.AppendDescriptor(nil, sectionApplication)
	b, err1 := wire.AppendValue(b, wire.Map{{Key: "other", Value: uint32(1)}, {Key: "opcode", Value: op}})
	b = wire.AppendDescriptor(b, sectionValue)
	b, err2 := wire.AppendValue(b, m)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecodePermissive(t *testing.T) {
	y := func(s string) wire.Symbol { return wire.Symbol(s) }
	for _, tt := range []struct {
		name string
		msg  []byte
		want func(b *body) bool
	}{
		{"symbols for strings", message(t, y("HELLO"), y("id"), y("A"), y("pv"), int64(1), y("area"), y("0"), y("instance"), int64(9), y("seen"), []any{y("B")}),
			func(b *body) bool { return b.op == opHello && b.id == "A" && b.instance == 9 && b.seen[0] == "B" }},
		{"unsigned numbers", message(t, "RA", "id", "A", "pv", uint8(1), "area", "0", "instance", uint64(9), "ls_seq", uint16(2), "mobile_seq", uint32(3)),
			func(b *body) bool { return b.lsSeq == 2 && b.mobileSeq == 3 && b.instance == 9 }},
		{"strings for symbols", message(t, "MAR", "id", "A", "have_seq", int32(3)),
			func(b *body) bool { return b.op == opMAR && b.haveSeq == 3 && b.version == 0 }},
		{"unknown fields and keys", message(t, "LSR", uint32(7), "x", "id", "A", "more", wire.Map{{Key: "a", Value: []any{nil}}}, "pv", int8(1), "area", "0"),
			func(b *body) bool { return b.op == opLSR && b.id == "A" }},
		{"unknown field of a link state", message(t, "LSU", "id", "A", "pv", int32(1), "area", "0", "instance", int32(1), "ls_seq", int32(1), "ls", wire.Map{{Key: "more", Value: "x"}, {Key: "id", Value: "A"}, {Key: "peers", Value: wire.Map{}}}),
			func(b *body) bool { return b.ls.id == "A" && b.ls.seq == 0 && len(b.ls.peers) == 0 }},
		{"short descriptors and long ones", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist",
			[]any{[]any{"Ma"}, []any{"Mb", int64(1)}, []any{"Mc", uint8(2), int32(0), nil, "abcdefghijklmno", "new"}, []any{"Md", int32(99)}, []any{"Me", int32(-1), int32(0), nil, nil}, []any{"Mf", int32(4), int32(0), nil, "short"}}),
			func(b *body) bool {
				return reflect.DeepEqual(b.exist, []address{{"Ma", 3, ""}, {"Mb", 1, ""}, {"Mc", 2, "abcdefghijklmno"}, {"Md", 3, ""}, {"Me", 3, ""}, {"Mf", 4, ""}})
			}},
		{"keys that are not exchanged", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "add", []any{[]any{"Lqdhello", int32(0)}, []any{"M", int32(0)}, []any{"", int32(0)}, []any{"N1", int32(0)}}, "del", []any{[]any{"Tqdrouter"}, []any{"HE"}}),
			func(b *body) bool {
				return len(b.add) == 1 && b.add[0].key == "N1" && len(b.del) == 1 && b.del[0] == "HE"
			}},
		{"peer listed by itself", message(t, "LSU", "id", "A", "pv", int32(1), "area", "0", "instance", int32(1), "ls_seq", int32(1), "ls", wire.Map{{Key: "id", Value: "A"}, {Key: "area", Value: "0"}, {Key: "ls_seq", Value: int32(4)}, {Key: "peers", Value: wire.Map{{Key: y("B"), Value: uint8(3)}}}}),
			func(b *body) bool { return b.ls.seq == 4 && b.ls.peers["B"] == 3 }},
	} {
		b, err := decode(tt.msg)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if !tt.want(b) {
			t.Errorf("%s: got %+v", tt.name, b)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	ls := func(id any, peers any) wire.Map {
		return wire.Map{{Key: "id", Value: id}, {Key: "area", Value: "0"}, {Key: "ls_seq", Value: int32(1)}, {Key: "peers", Value: peers}}
	}
	lsu := func(ls any) []byte {
		return message(t, "LSU", "id", "A", "pv", int32(1), "area", "0", "instance", int32(1), "ls_seq", int32(1), "ls", ls)
	}
	hello := func(id string, seen []any) []byte {
		return message(t, "HELLO", "id", id, "pv", int32(1), "area", "0", "instance", int32(1), "seen", seen)
	}
	good := hello("A", []any{"B"})
	for _, tt := range []struct {
		name string
		msg  []byte
		want string // part of the error; "" means none
	}{
		{"nothing", nil, "no body"},
		{"good", good, ""},
		{"cut short", good[:len(good)-1], "cut short"},
		{"body twice", append(append([]byte{}, good...), good...), "one body"},
		{"body without opcode", []byte{0x00, 0x53, sectionValue, 0xc1, 0x01, 0x00}, "no opcode"},
		{"unknown opcode", message(t, "HOLA", "id", "A"), "unknown opcode"},
		{"opcode is a number", message(t, int32(3), "id", "A"), "want a string"},
		{"unknown section", append([]byte{0x00, 0x53, 0x10, 0x45}, good...), "section 0x10"},
		{"field missing", message(t, "HELLO", "id", "A", "pv", int32(1), "area", "0", "instance", int32(1)), "mandatory field"},
		{"add without del", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "add", []any{}), "mandatory field"},
		{"exist with add", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", []any{}, "add", []any{}), "neither add nor del"},
		{"exist with add and del", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", []any{}, "add", []any{}, "del", []any{}), "neither add nor del"},
		{"address without key", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", []any{[]any{}}), "without a key"},
		{"removal without key", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "add", []any{}, "del", []any{[]any{}}), "without a key"},
		{"negative number", message(t, "MAR", "id", "A", "have_seq", int64(-1)), "negative"},
		{"instance is a string", message(t, "HELLO", "id", "A", "pv", int32(1), "area", "0", "instance", "1", "seen", []any{}), "want an integer"},
		{"link state without peers", lsu(wire.Map{{Key: "id", Value: "A"}}), "no peers"},
		{"link state of another", lsu(ls("B", wire.Map{})), `"B" sent by "A"`},
		{"negative cost", lsu(ls("A", wire.Map{{Key: "B", Value: int32(-1)}})), "out of range"},
		{"greatest cost", lsu(ls("A", wire.Map{{Key: "B", Value: int64(MaxCost)}})), ""},
		{"greater cost", lsu(ls("A", wire.Map{{Key: "B", Value: int64(MaxCost + 1)}})), "out of range"},
		{"peer with a slash", lsu(ls("A", wire.Map{{Key: "b/c", Value: int32(1)}})), "cannot be part"},
		{"cost is a string", lsu(ls("A", wire.Map{{Key: "B", Value: "1"}})), "want an integer"},
		{"peers are a list", lsu(ls("A", []any{"B"})), "want a map"},
		{"empty id", hello("", nil), "want 1 to 255"},
		{"long id", hello(strings.Repeat("x", MaxID), nil), ""},
		{"longer id", hello(strings.Repeat("x", MaxID+1), nil), "want 1 to 255"},
		{"id with a slash", hello("a/b", nil), "cannot be part"},
		{"id all", hello("all", nil), "cannot be part"},
		{"id not UTF-8", hello("a\xff", nil), "cannot be part"},
		{"many seen", hello("A", names(MaxRouters)), ""},
		{"more seen", hello("A", names(MaxRouters+1)), "more than 128"},
		{"many peers", lsu(ls("A", costs(MaxRouters))), ""},
		{"more peers", lsu(ls("A", costs(MaxRouters+1))), "more than 128"},
		{"long key", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", []any{[]any{"M" + strings.Repeat("k", MaxKey-1)}}), ""},
		{"longer key", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", []any{[]any{"M" + strings.Repeat("k", MaxKey)}}), "more than 2048"},
		{"longer key to remove", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "add", []any{}, "del", []any{[]any{"M" + strings.Repeat("k", MaxKey)}}), "more than 2048"},
		{"many addresses", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", addresses(MaxAddresses)), ""},
		{"more addresses", message(t, "MAU", "id", "A", "mobile_seq", int64(1), "exist", addresses(MaxAddresses+1)), "more than 65536"},
		{"too large", make([]byte, MaxMessage+1), "more than 8388608"},
	} {
		_, err := decode(tt.msg)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func names(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = fmt.Sprintf("r%d", i)
	}
	return out
}

func costs(n int) wire.Map {
	var m wire.Map
	for _, id := range names(n) {
		m = append(m, wire.Pair{Key: id, Value: int32(1)})
	}
	return m
}

func addresses(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = []any{fmt.Sprintf("M%d", i), int32(3), int32(0)}
	}
	return out
}
