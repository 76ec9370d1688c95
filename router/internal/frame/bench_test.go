package frame

import "testing"

func BenchmarkParseHeader(b *testing.B) {
	head := AppendTransferHeader(nil, 1, sampleTransfer(), 16355)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseHeader(head); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeTransfer(b *testing.B) {
	body := append(sampleTransfer().AppendBody(nil), make([]byte, 16355)...)
	var t Transfer
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := DecodeTransfer(body, &t); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendTransferHeader(b *testing.B) {
	t := sampleTransfer()
	buf := make([]byte, 0, MaxTransferHeader)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendTransferHeader(buf[:0], 1, t, 16355)
	}
}

func BenchmarkDecodeReceived(b *testing.B) {
	body := (&Disposition{Role: RoleReceiver, First: 1, State: &Received{0, 0x83b1a}}).AppendBody(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Decode(TypeAMQP, body); err != nil {
			b.Fatal(err)
		}
	}
}
