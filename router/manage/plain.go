package manage

import (
	"fmt"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
)

const maxDepth = 32 // of lists and maps in a reply

// plain turns what the AMQP library decodes into few Go types: string, bool, int64, float64, map[string]any,
// []any and nil. Numbers beyond int64 become float64. What is nested too deep becomes nil.
func plain(v any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	if n, ok := config.Integer(v); ok {
		return n
	}
	switch v := v.(type) {
	case nil, string, bool, float64:
		return v
	case float32:
		return float64(v)
	case uint64:
		return float64(v)
	case amqp.Symbol:
		return string(v)
	case []byte:
		return string(v)
	case []any:
		return plainList(v, depth)
	case []string:
		return plainList(v, depth)
	case []amqp.Symbol:
		return plainList(v, depth)
	case []int32:
		return plainList(v, depth)
	case []int64:
		return plainList(v, depth)
	case []uint64:
		return plainList(v, depth)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = plain(item, depth+1)
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[fmt.Sprint(k)] = plain(item, depth+1)
		}
		return out
	}
	return fmt.Sprint(v)
}

func plainList[T any](in []T, depth int) []any {
	out := make([]any, len(in))
	for i, item := range in {
		out[i] = plain(item, depth+1)
	}
	return out
}
