package wire

import (
	"bytes"
	"fmt"
)

// appendArray appends an array32 whose elements take the constructor of the first one's type in its widest form,
// so that one constructor serves all.
func appendArray(b []byte, a Array, depth int) ([]byte, error) {
	b, mark := begin(b, codeArray32)
	ctor := []byte{a.Code}
	switch {
	case len(a.Items) > 0:
		first, _, err := splitElem(a.Items[0], depth)
		if err != nil {
			return b, err
		}
		ctor = first
	case a.Code == codeDescribed:
		ctor[0] = codeNull
	}
	b = append(b, ctor...)
	for _, v := range a.Items {
		c, body, err := splitElem(v, depth)
		if err != nil {
			return b, err
		}
		if !bytes.Equal(c, ctor) {
			return b, fmt.Errorf("encode array: %T among elements of another type", v)
		}
		b = append(b, body...)
	}
	return end32(b, mark, len(a.Items)), nil
}

// splitElem encodes an array element as constructor (with descriptors) and body.
func splitElem(v any, depth int) (ctor, body []byte, err error) {
	if d, ok := v.(Described); ok {
		if ctor, err = appendValue([]byte{codeDescribed}, d.Descriptor, depth+1); err != nil {
			return nil, nil, err
		}
		inner, body, err := splitElem(d.Value, depth+1)
		return append(ctor, inner...), body, err
	}
	switch v := v.(type) {
	case bool:
		if v {
			return []byte{codeBool}, []byte{1}, nil
		}
		return []byte{codeBool}, []byte{0}, nil
	case uint32:
		return []byte{codeUint}, be.AppendUint32(nil, v), nil
	case uint64:
		return []byte{codeUlong}, be.AppendUint64(nil, v), nil
	case int32:
		return []byte{codeInt}, be.AppendUint32(nil, uint32(v)), nil
	case int64:
		return []byte{codeLong}, be.AppendUint64(nil, uint64(v)), nil
	case []byte:
		return []byte{codeBinary32}, append(be.AppendUint32(nil, uint32(len(v))), v...), nil
	case string:
		return []byte{codeString32}, append(be.AppendUint32(nil, uint32(len(v))), v...), nil
	case Symbol:
		return []byte{codeSymbol32}, append(be.AppendUint32(nil, uint32(len(v))), v...), nil
	case List:
		if len(v) == 0 {
			return []byte{codeList32}, []byte{0, 0, 0, 4, 0, 0, 0, 0}, nil
		}
	case []Symbol:
		items := make([]any, len(v))
		for i, s := range v {
			items[i] = s
		}
		return splitElem(Array{Items: items, Code: codeSymbol32}, depth)
	case Raw:
		return nil, nil, fmt.Errorf("encode array: raw values have no constructor of their own")
	}
	enc, err := appendValue(nil, v, depth+1)
	if err != nil {
		return nil, nil, err
	}
	return enc[:1], enc[1:], nil
}
