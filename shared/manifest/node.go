package manifest

import (
	"bytes"
	"encoding/json"
)

// kind is the type of a node's value.
type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "text", "a list", "a map"}[k]
}

// node is a value with the line it came from, whichever the format was.
type node struct {
	kind  kind
	line  int
	value string // of a boolean or number in JSON notation; of a text as it is
	keys  []key  // of an object, as long as items
	items []*node
}

type key struct {
	name string
	line int
}

// get is a member of an object, nil if there is none.
func (n *node) get(name string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	for i, k := range n.keys {
		if k.name == name {
			return n.items[i]
		}
	}
	return nil
}

// str is the value of a member that is a text, else empty.
func (n *node) str(name string) string {
	if m := n.get(name); m != nil && m.kind == text {
		return m.value
	}
	return ""
}

// json appends n as JSON.
func (n *node) json(b *bytes.Buffer) {
	switch n.kind {
	case null:
		b.WriteString("null")
	case boolean, number:
		b.WriteString(n.value)
	case text:
		quote(b, n.value)
	case list:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.json(b)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, n.keys[i].name)
			b.WriteByte(':')
			item.json(b)
		}
		b.WriteByte('}')
	}
}

// dropNulls removes the members without a value, at any depth: they are not given. Go would take one in a map of texts for an
// empty text.
func (n *node) dropNulls() {
	kept := 0
	for i, item := range n.items {
		item.dropNulls()
		if n.kind != object {
			continue
		}
		if item.kind != null {
			n.items[kept], n.keys[kept] = item, n.keys[i]
			kept++
		}
	}
	if n.kind == object {
		n.items, n.keys = n.items[:kept], n.keys[:kept]
	}
}

func quote(b *bytes.Buffer, s string) {
	q, err := json.Marshal(s)
	if err != nil { // cannot happen for a string
		q = []byte(`""`)
	}
	b.Write(q)
}

func (n *node) bytes() []byte {
	var b bytes.Buffer
	n.json(&b)
	return b.Bytes()
}
