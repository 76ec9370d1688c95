package wire

import "github.com/skupper-plugins/suite/router/internal/limits"

// Skip reads over one value and checks its structure, but not the contents of strings.
func (d *Decoder) Skip() { d.skip(d.code()) }

// skip reads over a value whose constructor has been read.
func (d *Decoder) skip(code byte) {
	if n := fixedWidth(code); n >= 0 {
		d.take(n)
		return
	}
	switch code {
	case codeBinary8, codeString8, codeSymbol8:
		d.take(d.size(false))
		return
	case codeBinary32, codeString32, codeSymbol32:
		d.take(d.size(true))
		return
	}
	if !d.enter() {
		return
	}
	defer d.leave()
	switch code {
	case codeDescribed:
		d.Skip()
		d.Skip()
	case codeList8, codeList32:
		d.Close(d.listBody(code == codeList32))
	case codeMap8, codeMap32:
		if count, end := d.mapBody(code == codeMap32); d.plain {
			d.skipPlain(count, end)
		} else {
			d.Close(count, end)
		}
	case codeArray8, codeArray32:
		d.skipArray(code == codeArray32)
	default:
		d.unexpected(code, "a constructor")
	}
}

// PlainKeys has Skip refuse maps whose keys are described, compound or octets, which AMQP allows. Libraries that make Go maps of them panic at keys that cannot be compared.
func (d *Decoder) PlainKeys() { d.plain = true }

// skipPlain reads over the count keys and values of a map that ends at end.
func (d *Decoder) skipPlain(count, end int) {
	for i := 0; i < count && d.err == nil; i++ {
		code, _ := d.PeekCode()
		if unfit := code == codeDescribed || code == codeArray8 || code == codeArray32 || code == codeList0 || code == codeList8 || code == codeList32 ||
			code == codeMap8 || code == codeMap32 || code == codeBinary8 || code == codeBinary32; unfit && i%2 == 0 {
			d.Fail("the key of a map is described, compound or octets")
		}
		d.Skip()
	}
	d.Close(0, end)
}

func (d *Decoder) skipArray(wide bool) {
	count, end := d.arrayBody(wide)
	elem := d.elemCode(nil)
	if n := fixedWidth(elem); n >= 0 {
		if n == 0 && count > limits.MaxZeroWidth {
			d.Fail("array has too many elements without octets")
		}
		d.take(n * count)
		count = 0
	} else if d.err == nil && count > end-d.off {
		d.Fail("array has more elements than octets")
	}
	for ; count > 0 && d.err == nil; count-- {
		d.skip(elem)
	}
	d.Close(0, end)
}

// elemCode reads the constructor of the elements of an array. Descriptors are appended to descs unless it is nil.
func (d *Decoder) elemCode(descs *[]any) byte {
	for range limits.MaxDepth {
		code := d.code()
		if code != codeDescribed || d.err != nil {
			return code
		}
		if descs == nil {
			d.Skip()
		} else {
			*descs = append(*descs, d.Value())
		}
	}
	d.Fail("values are nested too deeply")
	return codeNull
}
