package agent

import (
	"fmt"
	"math"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// request is a management request in plain form.
type request struct {
	op         string
	asks       bool   // there is an operation
	typ        string // full or short, as given; "" if absent
	entityType string // of a query
	name       string
	identity   string
	offset     int
	count      int // -1 means all
	limit      int // of GET-LOG; -1 means all
	body       wire.Map
}

// parse reads a request from a message. Operations that need no body take any.
func parse(m *message.Message) (*request, *Fault) {
	r := &request{count: -1, limit: -1}
	text := map[string]*string{
		"operation": &r.op, "type": &r.typ, "entityType": &r.entityType, "name": &r.name, "identity": &r.identity,
	}
	number := map[string]*int{"offset": &r.offset, "count": &r.count, "limit": &r.limit}
	for _, p := range m.AppProps {
		key, _ := p.Key.(string)
		if dst := text[key]; dst != nil && p.Value != nil {
			s, ok := textOf(p.Value)
			if !ok || len(s) > MaxText {
				return nil, badRequest("Property '%s' is not a short text", key)
			}
			*dst = s
			r.asks = r.asks || dst == &r.op
		}
		if dst := number[key]; dst != nil && p.Value != nil {
			n, ok := config.Integer(p.Value)
			if !ok || n < 0 || n > math.MaxInt32 {
				return nil, badRequest("Property '%s' is not a number of 0 or more", key)
			}
			*dst = int(n)
		}
	}
	var isMap bool
	if r.body, isMap = m.Body.(wire.Map); !isMap && m.Body != nil && (r.op == "QUERY" || r.op == "CREATE" || r.op == "UPDATE") {
		return nil, badRequest("The body of a %s has to be a map", r.op)
	}
	if len(r.body) > MaxAttributes {
		return nil, badRequest("More than %d attributes", MaxAttributes)
	}
	return r, nil
}

// attributeNames are the columns that a query asks for: a list, an array or nothing. None means all.
func (r *request) attributeNames() ([]string, *Fault) {
	v, _ := r.body.Get("attributeNames")
	var items []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		items = v
	case wire.Array:
		items = v.Items
	case []wire.Symbol:
		for _, s := range v {
			items = append(items, s)
		}
	default:
		return nil, badRequest("attributeNames is not a list")
	}
	if len(items) > MaxAttributes {
		return nil, badRequest("More than %d attributeNames", MaxAttributes)
	}
	names := make([]string, len(items))
	for i, item := range items {
		s, ok := textOf(item)
		if !ok || len(s) > MaxText {
			return nil, badRequest("attributeNames has an item that is not a short text")
		}
		names[i] = s
	}
	return names, nil
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case wire.Symbol:
		return string(v), true
	}
	return "", false
}

// plain turns a decoded value into the Go types that configurations use.
func plain(v any, depth int) (any, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("nested deeper than %d", maxNested)
	}
	if n, ok := config.Integer(v); ok {
		return n, nil
	}
	switch v := v.(type) {
	case nil, bool, string, float64:
		if s, ok := v.(string); ok && len(s) > MaxText {
			return nil, fmt.Errorf("longer than %d octets", MaxText)
		}
		return v, nil
	case wire.Symbol:
		return plain(string(v), depth)
	case float32:
		return float64(v), nil
	case []any:
		return plainList(v, depth)
	case wire.Array:
		return plainList(v.Items, depth)
	case wire.Map:
		out := make(map[string]any, len(v))
		for _, p := range v {
			key, ok := textOf(p.Key)
			if !ok {
				return nil, fmt.Errorf("a map whose keys are not texts")
			}
			item, err := plain(p.Value, depth+1)
			if err != nil {
				return nil, err
			}
			out[key] = item
		}
		return out, nil
	}
	return nil, fmt.Errorf("of a type that is not used")
}

func plainList(items []any, depth int) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		p, err := plain(item, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}
