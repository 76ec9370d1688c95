package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// parseYAML reads a stream of YAML documents; empty ones are left out.
func parseYAML(b []byte) ([]*node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	c := converter{left: MaxNodes}
	var docs []*node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		n, err := c.convert(&doc, 0)
		if err != nil {
			return nil, err
		}
		if n.kind == null {
			continue
		}
		if docs = append(docs, n); len(docs) > MaxDocuments {
			return nil, lineError{n.line, fmt.Sprintf("more than %d documents", MaxDocuments)}
		}
	}
}

// lineError is a fault at a line.
type lineError struct {
	line int
	msg  string
}

func (e lineError) Error() string { return e.msg }

// converter turns YAML nodes into ours. It counts, so that a few aliases of aliases cannot become gigabytes.
type converter struct{ left int }

func (c *converter) convert(y *yaml.Node, depth int) (*node, error) {
	if c.left--; c.left < 0 {
		return nil, lineError{y.Line, fmt.Sprintf("more than %d values", MaxNodes)}
	}
	if depth > MaxDepth {
		return nil, lineError{y.Line, fmt.Sprintf("nested deeper than %d", MaxDepth)}
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return &node{line: y.Line}, nil
		}
		return c.convert(y.Content[0], depth)
	case yaml.AliasNode:
		return c.convert(y.Alias, depth+1)
	case yaml.SequenceNode:
		n := &node{kind: list, line: y.Line}
		for _, item := range y.Content {
			v, err := c.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
		return n, nil
	case yaml.MappingNode:
		return c.mapping(y, depth)
	case yaml.ScalarNode:
		return scalar(y)
	}
	return &node{line: y.Line}, nil // an empty stream
}

func (c *converter) mapping(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: object, line: y.Line}
	seen := map[string]bool{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		switch {
		case k.Kind == yaml.ScalarNode && k.Tag == "!!merge":
			return nil, lineError{k.Line, "merge keys (<<) are not supported: write the fields out"}
		case k.Kind != yaml.ScalarNode:
			return nil, lineError{k.Line, "a key is not text"}
		case seen[k.Value]:
			return nil, lineError{k.Line, fmt.Sprintf("key %q is repeated", k.Value)}
		}
		seen[k.Value] = true
		v, err := c.convert(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		n.keys = append(n.keys, key{name: k.Value, line: k.Line})
		n.items = append(n.items, v)
	}
	return n, nil
}

func scalar(y *yaml.Node) (*node, error) {
	n := &node{line: y.Line}
	switch y.ShortTag() {
	case "!!null":
		return n, nil
	case "!!bool":
		var v bool
		if err := y.Decode(&v); err != nil {
			return nil, lineError{y.Line, fmt.Sprintf("%q is not true or false", y.Value)}
		}
		n.kind, n.value = boolean, strconv.FormatBool(v)
	case "!!int":
		n.kind = number
		var i int64
		var u uint64
		switch {
		case y.Decode(&i) == nil:
			n.value = strconv.FormatInt(i, 10)
		case y.Decode(&u) == nil:
			n.value = strconv.FormatUint(u, 10)
		default:
			return nil, lineError{y.Line, fmt.Sprintf("number %s is too large", y.Value)}
		}
	case "!!float":
		var f float64
		if err := y.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, lineError{y.Line, fmt.Sprintf("%q is not a number", y.Value)}
		}
		n.kind, n.value = number, strconv.FormatFloat(f, 'g', -1, 64)
	default: // text, and what JSON has no type for: times and binary are text there
		n.kind, n.value = text, y.Value
	}
	return n, nil
}
