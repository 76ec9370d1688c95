package frame

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
)

func sampleTransfer() *Transfer {
	return &Transfer{HasDeliveryID: true, DeliveryTag: []byte{0x17, 0, 0, 0, 0, 0, 0, 0}, HasMessageFormat: true, More: true}
}

// A streaming transfer as the reference router sends it: 29 octets, so that 16355 are left of a frame of 16384.
func TestTransferHeaderBytes(t *testing.T) {
	want := []byte("\x00\x00\x40\x00\x02\x00\x00\x03" + "\x00\x53\x14\xc0\x10\x06" + "\x43\x43\xa0\x08\x17\x00\x00\x00\x00\x00\x00\x00\x43\x40\x41")
	got := AppendTransferHeader(nil, 3, sampleTransfer(), 16355)
	if !bytes.Equal(got, want) || len(got) != 29 {
		t.Fatalf("got  %x\nwant %x", got, want)
	}
	var back Transfer
	payload, ok, err := DecodeTransfer(append(got[HeaderSize:], "hello"...), &back)
	if err != nil || !ok || string(payload) != "hello" {
		t.Fatalf("got %q, %v, %v", payload, ok, err)
	}
	if !reflect.DeepEqual(&back, sampleTransfer()) {
		t.Errorf("got %+v", back)
	}
}

func TestDataPathDoesNotAllocate(t *testing.T) {
	tr := sampleTransfer()
	buf := make([]byte, 0, MaxTransferHeader)
	body := append(tr.AppendBody(nil), make([]byte, 16000)...)
	head := binary.BigEndian.AppendUint32(nil, 16384)
	head = append(head, 2, 0, 0, 1)
	var back Transfer
	for name, f := range map[string]func(){
		"ParseHeader":          func() { _, _ = ParseHeader(head) },
		"AppendTransferHeader": func() { buf = AppendTransferHeader(buf[:0], 1, tr, 16000) },
		"DecodeTransfer":       func() { _, _, _ = DecodeTransfer(body, &back) },
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
