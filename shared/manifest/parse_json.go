package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// parseJSON reads JSON values one after the other; an array at the top is its items.
func parseJSON(b []byte) ([]*node, error) {
	p := jsonParser{dec: json.NewDecoder(bytes.NewReader(b)), src: b, left: MaxNodes, line: 1}
	p.dec.UseNumber()
	var docs []*node
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		n, err := p.value(t, 0)
		if err != nil {
			return nil, err
		}
		switch n.kind {
		case null:
		case list:
			docs = append(docs, n.items...)
		default:
			docs = append(docs, n)
		}
		if len(docs) > MaxDocuments {
			return nil, lineError{n.line, fmt.Sprintf("more than %d documents", MaxDocuments)}
		}
	}
}

type jsonParser struct {
	dec  *json.Decoder
	src  []byte
	left int
	seen int // octets of src whose lines are counted
	line int
}

// here is the line of the token just read.
func (p *jsonParser) here() int {
	at := min(int(p.dec.InputOffset()), len(p.src))
	p.line += bytes.Count(p.src[p.seen:at], []byte{'\n'})
	p.seen = at
	return p.line
}

func (p *jsonParser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err == nil || errors.Is(err, io.EOF) {
		return t, err
	}
	return nil, lineError{p.here(), "not JSON: " + err.Error()}
}

// inner is token inside a value, where the end of the input is an error.
func (p *jsonParser) inner() (json.Token, error) {
	t, err := p.token()
	if errors.Is(err, io.EOF) {
		return nil, lineError{p.here(), "not JSON: it ends too soon"}
	}
	return t, err
}

func (p *jsonParser) value(t json.Token, depth int) (*node, error) {
	n := &node{line: p.here()}
	if p.left--; p.left < 0 {
		return nil, lineError{n.line, fmt.Sprintf("more than %d values", MaxNodes)}
	}
	if depth > MaxDepth {
		return nil, lineError{n.line, fmt.Sprintf("nested deeper than %d", MaxDepth)}
	}
	switch t := t.(type) {
	case nil:
	case bool:
		n.kind, n.value = boolean, fmt.Sprint(t)
	case json.Number:
		n.kind, n.value = number, t.String()
	case string:
		n.kind, n.value = text, t
	case json.Delim:
		if t == '[' {
			return n, p.list(n, depth)
		}
		return n, p.object(n, depth)
	}
	return n, nil
}

func (p *jsonParser) list(n *node, depth int) error {
	n.kind = list
	for {
		t, err := p.inner()
		if err != nil {
			return err
		}
		if t == json.Delim(']') {
			return nil
		}
		v, err := p.value(t, depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
	}
}

func (p *jsonParser) object(n *node, depth int) error {
	n.kind = object
	seen := map[string]bool{}
	for {
		t, err := p.inner()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return nil // only the closing brace can stand here
		}
		k := key{name: name, line: p.here()}
		if seen[name] {
			return lineError{k.line, fmt.Sprintf("key %q is repeated", name)}
		}
		seen[name] = true
		if t, err = p.inner(); err != nil {
			return err
		}
		v, err := p.value(t, depth+1)
		if err != nil {
			return err
		}
		n.keys, n.items = append(n.keys, k), append(n.items, v)
	}
}
