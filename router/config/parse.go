package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// Load reads a configuration file.
func Load(path string) (*Config, error) { return LoadExpanded(path, nil) }

// LoadExpanded reads a configuration file whose ${NAME} are replaced as [Expand] does; a nil lookup replaces nothing.
func LoadExpanded(path string, lookup func(name string) (value string, ok bool)) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if lookup != nil && len(b) <= MaxFileSize {
		b = Expand(b, lookup)
	}
	c, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads a configuration. It does not apply defaults, nor does it check what [Config.Check] does;
// but values that do not fit their attribute are an error, which lists all of them.
func Parse(b []byte) (*Config, error) {
	if len(b) > MaxFileSize {
		return nil, fmt.Errorf("configuration is larger than %d octets", MaxFileSize)
	}
	if err := checkDepth(b); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var raw []json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, atLine(b, dec, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration: text after the end of the array")
	}
	if len(raw) > MaxEntities {
		return nil, fmt.Errorf("configuration has %d entities, want %d or fewer", len(raw), MaxEntities)
	}
	if raw == nil { // null, which Go takes for an empty array
		return nil, errNotArray
	}
	c, faults := new(Config), faultList{}
	for i, item := range raw {
		e, err := parseEntity(item)
		if err != nil {
			faults.add("entity %d: %v", i+1, err)
			continue
		}
		for _, fault := range c.Add(e) {
			faults.add("%s %q: %s", e.Type, e.Name(), fault)
		}
	}
	if err := faults.err("configuration"); err != nil {
		return nil, err
	}
	return c, nil
}

func parseEntity(item json.RawMessage) (Entity, error) {
	var two []json.RawMessage
	if err := json.Unmarshal(item, &two); err != nil || len(two) != 2 {
		return Entity{}, errors.New("want [type, {attributes}]")
	}
	var e Entity
	if err := json.Unmarshal(two[0], &e.Type); err != nil {
		return Entity{}, errors.New("the type is not a text")
	}
	if e.Type = strings.TrimPrefix(e.Type, Prefix); e.Type == "" {
		return Entity{}, errors.New("the type is empty")
	}
	dec := json.NewDecoder(bytes.NewReader(two[1]))
	dec.UseNumber()
	if err := dec.Decode(&e.Attributes); err != nil || e.Attributes == nil {
		return Entity{}, fmt.Errorf("%s: the attributes are not an object", e.Type)
	}
	for k, v := range e.Attributes {
		plain, err := plainNumbers(v)
		if err != nil {
			return Entity{}, fmt.Errorf("%s: %s is %w", e.Type, k, err)
		}
		e.Attributes[k] = plain
	}
	if t := Lookup(e.Type); t != nil && t.Alias != "" {
		e.Type = t.Alias
	}
	return e, nil
}

// plainNumbers replaces json.Number by int64 or float64, all the way down.
func plainNumbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n, nil
		}
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, errors.New("a number out of range")
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<63 { // 1e3 is written as 1000
			return int64(f), nil
		}
		return f, nil
	case map[string]any:
		for k := range v {
			if v[k], err = plainNumbers(v[k]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = plainNumbers(v[i]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// checkDepth bounds nesting before anything is built from the text.
func checkDepth(b []byte) error {
	depth, inText := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("configuration is nested deeper than %d", MaxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

var errNotArray = errors.New("configuration is not an array of [type, {attributes}] pairs")

// atLine adds the line to a syntax error.
func atLine(b []byte, dec *json.Decoder, err error) error {
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		return errNotArray
	case errors.Is(err, io.EOF):
		return errors.New("configuration is empty")
	}
	at = min(max(at, 0), int64(len(b)))
	return fmt.Errorf("configuration, line %d: %w", 1+bytes.Count(b[:at], []byte("\n")), err)
}
