package manifest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// fitter compares a document with the Go type of its kind and collects what does not fit, with lines. Decoding
// afterwards cannot then fail for any of those reasons.
type fitter struct {
	unknown bool // unknown fields may pass
	faults  []lineError
}

func (f *fitter) add(line int, format string, args ...any) {
	f.faults = append(f.faults, lineError{line, fmt.Sprintf(format, args...)})
}

// fit checks n, the value of the field at path, against t.
func (f *fitter) fit(n *node, t reflect.Type, path string) {
	if n.kind == null {
		return // as good as absent
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		f.custom(n, t, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if f.want(n, object, path) {
			f.fields(n, t, path)
		}
	case reflect.Map:
		if f.want(n, object, path) {
			for i, item := range n.items {
				f.fit(item, t.Elem(), path+"."+n.keys[i].name)
			}
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			f.binary(n, path)
		} else if f.want(n, list, path) {
			for i, item := range n.items {
				f.fit(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case reflect.String:
		f.want(n, text, path)
	case reflect.Bool:
		f.want(n, boolean, path)
	case reflect.Int, reflect.Int32, reflect.Int64:
		if f.want(n, number, path) {
			if _, err := strconv.ParseInt(n.value, 10, t.Bits()); err != nil {
				f.add(n.line, "%s is %s, want a whole number", path, n.value)
			}
		}
	}
}

func (f *fitter) want(n *node, k kind, path string) bool {
	if n.kind == k {
		return true
	}
	switch {
	case k == text && (n.kind == number || n.kind == boolean):
		f.add(n.line, "%s is %s, want text: put it in quotes", path, n.value)
	case (k == number || k == boolean) && n.kind == text:
		f.add(n.line, "%s is the text %q, want %s", path, short(n.value), k)
	default:
		f.add(n.line, "%s is %s, want %s", path, n.kind, k)
	}
	return false
}

// custom tries a type that decodes itself.
func (f *fitter) custom(n *node, t reflect.Type, path string) {
	if err := json.Unmarshal(n.bytes(), reflect.New(t).Interface()); err != nil {
		f.add(n.line, "%s: %v", path, err)
	}
}

func (f *fitter) binary(n *node, path string) {
	if !f.want(n, text, path) {
		return
	}
	// Line breaks are allowed, as everywhere; the value itself may be a secret and is not shown.
	if _, err := base64.StdEncoding.DecodeString(n.value); err != nil {
		f.add(n.line, "%s is not base64", path)
	}
}

func (f *fitter) fields(n *node, t reflect.Type, path string) {
	known := fieldTypes(t)
	for i, item := range n.items {
		name := n.keys[i].name
		ft, ok := known[name]
		switch {
		case ok:
			f.fit(item, ft, join(path, name))
		case !f.unknown:
			f.add(n.keys[i].line, "unknown field %q%s", join(path, name), meant(name, known))
		}
	}
}

// fieldTypes are the JSON fields of a struct, those of inlined structs included.
func fieldTypes(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && (name == "" || strings.Contains(opts, "inline")):
			for n, ft := range fieldTypes(sf.Type) {
				out[n] = ft
			}
		case name != "" && name != "-":
			out[name] = sf.Type
		}
	}
	return out
}

// meant is a hint for a name that differs from a known one in case, or in - and _, only.
func meant(name string, known map[string]reflect.Type) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
	}
	for k := range known {
		if plain(k) == plain(name) {
			return fmt.Sprintf(", do you mean %q?", k)
		}
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func short(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
