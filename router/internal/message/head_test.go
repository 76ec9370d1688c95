package message

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

const (
	headerSec  = "\x00\x53\x70\xc0\x04\x02\x41\x50\x07"
	dannSec    = "\x00\x53\x71\xc1\x01\x00"
	mannSec    = "\x00\x53\x72\xd1\x00\x00\x00\x08\x00\x00\x00\x02\xa3\x01x\x43"
	propsSec   = "\x00\x53\x73\xc0\x0f\x07\x53\x09\xa0\x01u\xa1\x01t\x40\x40\x40\xa3\x01c"
	appSec     = "\x00\x53\x74\xc1\x13\x06\xa3\x01k\x54\x05\xa1\x01v\xa1\x01w\xb1\x00\x00\x00\x01z\x41"
	valueSec   = "\x00\x53\x77\x40"
	emptyProps = "\x00\x53\x73\x45"
)

func TestParseHead(t *testing.T) {
	all := headerSec + dannSec + mannSec + propsSec + appSec
	h, need, err := ParseHead([]byte(all+valueSec+"any octets"), false)
	if err != nil || need {
		t.Fatalf("need %v, %v", need, err)
	}
	h.appProps = nil
	want := Head{Durable: true, Priority: 7, HasPriority: true, MessageID: uint64(9), UserID: []byte("u"), To: "t", HasTo: true,
		ContentType: "c", BodyOffset: len(all), properties: 7}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("got %+v", h)
	}
	if h, _, err = ParseHead([]byte(valueSec), false); err != nil || h.Priority != DefaultPriority || h.HasPriority || h.HasTo {
		t.Errorf("no head: got %+v, %v", h, err)
	}
}

func TestAppProperty(t *testing.T) {
	h, _, err := ParseHead([]byte(appSec+valueSec), true)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"k": int32(5), "v": "w", "z": true, "w": nil, "": nil} {
		if v, ok := h.AppProperty(key); v != want || ok != (want != nil) {
			t.Errorf("%q: got %v, %v", key, v, ok)
		}
	}
	if m := h.AppProperties(); len(m) != 3 || m[0].Key != wire.Symbol("k") {
		t.Errorf("got %v", m)
	}
	var none Head
	if _, ok := none.AppProperty("k"); ok || none.AppProperties() != nil {
		t.Errorf("properties of a message without any")
	}
}

func TestRefusedHeads(t *testing.T) {
	big := func(n int) string { // an annotations section of n octets
		d := strings.Repeat("x", n-3-9-4-5)
		return "\x00\x53\x72\xd1" + be32(n-3-5) + be32(2) + "\xa3\x02id\xb1" + be32(len(d)) + d
	}
	if n := len(big(1000)); n != 1000 {
		t.Fatalf("section of %d octets", n)
	}
	for _, c := range []struct {
		name, in string
		complete bool
		need     bool
		err      string
	}{
		{"nothing", "", false, true, ""},
		{"nothing-at-all", "", true, false, ""},
		{"no-body", emptyProps, true, false, ""},
		{"no-body-yet", emptyProps, false, true, ""},
		{"descriptor-cut", "\x00", false, true, ""},
		{"descriptor-cut-for-good", "\x00", true, false, "cut short"},
		{"long-descriptor", "\x00\x80\x00\x00\x00\x00\x00\x00\x00\x77\x40", true, false, ""},
		{"long-descriptor-cut", "\x00\x80\x00\x00", false, true, ""},
		{"not-described", "octets", false, false, "numeric descriptor"},
		{"symbolic", "\x00\xa3\x03abc", false, false, "numeric descriptor"},
		{"unknown-section", "\x00\x53\x79\x40", false, false, "unknown section 0x79"},
		{"out-of-order", propsSec + headerSec, false, false, "section 0x70 after section 0x73"},
		{"twice", propsSec + propsSec, false, false, "section 0x73 after section 0x73"},
		{"header-is-map", "\x00\x53\x70\xc1\x01\x00", false, false, "not the list"},
		{"properties-null", "\x00\x53\x73\x40", false, false, "not the list"},
		{"app-properties-list", "\x00\x53\x74\x45", false, false, "not the map"},
		{"app-properties-odd", "\x00\x53\x74\xc1\x02\x01\x40", false, false, "key without a value"},
		{"to-number", "\x00\x53\x73\xc0\x04\x03\x40\x40\x43", false, false, "want a string"},
		{"durable-number", "\x00\x53\x70\xc0\x02\x01\x43", false, false, "boolean"},
		{"list-lies", "\x00\x53\x70\xc0\x03\x01\x42\x42", false, false, "does not agree"},
		{"section-64k", big(limits.MaxHead), false, true, ""},
		{"section-too-large", "\x00\x53\x72\xd1\x00\x01\x00\x01", false, false, "more than"},
		{"sections-too-large", big(limits.MaxHead) + headerSec, false, false, "after section"},
		{"sum-too-large", "\x00\x53\x71" + big(limits.MaxHead)[3:] + big(limits.MaxHead) + valueSec, false, false, "more than"},
		{"footer", "\x00\x53\x78\xc1\x01\x00", true, false, ""},
	} {
		_, need, err := ParseHead([]byte(c.in), c.complete)
		if need != c.need || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: need %v, %v, want %v, %q", c.name, need, err, c.need, c.err)
		}
	}
}

func TestAddressLength(t *testing.T) {
	for _, c := range []struct {
		octets int
		ok     bool
	}{{limits.MaxAddressLen, true}, {limits.MaxAddressLen + 1, false}} {
		address := strings.Repeat("a", c.octets)
		b, err := (&Message{To: address}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if h, _, err := ParseHead(b, true); (err == nil) != c.ok || c.ok && h.To != address {
			t.Errorf("address of %d octets: %v", c.octets, err)
		}
		a := Annotations{To: address, HasTo: true}
		if _, _, _, _, err := ParseAnnotations(a.Append(nil)); (err == nil) != c.ok {
			t.Errorf("override of %d octets: %v", c.octets, err)
		}
	}
}

func be32(n int) string { return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) }

func TestParseBodies(t *testing.T) {
	data := "\x00\x53\x75\xa0\x01a"
	sequence := "\x00\x53\x76\xc0\x02\x01\x41"
	footer := "\x00\x53\x78\xc1\x01\x00"
	for _, c := range []struct {
		name, in string
		body     any
		has, bad bool
	}{
		{"none", "", nil, false, false},
		{"null", valueSec, nil, true, false},
		{"string", "\x00\x53\x77\xa1\x01s", "s", true, false},
		{"data", data, wire.Raw(data), true, false},
		{"data-twice", data + data, wire.Raw(data + data), true, false},
		{"sequence-twice", sequence + sequence + footer, wire.Raw(sequence + sequence), true, false},
		{"value-and-footer", valueSec + footer, nil, true, false},
		{"footer-only", footer, nil, false, false},
		{"value-twice", valueSec + valueSec, nil, false, true},
		{"data-after-value", valueSec + data, nil, false, true},
		{"value-after-data", data + valueSec, nil, false, true},
		{"footer-twice", footer + footer, nil, false, true},
		{"data-after-footer", footer + data, nil, false, true},
		{"octets", valueSec + "x", nil, false, true},
	} {
		m, err := Parse([]byte(propsSec + c.in))
		if (err != nil) != c.bad {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if m.HasBody != c.has || !reflect.DeepEqual(m.Body, c.body) {
			t.Errorf("%s: got %#v, %v", c.name, m.Body, m.HasBody)
		}
		b, err := m.Append(nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if again, err := Parse(b); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s: got %+v, %v from %q", c.name, again, err, b)
		}
	}
}

func TestMessageIDsKeepTheirType(t *testing.T) {
	for _, id := range []any{uint64(0), uint64(1 << 40), "text", wire.UUID{1}, []byte{0}, int64(2)} {
		b, err := (&Message{MessageID: id, CorrelationID: id}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := Parse(b); err != nil || !reflect.DeepEqual(m.MessageID, id) || !reflect.DeepEqual(m.CorrelationID, id) {
			t.Errorf("%#v: got %#v, %v", id, m, err)
		}
	}
}

func TestAppendRefusesUnknownTypes(t *testing.T) {
	for _, m := range []Message{
		{MessageID: struct{}{}},
		{AppProps: wire.Map{{Key: "k", Value: struct{}{}}}},
		{Body: struct{}{}, HasBody: true},
	} {
		if _, err := m.Append(nil); err == nil {
			t.Errorf("%+v: want an error", m)
		}
	}
}

func TestHeader(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want string
	}{
		{Message{HasHeader: true}, "\x00\x53\x70\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x42"},
		{Message{HasHeader: true, Durable: true, HasPriority: true, Priority: 9}, "\x00\x53\x70\xd0\x00\x00\x00\x07\x00\x00\x00\x02\x41\x50\x09"},
		{Message{To: "a", MinProperties: 3}, "\x00\x53\x73\xd0\x00\x00\x00\x09\x00\x00\x00\x03\x40\x40\xa1\x01a"},
		{Message{To: "a", MinProperties: 99}, "\x00\x53\x73\xd0\x00\x00\x00\x0d\x00\x00\x00\x07\x40\x40\xa1\x01a\x40\x40\x40\x40"},
		{Message{}, ""},
	} {
		if b, err := c.m.Append(nil); err != nil || !bytes.Equal(b, []byte(c.want)) {
			t.Errorf("%+v: got %q, %v", c.m, b, err)
		}
	}
}
