package message

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzAnnotations checks that what is read is the same after our encoder, and that every start of it asks for more.
func FuzzAnnotations(f *testing.F) {
	for _, msg := range traced(f) {
		f.Add(msg)
	}
	f.Add([]byte(annotationsStart + "\xc0\x09\x06\x43\x40\x40\x45\xa1\x00\xa1\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, n, present, need, err := ParseAnnotations(b)
		if err != nil || need || !present {
			return
		}
		for i := range n {
			if _, _, _, need, _ := ParseAnnotations(b[:i]); !need {
				t.Fatalf("%d of %d octets do not ask for more", i, n)
			}
		}
		enc := a.Append(nil)
		again, m, _, _, err := ParseAnnotations(enc)
		if err != nil || m != len(enc) || !reflect.DeepEqual(a, again) {
			t.Fatalf("got %+v, %v, want %+v", again, err, a)
		}
	})
}

// FuzzParse checks that a message that parses is the same after our encoder, and that its head does not depend on
// how much of it has arrived.
func FuzzParse(f *testing.F) {
	for _, msg := range traced(f) {
		_, n, _, _, _ := ParseAnnotations(msg)
		f.Add(msg[n:])
	}
	f.Add([]byte(headerSec + dannSec + mannSec + propsSec + appSec + valueSec))
	f.Add([]byte(propsSec + "\x00\x53\x75\xa0\x01a\x00\x53\x75\xa0\x01a\x00\x53\x78\xc1\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, _, err := ParseHead(b, true)
		part, need, perr := ParseHead(b, false)
		if err == nil && !need && (perr != nil || !reflect.DeepEqual(h.BodyOffset, part.BodyOffset) || h.To != part.To) {
			t.Fatalf("complete %+v, not complete %+v, %v", h, part, perr)
		}
		h.AppProperties()
		h.AppProperty("opcode")
		m, err := Parse(b)
		if err != nil {
			return
		}
		first, err := m.Append(nil)
		if err != nil {
			return
		}
		again, err := Parse(first)
		if err != nil {
			t.Fatalf("%x: %v", first, err)
		}
		if second, err := again.Append(nil); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x then %x, %v", first, second, err)
		}
	})
}
