package frame

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseHeader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Header
		err      string
	}{
		{"empty-frame", "\x00\x00\x00\x08\x02\x00\x00\x00", Header{8, 2, 0, 0}, ""},
		{"sasl", "\x00\x00\x01\x00\x02\x01\x00\x00", Header{256, 2, 1, 0}, ""},
		{"channel", "\x00\x00\x40\x00\x02\x00\x01\x02", Header{16384, 2, 0, 258}, ""},
		{"extended", "\x00\x00\x00\x0c\x03\x00\x00\x00", Header{12, 3, 0, 0}, ""},
		{"nothing", "", Header{}, "fewer than 8"},
		{"cut", "\x00\x00\x00\x08\x02\x00\x00", Header{}, "fewer than 8"},
		{"size-7", "\x00\x00\x00\x07\x02\x00\x00\x00", Header{7, 2, 0, 0}, "less than 8"},
		{"size-0", "\x00\x00\x00\x00\x02\x00\x00\x00", Header{0, 2, 0, 0}, "less than 8"},
		{"offset-1", "\x00\x00\x00\x08\x01\x00\x00\x00", Header{8, 1, 0, 0}, "less than 2"},
		{"offset-beyond", "\x00\x00\x00\x0b\x03\x00\x00\x00", Header{11, 3, 0, 0}, "beyond the end"},
		{"offset-255", "\x00\x00\x03\xfb\xff\x00\x00\x00", Header{1019, 255, 0, 0}, "beyond the end"},
		{"offset-255-fits", "\x00\x00\x03\xfc\xff\x00\x00\x00", Header{1020, 255, 0, 0}, ""},
		{"largest", "\xff\xff\xff\xff\x02\x00\xff\xff", Header{1<<32 - 1, 2, 0, 65535}, ""},
	} {
		h, err := ParseHeader([]byte(c.in))
		if h != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: got %+v, %v", c.name, h, err)
		}
	}
}

func TestCheckSize(t *testing.T) {
	for _, c := range []struct {
		size, most uint32
		ok         bool
	}{{511, 512, true}, {512, 512, true}, {513, 512, false}, {16385, 16384, false}} {
		if err := (Header{Size: c.size}).CheckSize(c.most); (err == nil) != c.ok {
			t.Errorf("%d of %d: %v", c.size, c.most, err)
		}
	}
}

// The extended header of a frame is skipped by its data offset (AMQP 2.3.1).
func TestExtendedHeader(t *testing.T) {
	f := append([]byte("\x00\x00\x00\x00\x04\x00\x00\x05whatever"), (&End{}).AppendBody(nil)...)
	f[3] = byte(len(f))
	h, err := ParseHeader(f)
	if err != nil || h.BodyOffset() != 16 {
		t.Fatalf("got %+v, %v", h, err)
	}
	if p, _, err := Decode(h.Type, f[h.BodyOffset():]); err != nil || Text(p) != "@end(23) []" {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestAppendFrame(t *testing.T) {
	if got := AppendEmpty(nil); string(got) != "\x00\x00\x00\x08\x02\x00\x00\x00" {
		t.Errorf("empty frame: got %x", got)
	}
	got := AppendFrame([]byte("before"), TypeAMQP, 0x0102, sampleTransfer(), []byte("payload"))
	want := AppendTransferHeader([]byte("before"), 0x0102, sampleTransfer(), 7)
	if !bytes.Equal(got, append(want, "payload"...)) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	got = AppendFrame(nil, TypeSASL, 0, &SASLInit{Mechanism: "EXTERNAL", InitialResponse: []byte{}}, nil)
	if string(got) != "\x00\x00\x00\x1a\x02\x01\x00\x00\x00\x53\x41\xc0\x0d\x02\xa3\x08EXTERNAL\xa0\x00" {
		t.Errorf("sasl-init: got %x", got)
	}
}
