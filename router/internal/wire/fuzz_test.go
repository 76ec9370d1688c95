package wire

import (
	"bytes"
	"testing"
)

// FuzzDecoder checks that what decodes also skips, and that encoding it again is stable.
func FuzzDecoder(f *testing.F) {
	for _, v := range everyType() {
		b, err := AppendValue(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(nested(33))
	f.Add(zeroWidth(1 << 20))
	f.Fuzz(func(t *testing.T, in []byte) {
		var d, s Decoder
		d.Reset(in)
		s.Reset(in)
		v := d.Value()
		s.Skip()
		if d.Err() != nil {
			return
		}
		if s.Err() != nil || s.Offset() != d.Offset() {
			t.Fatalf("value takes %d octets, skip %d: %v", d.Offset(), s.Offset(), s.Err())
		}
		first, err := AppendValue(nil, v)
		if err != nil {
			return // an array with elements of many depths may not encode again
		}
		d.Reset(first)
		again := d.Value()
		if d.Err() != nil || d.Len() != 0 {
			t.Fatalf("%x: %v, %d octets left", first, d.Err(), d.Len())
		}
		second, err := AppendValue(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x then %x, %v", first, second, err)
		}
	})
}

// FuzzReaders calls the typed readers in an order that the input chooses.
func FuzzReaders(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04"), []byte("\x41\x43\x54\x01\xa1\x01a\xe0\x04\x01\xa3\x01a"))
	f.Add([]byte("\x08\x09\x0a\x0b"), []byte("\x00\x53\x10\xc0\x03\x02\x40\x40\xd1\x00\x00\x00\x04\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, ops, in []byte) {
		d := NewDecoder(in)
		for _, op := range ops {
			switch op % 13 {
			case 0:
				d.Bool()
			case 1:
				d.Uint()
			case 2:
				d.Int()
			case 3:
				_ = d.String()
			case 4:
				d.Symbols()
			case 5:
				d.Ulong()
			case 6:
				d.Binary()
			case 7:
				d.Null()
			case 8:
				d.Descriptor()
			case 9:
				if n, end := d.List(); d.Err() == nil && (end > len(in) || n > len(in)) {
					t.Fatalf("list of %d up to %d", n, end)
				}
			case 10:
				if n, end := d.Map(); d.Err() == nil && (end > len(in) || n > len(in)) {
					t.Fatalf("map of %d up to %d", n, end)
				}
			case 11:
				d.Raw()
			case 12:
				d.Close(1, d.Offset()+1)
			}
			if d.Len() < 0 || d.Offset() > len(in) {
				t.Fatalf("read %d of %d octets", d.Offset(), len(in))
			}
		}
	})
}
