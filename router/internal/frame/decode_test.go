package frame

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func ptr[T any](v T) *T { return &v }

// full has each performative with every field set, and the least of each.
func full() []Performative {
	syms := []wire.Symbol{"a", "b.c"}
	props := wire.Map{{Key: wire.Symbol("k"), Value: int32(4)}}
	fault := &Error{Condition: ConditionNotFound, Description: "Node not found", Info: wire.Map{}}
	mode := RcvSecond
	return []Performative{
		&Open{ContainerID: "A"},
		&Open{"A", "localhost", 16384, 32767, true, 8000, syms, syms, syms, syms, props},
		&Begin{HandleMax: 7},
		&Begin{ptr(uint16(0)), 1, 8192, 1<<31 - 1, 1<<31 - 1, syms, syms, props},
		&Attach{},
		&Attach{Name: "l", Target: &Target{Coordinator: true, Capabilities: []wire.Symbol{"amqp:local-transactions"}}},
		&Attach{"qdlink.x", 256, RoleReceiver, SndSettled, RcvSecond,
			&Source{"a", true, 2, "never", 1, true, props, "move", props, wire.Described{Descriptor: uint64(0x26), Value: wire.List{}}, syms, syms},
			&Target{"t", true, 2, "never", 1, true, props, syms, false},
			wire.Map{{Key: []byte("tag"), Value: nil}}, true, ptr(uint32(0)), 1 << 40, syms, syms, props},
		&Flow{IncomingWindow: 1},
		&Flow{ptr(uint32(0)), 1, 2, 3, ptr(uint32(0)), ptr(uint32(5)), ptr(uint32(250)), ptr(uint32(7)), true, true, props},
		&Transfer{},
		&Transfer{1, 2, true, []byte("12345678901234567890123456789012"), 0, true, false, true, true, &mode, &Received{1, 2}, true, true, true},
		&Disposition{First: 1},
		&Disposition{RoleReceiver, 1, ptr(uint32(9)), true, &Modified{true, true, props}, true},
		&Disposition{First: 1, State: &Accepted{}},
		&Disposition{First: 1, State: &Released{}},
		&Disposition{First: 1, State: &Received{0, 1 << 40}},
		&Disposition{First: 1, State: &Rejected{}},
		&Disposition{First: 1, State: &Rejected{fault}},
		&Disposition{First: 1, State: &Other{[]byte("\x00\x53\x34\xc0\x04\x01\xa0\x01x")}},
		&Disposition{First: 1, State: &Other{[]byte("\x00\xa3\x01x\x45")}},
		&Detach{}, &Detach{1, true, fault},
		&End{}, &End{&Error{Condition: ConditionErrantLink}},
		&Close{}, &Close{fault},
		&SASLMechanisms{[]wire.Symbol{"EXTERNAL"}}, &SASLMechanisms{syms},
		&SASLInit{Mechanism: "PLAIN"}, &SASLInit{"EXTERNAL", []byte{}, "host"},
		&SASLChallenge{[]byte{}}, &SASLResponse{[]byte("r")},
		&SASLOutcome{}, &SASLOutcome{SASLAuth, []byte("data")},
	}
}

func typeOf(p Performative) uint8 {
	if p.Code() >= CodeSASLMechanisms {
		return TypeSASL
	}
	return TypeAMQP
}

func TestPerformativesComeBack(t *testing.T) {
	for _, p := range full() {
		body := p.AppendBody(nil)
		got, payload, err := Decode(typeOf(p), body)
		if err != nil || len(payload) != 0 || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: got %#v, %v", Text(p), got, err)
		}
		for n := 1; n < len(body); n++ {
			if _, _, err := Decode(typeOf(p), body[:n]); err == nil {
				t.Errorf("%s: no error from %d of %d octets", Text(p), n, len(body))
			}
			var tr Transfer
			if _, ok, err := DecodeTransfer(body[:n], &tr); ok && err == nil {
				t.Errorf("%s: DecodeTransfer takes %d of %d octets", Text(p), n, len(body))
			}
		}
		// A field more than we know is read over, as is a list in its longest form.
		wide := widen(t, body)
		if got, _, err := Decode(typeOf(p), wide); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s with more fields: got %#v, %v", Text(p), got, err)
		}
		_, payload, err = Decode(typeOf(p), append(body, "rest"...))
		if p.Code() == CodeTransfer {
			if string(payload) != "rest" || err != nil {
				t.Errorf("%s: payload %q, %v", Text(p), payload, err)
			}
		} else if err == nil {
			t.Errorf("%s: no error from octets after it", Text(p))
		}
	}
}

// widen makes the list of a performative a list32 with explicit nulls to the end, and one field more.
func widen(t *testing.T, body []byte) []byte {
	t.Helper()
	d := wire.NewDecoder(body)
	code := d.Descriptor()
	fields, mark := wire.BeginList32(wire.AppendDescriptor(nil, code))
	count, _ := d.List()
	for range count {
		fields = append(fields, d.Raw()...)
	}
	for ; count < len(fieldNames(code)); count++ {
		fields = wire.AppendNull(fields)
	}
	return wire.EndList32(wire.AppendString(fields, "unknown"), mark, count+1)
}

func TestMandatoryFields(t *testing.T) {
	for _, c := range []struct{ in, err string }{
		{"\x00\x53\x10\x45", "container-id"},
		{"\x00\x53\x10\xc0\x02\x01\x40", "container-id"},
		{"\x00\x53\x11\xc0\x04\x03\x40\x43\x43", "outgoing-window"},
		{"\x00\x53\x12\x45", "name"},
		{"\x00\x53\x12\xc0\x04\x01\xa1\x01x", "handle"},
		{"\x00\x53\x12\xc0\x06\x03\xa1\x01x\x43\x40", "role"},
		{"\x00\x53\x13\x45", "incoming-window"},
		{"\x00\x53\x13\xc0\x05\x04\x40\x43\x40\x43", "next-outgoing-id"},
		{"\x00\x53\x14\x45", "handle"},
		{"\x00\x53\x14\xc0\x03\x02\x40\x43", "handle"},
		{"\x00\x53\x15\x45", "role"},
		{"\x00\x53\x15\xc0\x02\x01\x41", "first"},
		{"\x00\x53\x15\xc0\x09\x05\x41\x43\x40\x41\x00\x53\x23\x45", "section-number"},
		{"\x00\x53\x15\xc0\x0c\x05\x41\x43\x40\x41\x00\x53\x23\xc0\x02\x01\x43", "section-offset"},
		{"\x00\x53\x16\x45", "handle"},
		{"\x00\x53\x18\xc0\x05\x01\x00\x53\x1d\x45", "condition"},
	} {
		if _, _, err := Decode(TypeAMQP, []byte(c.in)); err == nil || !strings.Contains(err.Error(), c.err+" is missing") {
			t.Errorf("%x: got %v, want %s missing", c.in, err, c.err)
		}
	}
	for _, code := range []byte{CodeSASLMechanisms, CodeSASLInit, CodeSASLChallenge, CodeSASLResponse, CodeSASLOutcome} {
		if _, _, err := Decode(TypeSASL, []byte{0, 0x53, code, 0x45}); err == nil || !strings.Contains(err.Error(), "is missing") {
			t.Errorf("%s: got %v", Name(uint64(code)), err)
		}
	}
}

// Fields at the end may be left out, and those between may be null.
func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Performative
	}{
		{"\x00\x53\x12\xc0\x05\x03\xa1\x00\x43\x42", &Attach{SndSettleMode: SndMixed}},
		{"\x00\x53\x12\xc0\x0c\x0a\xa1\x00\x43\x41\x40\x40\x40\x40\x40\x40\x40", &Attach{Role: RoleReceiver, SndSettleMode: SndMixed}},
		{"\x00\x53\x11\xc0\x05\x04\x40\x43\x43\x43", &Begin{HandleMax: 1<<32 - 1}},
		{"\x00\x53\x13\xc0\x05\x04\x40\x43\x43\x43", &Flow{}},
		{"\x00\x53\x13\xc0\x0c\x0b\x43\x43\x43\x43\x40\x40\x40\x40\x40\x40\x40", &Flow{NextIncomingID: ptr(uint32(0))}},
		{"\x00\x53\x15\xc0\x03\x02\x41\x43", &Disposition{Role: RoleReceiver}},
		{"\x00\x53\x15\xc0\x07\x06\x41\x43\x40\x40\x40\x40", &Disposition{Role: RoleReceiver}},
		{"\x00\x53\x14\xc0\x02\x01\x43", &Transfer{}},
		{"\x00\x53\x14\xc0\x07\x06\x43\x40\x40\x40\x40\x41", &Transfer{More: true}},
		{"\x00\x80\x00\x00\x00\x00\x00\x00\x00\x14\xc0\x02\x01\x43", &Transfer{}},
		{"\x00\x53\x18\x45", &Close{}},
		{"\x00\x53\x15\xc0\x09\x05\x41\x43\x40\x40\x00\x53\x27\x45", &Disposition{Role: RoleReceiver, State: &Modified{}}},
	} {
		if got, _, err := Decode(TypeAMQP, []byte(c.in)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%x: got %#v, %v", c.in, got, err)
		}
	}
}

func TestRefusedFrames(t *testing.T) {
	long := strings.Repeat("n", limits.MaxNameLen)
	link := func(name string) []byte { return (&Attach{Name: name}).AppendBody(nil) }
	tag := func(n int) []byte { return (&Transfer{DeliveryTag: make([]byte, n)}).AppendBody(nil) }
	fields := func(n int) []byte {
		return append([]byte{0, 0x53, CodeClose, 0xc0, byte(n + 1), byte(n)}, bytes.Repeat([]byte{0x40}, n)...)
	}
	for _, c := range []struct {
		name string
		typ  uint8
		body []byte
		err  string // "" for none
	}{
		{"unknown-type", 2, []byte("\x00\x53\x10\x45"), "unknown type 2"},
		{"empty", TypeAMQP, nil, ""},
		{"empty-sasl", TypeSASL, nil, "empty SASL frame"},
		{"unknown-code", TypeAMQP, []byte("\x00\x53\x19\x45"), "unknown performative 0x19"},
		{"sasl-in-amqp", TypeAMQP, []byte("\x00\x53\x40\x45"), "unknown performative 0x40"},
		{"amqp-in-sasl", TypeSASL, []byte("\x00\x53\x10\x45"), "unknown performative 0x10"},
		{"symbolic", TypeAMQP, []byte("\x00\xa3\x0eamqp:open:list\x45"), "numeric descriptor"},
		{"no-list", TypeAMQP, []byte("\x00\x53\x10\x40"), "want a list"},
		{"name-1024", TypeAMQP, link(long), ""},
		{"name-1025", TypeAMQP, link(long + "n"), "too long"},
		{"tag-32", TypeAMQP, tag(32), ""},
		{"tag-33", TypeAMQP, tag(33), "delivery-tag"},
		{"fields-64", TypeAMQP, fields(limits.MaxFields), ""},
		{"fields-65", TypeAMQP, fields(limits.MaxFields + 1), "too many fields"},
		{"snd-settle-mode-3", TypeAMQP, (&Attach{SndSettleMode: 3}).AppendBody(nil), "snd-settle-mode"},
		{"rcv-settle-mode-2", TypeAMQP, (&Attach{RcvSettleMode: 2}).AppendBody(nil), "rcv-settle-mode"},
		{"transfer-rcv-settle-mode-2", TypeAMQP, (&Transfer{RcvSettleMode: ptr(uint8(2))}).AppendBody(nil), "rcv-settle-mode"},
		{"properties-no-map", TypeAMQP, []byte("\x00\x53\x10\xc0\x0c\x0a\xa1\x00\x40\x40\x40\x40\x40\x40\x40\x40\x43"), "want a map"},
		{"source-is-target", TypeAMQP, []byte("\x00\x53\x12\xc0\x0b\x06\xa1\x00\x43\x41\x40\x40\x00\x53\x29\x45"), "want a source"},
		{"target-is-source", TypeAMQP, []byte("\x00\x53\x12\xc0\x0c\x07\xa1\x00\x43\x41\x40\x40\x40\x00\x53\x28\x45"), "want a target"},
		{"error-is-source", TypeAMQP, []byte("\x00\x53\x18\xc0\x05\x01\x00\x53\x28\x45"), "want an error"},
		{"state-not-described", TypeAMQP, []byte("\x00\x53\x15\xc0\x06\x05\x41\x43\x40\x40\x43"), "not a described value"},
		{"received-of-strings", TypeAMQP, []byte("\x00\x53\x15\xc0\x0f\x05\x41\x43\x40\x40\x00\x53\x23\xc0\x05\x02\xa1\x00\xa1\x00"), "received"},
	} {
		_, _, err := Decode(c.typ, c.body)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
}

func TestDecodeTransferOfOthers(t *testing.T) {
	var tr Transfer
	for _, in := range []string{"", "\x00", "\x00\x53", "\x00\x53\x10\x45", "x", "\x00\xa3\x01x\x45", "\x00\x80\x00"} {
		if _, ok, err := DecodeTransfer([]byte(in), &tr); ok || err != nil {
			t.Errorf("%x: got %v, %v", in, ok, err)
		}
	}
	// Nothing stays from the transfer before.
	first := &Transfer{7, 2, true, []byte("tag"), 0, true, true, true, true, nil, &Accepted{}, true, true, true}
	for _, p := range []*Transfer{first, {Handle: 1}} {
		if _, ok, err := DecodeTransfer(p.AppendBody(nil), &tr); !ok || err != nil || !reflect.DeepEqual(&tr, p) {
			t.Errorf("got %+v, %v, %v", tr, ok, err)
		}
	}
}

func TestMaxTransferHeader(t *testing.T) {
	mode := RcvSecond
	for _, s := range []DeliveryState{&Received{1<<32 - 1, 1<<64 - 1}, &Modified{}, &Accepted{}, &Rejected{}} {
		tr := &Transfer{1<<32 - 1, 1<<32 - 1, true, make([]byte, limits.MaxDeliveryTag), 1<<32 - 1, true, true, true, true, &mode, s, true, true, true}
		if n := len(AppendTransferHeader(nil, 1, tr, 0)); n > MaxTransferHeader {
			t.Errorf("%T: %d octets, more than %d", s, n, MaxTransferHeader)
		}
	}
}

func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		s    DeliveryState
		want bool
	}{{nil, false}, {&Received{}, false}, {&Accepted{}, true}, {&Rejected{}, true}, {&Released{}, true}, {&Modified{}, true}, {&Other{}, false}} {
		if Terminal(c.s) != c.want {
			t.Errorf("%T: want %v", c.s, c.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	if s := (&Error{Condition: "amqp:not-found"}).Error(); s != "amqp:not-found" {
		t.Errorf("got %q", s)
	}
	if s := (&Error{Condition: "qd:forbidden", Description: "no"}).Error(); s != "qd:forbidden: no" {
		t.Errorf("got %q", s)
	}
}
