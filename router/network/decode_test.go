package network

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// traced returns messages that another router sent.
func traced(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("../internal/vanflow/testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		_, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		s, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, []byte(s))
	}
	return out
}

func parse(t testing.TB, b []byte) *amqp.Message {
	t.Helper()
	var m amqp.Message
	if err := m.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	return &m
}

func TestDecodeTraces(t *testing.T) {
	msgs := traced(t)
	b, ok := decodeBeacon(parse(t, msgs[0]))
	if want := (beacon{"B51qW:0", "ROUTER", "mc/sfe.B51qW:0", "sfe.B51qW:0"}); !ok || b != want {
		t.Errorf("beacon %+v, %v", b, ok)
	}
	if _, ok := decodeBeacon(parse(t, msgs[1])); ok || decodeRecords(parse(t, msgs[1])) != nil {
		t.Error("a heartbeat is taken for something else")
	}
	got := map[string]vanflow.Type{}
	var link change
	for _, c := range decodeRecords(parse(t, msgs[2])) {
		got[c.id] = c.typ
		if c.typ == vanflow.Link {
			link = c
		}
	}
	if want := (map[string]vanflow.Type{"site-real": vanflow.Site, "B51qW:0": vanflow.Router, "B51qW:1": vanflow.Link, "B51qW:2": vanflow.RouterAccess,
		"B51qW:3": vanflow.Listener, "B51qW:4": vanflow.Connector}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if want := (map[vanflow.Attr]any{vanflow.Parent: "B51qW:0", vanflow.Name: "link-to-nowhere", vanflow.LinkCost: uint64(3), vanflow.Status: "down",
		vanflow.Role: "inter-router", vanflow.Protocol: "amqp", vanflow.DestPort: "25999"}); !reflect.DeepEqual(link.attrs, want) {
		t.Errorf("got %v", link.attrs)
	}
	if c := decodeRecords(parse(t, msgs[3])); len(c) != 1 || c[0].id != "q7R7m:1" || len(c[0].attrs) != 0 {
		t.Errorf("a change that nobody needs: %v", c)
	}
}

func beaconMessage(change func(props map[string]any)) *amqp.Message {
	subject := vanflow.SubjectBeacon
	props := map[string]any{"v": uint32(1), "sourceType": "ROUTER", "id": "abcde:0", "address": "mc/sfe.abcde:0", "direct": "sfe.abcde:0"}
	change(props)
	return &amqp.Message{Properties: &amqp.MessageProperties{Subject: &subject}, ApplicationProperties: props}
}

func TestDecodeBeacon(t *testing.T) {
	set := func(k string, v any) func(map[string]any) { return func(m map[string]any) { m[k] = v } }
	of := func(id string) func(map[string]any) {
		return func(m map[string]any) { m["id"], m["address"], m["direct"] = id, "mc/sfe."+id, "sfe."+id }
	}
	for _, c := range []struct {
		name   string
		change func(map[string]any)
		ok     bool
	}{
		{"good", func(map[string]any) {}, true},
		{"controller", set("sourceType", "CONTROLLER"), true},
		{"other-kind", set("sourceType", "COLLECTOR"), false},
		{"version-2", set("v", uint32(2)), false},
		{"version-text", set("v", "1"), false},
		{"no-id", set("id", ""), false},
		{"id-121", of(strings.Repeat("x", MaxIdentity-7)), true},
		{"id-122", of(strings.Repeat("x", MaxIdentity-6)), false}, // the address would be too long
		{"another-address", set("address", "mc/sfe.evil1:0"), false},
		{"another-direct", set("direct", "sfe.evil1:0"), false},
		{"id-escape", set("id", "a\x1b[31m"), false},
		{"id-number", set("id", uint64(1)), false},
		{"space", set("direct", "sfe.a b"), false},
		{"listen-elsewhere", set("address", "backend"), false},
		{"listen-to-beacons", set("address", vanflow.Beacons), false},
		{"send-elsewhere", set("direct", "$management"), false},
		{"send-to-all", set("direct", "mc/sfe.all"), false},
	} {
		if _, ok := decodeBeacon(beaconMessage(c.change)); ok != c.ok {
			t.Errorf("%s: got %v", c.name, ok)
		}
	}
	if _, ok := decodeBeacon(&amqp.Message{}); ok {
		t.Error("an empty message is a beacon")
	}
}

func TestDecodeRecord(t *testing.T) {
	for _, c := range []struct {
		name string
		in   map[any]any
		ok   bool
		want map[vanflow.Attr]any
	}{
		{"nothing", nil, false, nil},
		{"least", map[any]any{uint32(0): uint32(2), uint32(1): "a:1"}, true, map[vanflow.Attr]any{}},
		{"type-missing", map[any]any{uint32(1): "a:1"}, false, nil},
		{"type-text", map[any]any{uint32(0): "2", uint32(1): "a:1"}, false, nil},
		{"type-unknown", map[any]any{uint32(0): uint32(16), uint32(1): "a:1"}, false, nil},
		{"id-missing", map[any]any{uint32(0): uint32(2)}, false, nil},
		{"id-empty", map[any]any{uint32(0): uint32(2), uint32(1): ""}, false, nil},
		{"keys-of-other-types", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", int32(30): "n", "30": "m", uint64(30): "o"}, true, map[vanflow.Attr]any{}},
		{"text-512", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): strings.Repeat("n", MaxText)}, true,
			map[vanflow.Attr]any{vanflow.Name: strings.Repeat("n", MaxText)}},
		{"text-513", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): strings.Repeat("n", MaxText+1)}, true, map[vanflow.Attr]any{}},
		{"text-control", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): "a\nb"}, true, map[vanflow.Attr]any{}},
		{"text-right-to-left", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): "a\u202eb"}, true, map[vanflow.Attr]any{}},
		{"text-not-utf8", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): "a\xff"}, true, map[vanflow.Attr]any{}},
		{"text-accents", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): "Zürich 東"}, true, map[vanflow.Attr]any{vanflow.Name: "Zürich 東"}},
		{"number-for-text", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(30): uint64(3)}, true, map[vanflow.Attr]any{}},
		{"text-for-number", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(33): "3"}, true, map[vanflow.Attr]any{}},
		{"small-number", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(33): uint8(3)}, true, map[vanflow.Attr]any{vanflow.LinkCost: uint64(3)}},
		{"negative", map[any]any{uint32(0): uint32(2), uint32(1): "a:1", uint32(33): int64(-3)}, true, map[vanflow.Attr]any{}},
	} {
		got, ok := decodeRecord(c.in)
		if ok != c.ok || ok && !reflect.DeepEqual(got.attrs, c.want) {
			t.Errorf("%s: got %v, %v", c.name, got, ok)
		}
	}
}

// FuzzMessage feeds a table with whatever may come over a connection, and checks that what comes out can be shown.
func FuzzMessage(f *testing.F) {
	for _, m := range traced(f) {
		f.Add(m)
	}
	f.Add([]byte("\x00Ss\xc0\x0c\x04\x40\x40\x40\xa1\x06RECORD\x00Sw\xc0\x10\x01\xc1\x0d\x06CR\x02R\x01\xa1\x03a:1R\x1e\x40"))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := wire.NewDecoder(in)
		d.PlainKeys()
		for d.Len() > 0 && d.Err() == nil { // as the connection does
			d.Skip()
		}
		var m amqp.Message
		if d.Err() != nil || m.UnmarshalBinary(in) != nil {
			return
		}
		tab, now := newTable(), at(0)
		if b, ok := decodeBeacon(&m); ok {
			tab.beacon(now, b)
		}
		tab.beacon(now, beacon{"B51qW:0", kindRouter, "mc/sfe.B51qW:0", "sfe.B51qW:0"})
		tab.beacon(now, beacon{"site", kindController, "mc/sfe.site", "sfe.site"})
		for id := range tab.sources {
			tab.update(now, id, decodeRecords(&m))
		}
		for id, s := range tab.sources {
			if !isIdentity(id) || !strings.HasPrefix(s.address, "mc/sfe.") || !strings.HasPrefix(s.direct, "sfe.") {
				t.Errorf("source %+v", s.beacon)
			}
			for _, e := range s.records {
				for a, v := range e.attrs {
					if text, ok := v.(string); ok && !isPrintable(text) {
						t.Errorf("attribute %d of %s is %q", a, e.id, text)
					}
				}
			}
		}
		st := tab.status(Own{})
		st.SiteRecords()
		if st.Addresses == nil || st.Sites == nil {
			t.Error("a list is null")
		}
		if tab.forget(at(31)); tab.records != 0 {
			t.Errorf("%d records of nobody", tab.records)
		}
	})
}
