package agent

import (
	"math"
	"sort"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// cellsOf encodes the chosen columns of a row.
func cellsOf(t *config.Type, columns []string, row map[string]any) []any {
	out := make([]any, len(columns))
	for i, name := range columns {
		if a := t.Attribute(name); a != nil {
			out[i] = cell(a, valueOf(t, name, row))
		}
	}
	return out
}

// valueOf is a row's value, with type, identity and name filled in.
func valueOf(t *config.Type, name string, row map[string]any) any {
	v := row[name]
	if v != nil && v != "" {
		return v
	}
	switch name {
	case "type":
		return t.FullName()
	case "identity":
		return config.Identity(t.Name, row)
	case "name":
		return valueOf(t, "identity", row)
	}
	return v
}

// cell gives a value the AMQP type of its column. What does not fit the column is null: clients fail on a value
// of an unexpected type, but know null.
func cell(a *config.Attribute, v any) any {
	if v == nil {
		return nil
	}
	if a.Secret {
		if s, ok := v.(string); !ok || s == "" {
			return nil
		}
		return config.Hidden
	}
	switch a.Kind {
	case config.Int, config.Uint, config.Ulong, config.Long:
		return numberCell(a.Kind, v)
	case config.Bool:
		if b, ok := v.(bool); ok {
			return b
		}
		return nil
	case config.List:
		return listCell(v)
	case config.Map:
		return mapCell(v)
	}
	if s, ok := textOf(v); ok {
		return s
	}
	return nil
}

func numberCell(k config.Kind, v any) any {
	if u, ok := v.(uint64); ok && k == config.Ulong {
		return u
	}
	n, ok := config.Integer(v)
	switch {
	case !ok:
		return nil
	case k == config.Int && n >= math.MinInt32 && n <= math.MaxInt32:
		return int32(n)
	case k == config.Int || k == config.Long:
		return n
	case n < 0:
		return nil
	case k == config.Uint && n <= math.MaxUint32:
		return uint32(n)
	}
	return uint64(n)
}

func listCell(v any) any {
	switch v := v.(type) {
	case []any:
		return v
	case []string:
		return texts(v)
	}
	return nil
}

func mapCell(v any) any {
	switch v := v.(type) {
	case wire.Map:
		return v
	case map[string]any:
		out := make(wire.Map, 0, len(v))
		for k, item := range v {
			out = append(out, wire.Pair{Key: k, Value: item})
		}
		sort.Slice(out, func(i, j int) bool { return out[i].Key.(string) < out[j].Key.(string) })
		return out
	}
	return nil
}

// entityMap is a row as a map without nulls, which is how one entity is answered.
func entityMap(t *config.Type, row map[string]any) wire.Map {
	var out wire.Map
	for i := range t.Attributes {
		a := &t.Attributes[i]
		if v := cell(a, valueOf(t, a.Name, row)); v != nil && a.Name != "" {
			out = append(out, wire.Pair{Key: a.Name, Value: v})
		}
	}
	return out
}

func quoted(words []string) string { return "['" + strings.Join(words, "', '") + "']" }
