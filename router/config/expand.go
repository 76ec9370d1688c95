package config

import (
	"bytes"
	"encoding/json"
)

// Expand replaces ${NAME} in the text of a configuration by what lookup gives for NAME, escaped as JSON text
// needs it. A name that lookup does not know stays as it is.
func Expand(b []byte, lookup func(name string) (value string, ok bool)) []byte {
	var out []byte
	for {
		start := bytes.Index(b, []byte("${"))
		if start < 0 {
			return append(out, b...)
		}
		length := bytes.IndexByte(b[start:], '}')
		if length < 0 {
			return append(out, b...)
		}
		out = append(out, b[:start]...)
		name := string(b[start+2 : start+length])
		if value, ok := lookup(name); ok {
			out = append(out, escaped(value)...)
		} else {
			out = append(out, b[start:start+length+1]...)
		}
		b = b[start+length+1:]
	}
}

func escaped(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // not possible for a string
		return nil
	}
	return b[1 : len(b)-1]
}
