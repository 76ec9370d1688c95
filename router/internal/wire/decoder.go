package wire

import (
	"strconv"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Decoder reads values from one slice, in order. After its first error every call returns a zero value.
// The zero Decoder reads an empty slice. Reading allocates only for strings, compound values and errors.
type Decoder struct {
	b     []byte
	off   int
	depth int
	plain bool // keys of maps are neither described nor compound
	err   error
}

// NewDecoder returns a Decoder of b. Binaries it returns share memory with b.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Reset makes d a Decoder of b that has read nothing.
func (d *Decoder) Reset(b []byte) { *d = Decoder{b: b} }

// Err returns the first error, an [*Error], or nil.
func (d *Decoder) Err() error { return d.err }

// Len returns how many octets are left.
func (d *Decoder) Len() int { return len(d.b) - d.off }

// Offset returns how many octets have been read. After an error it is of no meaning.
func (d *Decoder) Offset() int { return d.off }

// PeekCode returns the next constructor without reading it, and false at the end or after an error.
func (d *Decoder) PeekCode() (byte, bool) {
	if d.err != nil || d.off >= len(d.b) {
		return 0, false
	}
	return d.b[d.off], true
}

// Fail records an error found by the caller at the present offset, unless there is one already.
func (d *Decoder) Fail(msg string) {
	if d.err == nil {
		d.err = &Error{Offset: d.off, Msg: msg}
	}
}

// Null reads a null if it is next, and says whether it was.
func (d *Decoder) Null() bool {
	if code, ok := d.PeekCode(); ok && code == codeNull {
		d.off++
		return true
	}
	return false
}

// Raw reads one value and returns its octets, which share memory with the slice.
func (d *Decoder) Raw() []byte {
	start := d.off
	d.Skip()
	if d.err != nil {
		return nil
	}
	return d.b[start:d.off:d.off]
}

// code reads a constructor.
func (d *Decoder) code() byte {
	if d.err != nil {
		return codeNull
	}
	if d.off >= len(d.b) {
		d.Fail("value is cut short")
		return codeNull
	}
	c := d.b[d.off]
	d.off++
	return c
}

// take reads n octets, or returns nil.
func (d *Decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n < 0 || n > len(d.b)-d.off {
		d.Fail("value is cut short")
		return nil
	}
	p := d.b[d.off : d.off+n : d.off+n]
	d.off += n
	return p
}

// size reads a size or count of one or four octets.
func (d *Decoder) size(wide bool) int {
	if !wide {
		if p := d.take(1); p != nil {
			return int(p[0])
		}
		return 0
	}
	if p := d.take(4); p != nil {
		v := be.Uint32(p)
		if v > 1<<31-1 {
			d.off -= 4
			d.Fail("size is more than 2 GiB")
			return 0
		}
		return int(v)
	}
	return 0
}

func (d *Decoder) enter() bool {
	if d.err != nil {
		return false
	}
	if d.depth >= limits.MaxDepth {
		d.Fail("values are nested too deeply")
		return false
	}
	d.depth++
	return true
}

func (d *Decoder) leave() { d.depth-- }

// unexpected records that the constructor just read is not of the wanted type.
func (d *Decoder) unexpected(code byte, want string) {
	if d.err == nil {
		d.err = &Error{Offset: d.off - 1, Msg: "want " + want + ", got constructor 0x" + strconv.FormatUint(uint64(code), 16)}
	}
}
