package wire

// head32 is a constructor with four octets of size and four of count.
const head32 = 9

// BeginList starts a list whose width is chosen by EndList. Append the elements to out, then call EndList with mark.
func BeginList(b []byte) (out []byte, mark int) { return begin(b, codeList32) }

// EndList ends a list of count elements, in the shortest form that holds it: list0, list8 or list32.
func EndList(b []byte, mark int, count int) []byte {
	body := len(b) - mark - head32
	switch {
	case count == 0:
		return append(b[:mark], codeList0)
	case body+1 <= 0xff && count <= 0xff:
		b[mark], b[mark+1], b[mark+2] = codeList8, byte(body+1), byte(count)
		copy(b[mark+3:], b[mark+head32:])
		return b[:mark+3+body]
	}
	return end32(b, mark, count)
}

// BeginList32 starts a list that is encoded as list32 whatever its size.
func BeginList32(b []byte) (out []byte, mark int) { return begin(b, codeList32) }

// EndList32 ends a list of count elements.
func EndList32(b []byte, mark int, count int) []byte { return end32(b, mark, count) }

// BeginMap32 starts a map that is encoded as map32 whatever its size.
func BeginMap32(b []byte) (out []byte, mark int) { return begin(b, codeMap32) }

// EndMap32 ends a map; count is the number of keys and values together.
func EndMap32(b []byte, mark int, count int) []byte { return end32(b, mark, count) }

// AppendEmptyList32 appends an empty list in its longest form, which some peers expect.
func AppendEmptyList32(b []byte) []byte { return append(b, codeList32, 0, 0, 0, 4, 0, 0, 0, 0) }

func begin(b []byte, code byte) ([]byte, int) {
	return append(b, code, 0, 0, 0, 0, 0, 0, 0, 0), len(b)
}

func end32(b []byte, mark, count int) []byte {
	be.PutUint32(b[mark+1:], uint32(len(b)-mark-5))
	be.PutUint32(b[mark+5:], uint32(count))
	return b
}
