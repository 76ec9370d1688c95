package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Encode writes v as one document: "json" (indented by two) or "yaml". Nulls and empty objects inside are left out, so that
// resources look as a user would write them. Of nil nothing is written.
func Encode(w io.Writer, format string, v any) error {
	if v == nil {
		return nil
	}
	text, err := encode(format, v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// EncodeDocuments writes several resources: yaml documents separated by "---", or in json a single object, a v1 List if
// there is more than one, so that the output is one document for whoever reads it.
func EncodeDocuments(w io.Writer, format string, docs []any) error {
	if format == "json" {
		if len(docs) == 1 {
			return Encode(w, format, docs[0])
		}
		return Encode(w, format, List(docs))
	}
	var out bytes.Buffer
	for i, d := range docs {
		text, err := encode(format, d)
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// List is a v1 List of items, as kubectl prints and accepts it.
func List[T any](items []T) any {
	all := make([]any, 0, len(items))
	for _, it := range items {
		all = append(all, it)
	}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": all}
}

func encode(format string, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // integers stay what they are
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	tree, _ = prune(tree)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(tree); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	switch format {
	case "json":
		return out.Bytes(), nil
	case "yaml":
		return yaml.JSONToYAML(out.Bytes())
	}
	return nil, fmt.Errorf("encode result: no format %q", format)
}

// prune drops nulls and empty objects from inside v; keep is false if nothing is left of v itself.
func prune(v any) (left any, keep bool) {
	switch v := v.(type) {
	case nil:
		return nil, false
	case map[string]any:
		for k, item := range v {
			if left, keep := prune(item); keep {
				v[k] = left
			} else {
				delete(v, k)
			}
		}
		return v, len(v) > 0
	case []any:
		for i := range v {
			v[i], _ = prune(v[i])
		}
	}
	return v, true
}
