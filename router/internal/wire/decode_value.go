package wire

import (
	"bytes"
	"math"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// prealloc bounds what is allocated on the word of a count alone, in elements.
const prealloc = 64

// Value reads a value of any type: nil, bool, uint8 to uint64, int8 to int64, float32, float64, Char, Timestamp, UUID,
// Decimal32 to Decimal128, []byte, string, Symbol, List, Map, []Symbol, Array or Described.
// Nothing in it shares memory with the slice.
func (d *Decoder) Value() any {
	v := d.value(d.code())
	if d.err != nil {
		return nil
	}
	return v
}

// value reads a value whose constructor has been read.
func (d *Decoder) value(code byte) any {
	if n := fixedWidth(code); n >= 0 {
		if p := d.take(n); d.err == nil {
			return d.fixed(code, p)
		}
		return nil
	}
	switch code {
	case codeBinary8, codeBinary32:
		return bytes.Clone(d.take(d.size(code == codeBinary32)))
	case codeString8, codeString32:
		return string(d.take(d.size(code == codeString32)))
	case codeSymbol8, codeSymbol32:
		return Symbol(d.take(d.size(code == codeSymbol32)))
	}
	if !d.enter() {
		return nil
	}
	defer d.leave()
	switch code {
	case codeDescribed:
		descriptor := d.Value()
		return Described{Descriptor: descriptor, Value: d.Value()}
	case codeList8, codeList32:
		return d.list(code == codeList32)
	case codeMap8, codeMap32:
		return d.mapping(code == codeMap32)
	case codeArray8, codeArray32:
		return d.array(code == codeArray32)
	}
	d.unexpected(code, "a constructor")
	return nil
}

func (d *Decoder) list(wide bool) List {
	count, end := d.listBody(wide)
	out := make(List, 0, min(count, prealloc))
	for ; count > 0 && d.err == nil; count-- {
		out = append(out, d.Value())
	}
	d.Close(0, end)
	return out
}

func (d *Decoder) mapping(wide bool) Map {
	count, end := d.mapBody(wide)
	out := make(Map, 0, min(count/2, prealloc))
	for ; count > 0 && d.err == nil; count -= 2 {
		key := d.Value()
		out = append(out, Pair{Key: key, Value: d.Value()})
	}
	d.Close(0, end)
	return out
}

func (d *Decoder) array(wide bool) any {
	count, end := d.arrayBody(wide)
	var descs []any
	elem := d.elemCode(&descs)
	switch n := fixedWidth(elem); {
	case d.err != nil:
	case n == 0 && count > limits.MaxZeroWidth:
		d.Fail("array has too many elements without octets")
	case n != 0 && count*max(n, 1) > end-d.off:
		d.Fail("array has more elements than octets")
	}
	if d.err != nil {
		return nil
	}
	if len(descs) == 0 && (elem == codeSymbol8 || elem == codeSymbol32) {
		out := make([]Symbol, 0, min(count, prealloc))
		for ; count > 0 && d.err == nil; count-- {
			out = append(out, Symbol(d.take(d.size(elem == codeSymbol32))))
		}
		d.Close(0, end)
		return out
	}
	if count == 0 && len(descs) > 0 {
		elem = codeNull // an Array has no place for the descriptor of elements that it does not have
	}
	out := Array{Items: make([]any, 0, min(count, prealloc)), Code: elem}
	for ; count > 0 && d.err == nil; count-- {
		v := d.value(elem)
		for i := len(descs) - 1; i >= 0; i-- {
			v = Described{Descriptor: descs[i], Value: v}
		}
		out.Items = append(out.Items, v)
	}
	d.Close(0, end)
	return out
}

// fixed makes a value of the octets p after a fixed-width constructor.
func (d *Decoder) fixed(code byte, p []byte) any {
	switch code {
	case codeNull:
		return nil
	case codeTrue, codeFalse:
		return code == codeTrue
	case codeBool:
		if p[0] > 1 {
			d.Fail("boolean is neither 0 nor 1")
		}
		return p[0] == 1
	case codeUint0:
		return uint32(0)
	case codeUlong0:
		return uint64(0)
	case codeList0:
		return List{}
	case codeUbyte:
		return p[0]
	case codeByte:
		return int8(p[0])
	case codeSmallUint:
		return uint32(p[0])
	case codeSmallUlong:
		return uint64(p[0])
	case codeSmallInt:
		return int32(int8(p[0]))
	case codeSmallLong:
		return int64(int8(p[0]))
	case codeUshort:
		return be.Uint16(p)
	case codeShort:
		return int16(be.Uint16(p))
	case codeUint:
		return be.Uint32(p)
	case codeInt:
		return int32(be.Uint32(p))
	case codeFloat:
		return math.Float32frombits(be.Uint32(p))
	case codeChar:
		return Char(be.Uint32(p))
	case codeDecimal32:
		return Decimal32(p)
	case codeUlong:
		return be.Uint64(p)
	case codeLong:
		return int64(be.Uint64(p))
	case codeDouble:
		return math.Float64frombits(be.Uint64(p))
	case codeTimestamp:
		return Timestamp(be.Uint64(p))
	case codeDecimal64:
		return Decimal64(p)
	case codeDecimal128:
		return Decimal128(p)
	default: // codeUUID
		return UUID(p)
	}
}
