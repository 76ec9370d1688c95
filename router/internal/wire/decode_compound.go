package wire

import "github.com/skupper-plugins/suite/router/internal/limits"

// List enters a list: count elements follow, and the last of them has to end at offset end (see Close).
func (d *Decoder) List() (count int, end int) {
	switch code := d.code(); code {
	case codeList0:
		return 0, d.off
	case codeList8, codeList32:
		return d.listBody(code == codeList32)
	default:
		d.unexpected(code, "a list")
		return 0, d.off
	}
}

// Map enters a map: count keys and values follow in turn, and the last of them has to end at offset end (see Close).
func (d *Decoder) Map() (count int, end int) {
	switch code := d.code(); code {
	case codeMap8, codeMap32:
		return d.mapBody(code == codeMap32)
	default:
		d.unexpected(code, "a map")
		return 0, d.off
	}
}

// Close reads over the left elements of a list or map that ends at end, and checks that they end there.
func (d *Decoder) Close(left, end int) {
	for ; left > 0 && d.err == nil; left-- {
		d.Skip()
	}
	if d.err == nil && d.off != end {
		d.Fail("size of a list or map does not agree with its elements")
	}
}

// Symbols reads one symbol or an array of symbols; null is nil.
func (d *Decoder) Symbols() []Symbol {
	if d.Null() {
		return nil
	}
	code, ok := d.PeekCode()
	if !ok || code != codeArray8 && code != codeArray32 {
		if s := d.Symbol(); d.err == nil {
			return []Symbol{s}
		}
		return nil
	}
	d.off++
	count, end := d.arrayBody(code == codeArray32)
	elem := d.code()
	if d.err == nil && !isText(elem) && count > 0 {
		d.unexpected(elem, "an array of symbols")
	}
	if count > limits.MaxSymbols {
		d.Fail("array has too many symbols")
	}
	if d.err != nil {
		return nil
	}
	out := make([]Symbol, 0, count)
	for ; count > 0 && d.err == nil; count-- {
		out = append(out, Symbol(d.take(d.size(elem == codeSymbol32 || elem == codeString32))))
	}
	d.Close(0, end)
	if d.err != nil {
		return nil
	}
	return out
}

func isText(code byte) bool {
	return code == codeSymbol8 || code == codeSymbol32 || code == codeString8 || code == codeString32
}

// body reads size and count. Each element takes at least min octets.
func (d *Decoder) body(wide bool, most, min int) (count, end int) {
	size := d.size(wide)
	end = d.off + size
	if d.err == nil && size > d.Len() {
		d.Fail("value is cut short")
	}
	count = d.size(wide)
	switch {
	case d.err != nil:
	case d.off > end:
		d.Fail("size of a compound value leaves no room for its count")
	case count > most:
		d.Fail("compound value has too many elements")
	case count*min > end-d.off:
		d.Fail("compound value has more elements than octets")
	default:
		return count, end
	}
	return 0, d.off
}

func (d *Decoder) listBody(wide bool) (count, end int) {
	return d.body(wide, limits.MaxListItems, 1)
}

func (d *Decoder) mapBody(wide bool) (count, end int) {
	count, end = d.body(wide, 2*limits.MaxMapPairs, 1)
	if count%2 != 0 {
		d.Fail("map has a key without a value")
		return 0, d.off
	}
	return count, end
}

// arrayBody reads size and count of an array; the constructor of the elements is next.
func (d *Decoder) arrayBody(wide bool) (count, end int) {
	return d.body(wide, limits.MaxArrayItems, 0)
}
