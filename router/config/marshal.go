package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Marshal writes the configuration, one entity a line. The same entities give the same octets whatever their
// order. Values are typed as other Skupper tools write them: a listener's port is a number, the other ports
// and the router's hello intervals are texts.
func (c *Config) Marshal() ([]byte, error) {
	var lines [][]byte
	for _, s := range sections {
		type line struct {
			name string
			text []byte
		}
		var group []line
		var failed error
		s.each(c, func(v reflect.Value) {
			pairs := encode(v, true)
			text, err := marshalEntity(s.short, pairs)
			if err != nil && failed == nil {
				failed = err
			}
			group = append(group, line{Entity{Type: s.short, Attributes: attributes(encode(v, false))}.Name(), text})
		})
		if failed != nil {
			return nil, failed
		}
		slices.SortStableFunc(group, func(a, b line) int {
			if n := strings.Compare(a.name, b.name); n != 0 {
				return n
			}
			return bytes.Compare(a.text, b.text)
		})
		for _, l := range group {
			lines = append(lines, l.text)
		}
	}
	for _, e := range c.Unknown {
		text, err := marshalEntity(e.Type, sortedPairs(e.Attributes))
		if err != nil {
			return nil, err
		}
		lines = append(lines, text)
	}
	if len(lines) == 0 {
		return []byte("[]\n"), nil
	}
	return slices.Concat([]byte("[\n  "), bytes.Join(lines, []byte(",\n  ")), []byte("\n]\n")), nil
}

func marshalEntity(short string, pairs []pair) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	if err := writeJSON(&b, short); err != nil {
		return nil, err
	}
	b.WriteString(", {")
	for i, p := range pairs {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := writeJSON(&b, p.name); err != nil {
			return nil, err
		}
		b.WriteString(": ")
		if err := writeJSON(&b, p.value); err != nil {
			return nil, fmt.Errorf("write %s: %s: %w", short, p.name, err)
		}
	}
	b.WriteString("}]")
	return b.Bytes(), nil
}

// writeJSON writes v without escaping <, > and &, which are common in metadata.
func writeJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line end that Encode adds
	return nil
}
