package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Write writes the objects as YAML with --- between them, without empty values. Type meta is filled in.
func Write(w io.Writer, objs ...v2alpha1.Object) error {
	for i, o := range objs {
		b, err := YAML(o)
		if err != nil {
			return err
		}
		if i > 0 {
			b = append([]byte("---\n"), b...)
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write %s %s: %w", v2alpha1.KindOf(o), o.GetName(), err)
		}
	}
	return nil
}

// YAML is the object as one document, without empty values.
func YAML(o v2alpha1.Object) ([]byte, error) {
	tree, err := Tree(o)
	if err != nil {
		return nil, err
	}
	b, err := yaml.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", v2alpha1.KindOf(o), o.GetName(), err)
	}
	return b, nil
}

// WriteJSON writes one object as it is, and any other number of them as one List, so that the output always is a
// single JSON value.
func WriteJSON(w io.Writer, objs ...v2alpha1.Object) error {
	items := make([]any, 0, len(objs))
	for _, o := range objs {
		tree, err := Tree(o)
		if err != nil {
			return err
		}
		items = append(items, tree)
	}
	var out any = map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	if len(items) == 1 {
		out = items[0]
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write resources: %w", err)
	}
	return nil
}

// Tree is the object as plain maps and lists, as it would be written: with type meta, without empty values.
func Tree(o v2alpha1.Object) (map[string]any, error) {
	o = v2alpha1.DeepCopy(o)
	v2alpha1.SetTypeMeta(o)
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", v2alpha1.KindOf(o), o.GetName(), err)
	}
	tree, err := parseTree(b)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", v2alpha1.KindOf(o), o.GetName(), err)
	}
	return prune(tree), nil
}

// parseTree decodes JSON with its numbers as they are written.
func parseTree(b []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var tree map[string]any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	plain(tree)
	return tree, nil
}

// plain turns numbers into those that the YAML writer writes without quotes.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, item := range v {
			v[k] = plain(item)
		}
	case []any:
		for i, item := range v {
			v[i] = plain(item)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
	}
	return v
}

// prune removes nulls and empty maps. Empty texts and lists stay: optional fields are left out by their type already,
// so what is left is either required, where empty has a meaning, or a label or setting that is meant to be empty.
func prune(m map[string]any) map[string]any {
	for k, v := range m {
		switch v := v.(type) {
		case nil:
			delete(m, k)
		case map[string]any:
			if len(prune(v)) == 0 {
				delete(m, k)
			}
		case []any:
			for _, item := range v {
				if im, ok := item.(map[string]any); ok {
					prune(im)
				}
			}
		}
	}
	return m
}
