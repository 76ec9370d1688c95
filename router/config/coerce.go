package config

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Coerce turns v into the attribute's kind: string, int64, bool, map[string]any, []any or nil.
// Numbers may come as text and text as numbers, as configurations in the field do both. The error says
// what was wanted, without the value if that is secret.
func (a *Attribute) Coerce(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	out, ok := a.convert(v)
	if !ok {
		return nil, fmt.Errorf("%s is %s, want %s", a.Name, a.show(v), a.wanted())
	}
	if err := a.inRange(out); err != nil {
		return nil, err
	}
	return out, nil
}

func (a *Attribute) convert(v any) (any, bool) {
	switch a.Kind {
	case Int, Uint, Ulong, Long:
		n, ok := asInt(v)
		return n, ok
	case Bool:
		b, ok := asBool(v)
		return b, ok
	case Map:
		m, ok := v.(map[string]any)
		return m, ok
	case List:
		l, ok := v.([]any)
		return l, ok
	}
	s, ok := asString(v)
	return s, ok
}

// inRange checks a converted value. An empty string counts as not given.
func (a *Attribute) inRange(v any) error {
	switch v := v.(type) {
	case int64:
		if (a.Min != 0 || a.Max != 0) && (v < int64(a.Min) || v > int64(a.Max)) || v < math.MinInt32 || v > math.MaxInt32 {
			return fmt.Errorf("%s is %d, want %s", a.Name, v, a.wanted())
		}
	case string:
		if v == "" {
			return nil
		}
		if a.Port {
			if _, err := PortNumber(v); err != nil {
				return fmt.Errorf("%s is %w", a.Name, err)
			}
		}
		if a.Values != nil && !slices.Contains(a.Values, v) {
			return fmt.Errorf("%s is %s, want %s", a.Name, a.show(v), a.wanted())
		}
	}
	return nil
}

// wanted describes the values allowed.
func (a *Attribute) wanted() string {
	switch a.Kind {
	case Int, Uint, Ulong, Long:
		switch {
		case a.Min == 0 && a.Max == 0:
			return "a number"
		case a.Max == math.MaxInt32:
			return fmt.Sprintf("%d or more", a.Min)
		}
		return fmt.Sprintf("%d to %d", a.Min, a.Max)
	case Bool:
		return "true or false"
	case Map:
		return "an object"
	case List:
		return "an array"
	}
	if a.Values != nil {
		return "one of " + strings.Join(a.Values, ", ")
	}
	return "text"
}

// show quotes a value for a message, shortened, or hides it.
func (a *Attribute) show(v any) string {
	if a.Secret {
		return "(hidden)"
	}
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	}
	s := fmt.Sprint(v)
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return strconv.Quote(s)
}

// PortNumber reads a port: 1 to 65535, or one of the two service names AMQP has.
func PortNumber(s string) (int, error) {
	switch s {
	case "amqp":
		return 5672, nil
	case "amqps":
		return 5671, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 65535 {
		if len(s) > 80 {
			s = s[:80] + "…"
		}
		return 0, fmt.Errorf("%q, want 1 to 65535", s)
	}
	return n, nil
}

// Integer reads any of Go's integers that fits int64, as which decoders give them.
func Integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case uint:
		return int64(v), uint64(v) <= math.MaxInt64
	}
	return 0, false
}

// asInt is for what people and other programs write too: whole floats, and texts.
func asInt(v any) (int64, bool) {
	switch v := v.(type) {
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return Integer(v)
}

func asBool(v any) (bool, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch v {
		case "true", "True", "yes", "on", "1":
			return true, true
		case "false", "False", "no", "off", "0":
			return false, true
		}
	}
	return false, false
}

func asString(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	if n, ok := asInt(v); ok {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}
