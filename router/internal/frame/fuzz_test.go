package frame

import (
	"reflect"
	"testing"
)

// FuzzDecode checks that no body makes the decoders panic, that they agree on transfers,
// and that what decodes is the same after our encoder.
func FuzzDecode(f *testing.F) {
	for _, p := range full() {
		f.Add(typeOf(p), p.AppendBody(nil))
	}
	f.Add(uint8(TypeAMQP), sampleTransfer().AppendBody(nil))
	f.Add(uint8(TypeAMQP), []byte("\x00\x53\x13\xc0\x05\x04\x40\x43\x43\x43"))
	f.Fuzz(func(t *testing.T, typ uint8, body []byte) {
		p, payload, err := Decode(typ, body)
		var tr Transfer
		direct, ok, terr := DecodeTransfer(body, &tr)
		if err != nil || p == nil {
			if ok && terr == nil && typ == TypeAMQP {
				t.Fatalf("DecodeTransfer takes what Decode does not: %v", err)
			}
			return
		}
		if q, isTransfer := p.(*Transfer); isTransfer != ok && typ == TypeAMQP || isTransfer && (terr != nil || len(direct) != len(payload) || len(q.DeliveryTag) != len(tr.DeliveryTag)) {
			t.Fatalf("Decode and DecodeTransfer do not agree: %v, %v", ok, terr)
		}
		first := p.AppendBody(nil)
		q, _, err := Decode(typ, first)
		if err != nil {
			t.Fatalf("%s: encoded again: %v", Text(p), err)
		}
		if second := q.AppendBody(nil); !reflect.DeepEqual(first, second) {
			t.Fatalf("%x then %x", first, second)
		}
	})
}

// FuzzHeader walks a stream of frames as a connection does.
func FuzzHeader(f *testing.F) {
	f.Add(AppendEmpty(AppendFrame(nil, TypeAMQP, 1, sampleTransfer(), []byte("payload"))))
	f.Add([]byte("\x00\x00\x00\x10\x04\x00\x00\x05whatever"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) >= HeaderSize {
			h, err := ParseHeader(b)
			if err != nil || h.CheckSize(uint32(len(b))) != nil {
				return
			}
			_, _, _ = Decode(h.Type, b[h.BodyOffset():h.Size])
			b = b[h.Size:]
		}
	})
}
