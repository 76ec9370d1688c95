package wire

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// AppendValue appends any value that a Decoder returns. It also takes map[string]any (string keys, sorted),
// []string (a list), int (a long) and Raw. Lists and maps that are not empty take the 32-bit form; an empty list is list0.
// Other types, and values nested more than limits.MaxDepth deep, are an error.
func AppendValue(b []byte, v any) ([]byte, error) { return appendValue(b, v, 0) }

func appendValue(b []byte, v any, depth int) ([]byte, error) {
	if out, ok := appendScalar(b, v); ok {
		return out, nil
	}
	if depth >= limits.MaxDepth {
		return b, fmt.Errorf("encode %T: nested too deeply", v)
	}
	switch v := v.(type) {
	case []Symbol:
		return AppendSymbolArray(b, v), nil
	case []string:
		return appendList(b, len(v), func(b []byte, i int) ([]byte, error) { return AppendString(b, v[i]), nil })
	case List:
		return appendList(b, len(v), func(b []byte, i int) ([]byte, error) { return appendValue(b, v[i], depth+1) })
	case []map[string]any:
		return appendList(b, len(v), func(b []byte, i int) ([]byte, error) { return appendValue(b, v[i], depth+1) })
	case Map:
		return appendMap(b, v, depth)
	case map[string]any:
		m := make(Map, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			m = append(m, Pair{Key: k, Value: v[k]})
		}
		return appendMap(b, m, depth)
	case Array:
		return appendArray(b, v, depth)
	case Described:
		b, err := appendValue(append(b, codeDescribed), v.Descriptor, depth+1)
		if err != nil {
			return b, err
		}
		return appendValue(b, v.Value, depth+1)
	}
	return b, fmt.Errorf("encode %T: no AMQP type for it", v)
}

func appendList(b []byte, n int, item func([]byte, int) ([]byte, error)) ([]byte, error) {
	if n == 0 {
		return append(b, codeList0), nil
	}
	b, mark := BeginList32(b)
	for i := range n {
		var err error
		if b, err = item(b, i); err != nil {
			return b, err
		}
	}
	return EndList32(b, mark, n), nil
}

func appendMap(b []byte, m Map, depth int) ([]byte, error) {
	b, mark := BeginMap32(b)
	for _, p := range m {
		var err error
		if b, err = appendValue(b, p.Key, depth+1); err != nil {
			return b, err
		}
		if b, err = appendValue(b, p.Value, depth+1); err != nil {
			return b, err
		}
	}
	return EndMap32(b, mark, 2*len(m)), nil
}

func appendScalar(b []byte, v any) (out []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return AppendNull(b), true
	case bool:
		return AppendBool(b, v), true
	case uint8:
		return AppendUbyte(b, v), true
	case uint16:
		return AppendUshort(b, v), true
	case uint32:
		return AppendUint(b, v), true
	case uint64:
		return AppendUlong(b, v), true
	case int8:
		return append(b, codeByte, byte(v)), true
	case int16:
		return append(b, codeShort, byte(v>>8), byte(v)), true
	case int32:
		return AppendInt(b, v), true
	case int64:
		return AppendLong(b, v), true
	case int:
		return AppendLong(b, int64(v)), true
	case float32:
		return be.AppendUint32(append(b, codeFloat), math.Float32bits(v)), true
	case float64:
		return be.AppendUint64(append(b, codeDouble), math.Float64bits(v)), true
	case Char:
		return be.AppendUint32(append(b, codeChar), uint32(v)), true
	case Timestamp:
		return AppendTimestamp(b, int64(v)), true
	case UUID:
		return append(append(b, codeUUID), v[:]...), true
	case Decimal32:
		return append(append(b, codeDecimal32), v[:]...), true
	case Decimal64:
		return append(append(b, codeDecimal64), v[:]...), true
	case Decimal128:
		return append(append(b, codeDecimal128), v[:]...), true
	case []byte:
		return AppendBinary(b, v), true
	case string:
		return AppendString(b, v), true
	case Symbol:
		return AppendSymbol(b, v), true
	case Raw:
		return append(b, v...), true
	}
	return b, false
}
