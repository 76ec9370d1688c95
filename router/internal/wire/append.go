package wire

import "encoding/binary"

var be = binary.BigEndian

// AppendNull appends null.
func AppendNull(b []byte) []byte { return append(b, codeNull) }

// AppendBool appends a boolean in its one-octet form.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, codeTrue)
	}
	return append(b, codeFalse)
}

// AppendUbyte appends a ubyte.
func AppendUbyte(b []byte, v uint8) []byte { return append(b, codeUbyte, v) }

// AppendUshort appends a ushort.
func AppendUshort(b []byte, v uint16) []byte { return append(b, codeUshort, byte(v>>8), byte(v)) }

// AppendUint appends a uint in one, two or five octets.
func AppendUint(b []byte, v uint32) []byte {
	switch {
	case v == 0:
		return append(b, codeUint0)
	case v <= 0xff:
		return append(b, codeSmallUint, byte(v))
	}
	return be.AppendUint32(append(b, codeUint), v)
}

// AppendUlong appends a ulong in one, two or nine octets.
func AppendUlong(b []byte, v uint64) []byte {
	switch {
	case v == 0:
		return append(b, codeUlong0)
	case v <= 0xff:
		return append(b, codeSmallUlong, byte(v))
	}
	return be.AppendUint64(append(b, codeUlong), v)
}

// AppendInt appends an int in two or five octets.
func AppendInt(b []byte, v int32) []byte {
	if v == int32(int8(v)) {
		return append(b, codeSmallInt, byte(v))
	}
	return be.AppendUint32(append(b, codeInt), uint32(v))
}

// AppendLong appends a long in two or nine octets.
func AppendLong(b []byte, v int64) []byte {
	if v == int64(int8(v)) {
		return append(b, codeSmallLong, byte(v))
	}
	return be.AppendUint64(append(b, codeLong), uint64(v))
}

// AppendTimestamp appends a timestamp in milliseconds since the Unix epoch.
func AppendTimestamp(b []byte, ms int64) []byte {
	return be.AppendUint64(append(b, codeTimestamp), uint64(ms))
}

// AppendString appends a string, which should be valid UTF-8.
func AppendString(b []byte, s string) []byte {
	return append(appendSize(b, codeString8, codeString32, len(s)), s...)
}

// AppendSymbol appends a symbol, which should be ASCII.
func AppendSymbol(b []byte, s Symbol) []byte {
	return append(appendSize(b, codeSymbol8, codeSymbol32, len(s)), s...)
}

// AppendBinary appends a binary; nil and empty are both the empty binary.
func AppendBinary(b []byte, p []byte) []byte {
	return append(appendSize(b, codeBinary8, codeBinary32, len(p)), p...)
}

// AppendDescriptor appends the descriptor of a described value with a numeric code below 256; the value has to follow.
func AppendDescriptor(b []byte, code uint64) []byte {
	if code > 0xff {
		return be.AppendUint64(append(b, codeDescribed, codeUlong), code)
	}
	return append(b, codeDescribed, codeSmallUlong, byte(code))
}

// AppendSymbolArray appends an array, even for one symbol or none.
func AppendSymbolArray(b []byte, s []Symbol) []byte {
	small, size := true, 0 // size of the elements
	for _, v := range s {
		small = small && len(v) <= 0xff
		size += len(v)
	}
	width, elem := 1, byte(codeSymbol8)
	if !small {
		width, elem = 4, codeSymbol32
	}
	size += width * len(s)
	if size+2 <= 0xff && len(s) <= 0xff {
		b = append(b, codeArray8, byte(size+2), byte(len(s)), elem)
	} else {
		b = be.AppendUint32(append(b, codeArray32), uint32(size+5))
		b = append(be.AppendUint32(b, uint32(len(s))), elem)
	}
	for _, v := range s {
		if small {
			b = append(b, byte(len(v)))
		} else {
			b = be.AppendUint32(b, uint32(len(v)))
		}
		b = append(b, v...)
	}
	return b
}

func appendSize(b []byte, code8, code32 byte, n int) []byte {
	if n <= 0xff {
		return append(b, code8, byte(n))
	}
	return be.AppendUint32(append(b, code32), uint32(n))
}
