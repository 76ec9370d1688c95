package wire

import "math"

// Bool reads a boolean.
func (d *Decoder) Bool() bool {
	switch code := d.code(); code {
	case codeTrue:
		return true
	case codeFalse:
		return false
	case codeBool:
		p := d.take(1)
		if p != nil && p[0] > 1 {
			d.Fail("boolean is neither 0 nor 1")
		}
		return p != nil && p[0] == 1
	default:
		d.unexpected(code, "a boolean")
		return false
	}
}

// Uint reads an unsigned integer of any width that fits 32 bits.
func (d *Decoder) Uint() uint32 { return uint32(d.unsigned(math.MaxUint32)) }

// Ulong reads an unsigned integer of any width.
func (d *Decoder) Ulong() uint64 { return d.unsigned(math.MaxUint64) }

// Ushort reads an unsigned integer of any width that fits 16 bits.
func (d *Decoder) Ushort() uint16 { return uint16(d.unsigned(math.MaxUint16)) }

// Ubyte reads an unsigned integer of any width that fits 8 bits.
func (d *Decoder) Ubyte() uint8 { return uint8(d.unsigned(math.MaxUint8)) }

func (d *Decoder) unsigned(most uint64) uint64 {
	code := d.code()
	v, ok := d.unsignedOf(code)
	if !ok {
		d.unexpected(code, "an unsigned integer")
		return 0
	}
	if v > most {
		d.Fail("integer is too large")
		return 0
	}
	return v
}

func (d *Decoder) unsignedOf(code byte) (v uint64, ok bool) {
	switch code {
	case codeUint0, codeUlong0:
		return 0, true
	case codeUbyte, codeSmallUint, codeSmallUlong:
		if p := d.take(1); p != nil {
			v = uint64(p[0])
		}
		return v, true
	case codeUshort:
		if p := d.take(2); p != nil {
			v = uint64(be.Uint16(p))
		}
		return v, true
	case codeUint:
		if p := d.take(4); p != nil {
			v = uint64(be.Uint32(p))
		}
		return v, true
	case codeUlong:
		if p := d.take(8); p != nil {
			v = be.Uint64(p)
		}
		return v, true
	}
	return 0, false
}

// Int reads an integer of any type and width that fits 64 bits with a sign.
func (d *Decoder) Int() int64 {
	code := d.code()
	switch code {
	case codeByte, codeSmallInt, codeSmallLong:
		if p := d.take(1); p != nil {
			return int64(int8(p[0]))
		}
		return 0
	case codeShort:
		if p := d.take(2); p != nil {
			return int64(int16(be.Uint16(p)))
		}
		return 0
	case codeInt:
		if p := d.take(4); p != nil {
			return int64(int32(be.Uint32(p)))
		}
		return 0
	case codeLong:
		if p := d.take(8); p != nil {
			return int64(be.Uint64(p))
		}
		return 0
	}
	v, ok := d.unsignedOf(code)
	if !ok {
		d.unexpected(code, "an integer")
		return 0
	}
	if v > math.MaxInt64 {
		d.Fail("integer is too large")
		return 0
	}
	return int64(v)
}

// Text reads a string or a symbol and returns its octets, which share memory with the slice.
func (d *Decoder) Text() []byte {
	switch code := d.code(); code {
	case codeString8, codeSymbol8:
		return d.take(d.size(false))
	case codeString32, codeSymbol32:
		return d.take(d.size(true))
	default:
		d.unexpected(code, "a string")
		return nil
	}
}

// String reads a string or a symbol.
func (d *Decoder) String() string { return string(d.Text()) }

// Symbol reads a symbol or a string.
func (d *Decoder) Symbol() Symbol { return Symbol(d.Text()) }

// Binary reads a binary. The result shares memory with the slice and is not nil unless there was an error.
func (d *Decoder) Binary() []byte {
	switch code := d.code(); code {
	case codeBinary8:
		return d.take(d.size(false))
	case codeBinary32:
		return d.take(d.size(true))
	default:
		d.unexpected(code, "a binary")
		return nil
	}
}

// Descriptor reads the start of a described value with a numeric descriptor; the value is next.
func (d *Decoder) Descriptor() uint64 {
	if code := d.code(); code != codeDescribed {
		d.unexpected(code, "a described value")
		return 0
	}
	switch code := d.code(); code {
	case codeUlong0, codeSmallUlong, codeUlong:
		v, _ := d.unsignedOf(code)
		return v
	default:
		d.unexpected(code, "a numeric descriptor")
		return 0
	}
}
