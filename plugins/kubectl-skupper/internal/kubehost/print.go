package kubehost

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
)

// Print implements host.Host.
func (h Host) Print(c *cli.Context, s host.Streams, v host.View) error {
	if lists(c) && v.Columns != nil && v.Fields == nil {
		var err error
		if v, err = choose(v, c.String("selector"), c.Bool("all-namespaces")); err != nil {
			return err
		}
	}
	if err := h.answer(c, s.Out, v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	if f := c.String("output"); f != "" && f != "wide" {
		v.Empty = "" // who asks for a document gets one
		if v.Documents == nil {
			v.Next = "" // which a program does not read
		}
	}
	return host.WriteRemarks(s.Err, v)
}

// answer writes the result itself.
func (h Host) answer(c *cli.Context, w io.Writer, v host.View) error {
	format := c.String("output")
	if format == "" || format == "wide" {
		return h.human(c, w, v, format == "wide")
	}
	if format == "name" {
		return writeNames(w, v)
	}
	object, err := document(v, c.Bool("show-managed-fields"))
	if object == nil || err != nil {
		return err
	}
	name, template, _ := strings.Cut(format, "=")
	switch name {
	case "json", "yaml":
		if v.Documents != nil && name == "yaml" {
			return host.EncodeDocuments(w, name, items(object))
		}
		return host.Encode(w, name, object)
	case "custom-columns":
		columns, err := parseColumns(template)
		if err != nil {
			return err
		}
		return columns.write(w, items(object), !c.Bool("no-headers"))
	}
	p, err := templatePrinter(format)
	if err != nil {
		return err
	}
	return p.PrintObj(&unstructured.Unstructured{Object: object}, w)
}

// human writes what people read.
func (h Host) human(c *cli.Context, w io.Writer, v host.View, wide bool) error {
	switch {
	case v.Documents != nil:
		return host.EncodeDocuments(w, "yaml", v.Documents)
	case v.Fields != nil:
		return host.WriteFields(w, v.Fields)
	case v.Columns != nil:
		if wide {
			v = widen(v, h.now())
		}
		return writeTable(w, v, !c.Bool("no-headers"))
	case v.Lines != nil:
		return host.Text{}.Print(host.Streams{Out: w, Err: io.Discard}, host.View{Lines: resultLines(v)})
	case v.Name == "":
		return nil
	}
	_, err := fmt.Fprintln(w, resultLine(v.Kind, v.Name, v.Verb))
	return err
}

// resultLine says what was done as kubectl does: "site.skupper.io/west created".
func resultLine(kind, name, verb string) string {
	return strings.TrimSpace(qualified(kind, name) + " " + verb)
}

// qualified is a resource as -o name shows it.
func qualified(kind, name string) string {
	kind = strings.ToLower(kind)
	if info, ok := v2alpha1.Lookup(kind); ok {
		if group := info.GroupVersionKind().Group; group != "" {
			kind += "." + group
		}
	}
	if kind == "" {
		return name
	}
	return kind + "/" + name
}

// done is one of several things that a verb did, as its object tells it.
type done struct{ Kind, Name, Did string }

func dones(v host.View) []done {
	var all []done
	text, err := json.Marshal(v.Object)
	if err != nil || json.Unmarshal(text, &all) != nil || len(all) != len(v.Lines) {
		return nil
	}
	return all
}

// resultLines are the lines of a verb that did several things in kubectl's manner, where they tell of resources.
func resultLines(v host.View) []string {
	all := dones(v)
	lines := make([]string, 0, len(v.Lines))
	for i, l := range v.Lines {
		if all != nil {
			l = resultLine(all[i].Kind, all[i].Name, all[i].Did)
		}
		lines = append(lines, l)
	}
	return lines
}

// writeNames writes kind and name of each resource, a line each.
func writeNames(w io.Writer, v host.View) error {
	var b strings.Builder
	switch list := listed(v); {
	case v.Documents != nil || v.Columns != nil && v.Fields == nil:
		for _, o := range list {
			b.WriteString(qualified(v2alpha1.KindOf(o), o.GetName()) + "\n")
		}
	case v.Lines != nil:
		for _, d := range dones(v) {
			b.WriteString(qualified(d.Kind, d.Name) + "\n")
		}
	case v.Name != "":
		b.WriteString(qualified(v.Kind, v.Name) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// document is the result as one tree, nil if there is none. A list that is not one of resources becomes one, so that the answer is
// one object.
func document(v host.View, managedFields bool) (map[string]any, error) {
	object := v.Object
	if v.Documents != nil {
		if object = host.List(v.Documents); len(v.Documents) == 1 {
			object = v.Documents[0]
		}
	}
	if object == nil {
		return nil, nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	if all, ok := tree.([]any); ok {
		tree = host.List(all)
	}
	out, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the result is a %T, want an object", tree)
	}
	if !managedFields {
		for _, item := range items(out) {
			if o, ok := item.(map[string]any); ok {
				unstructured.RemoveNestedField(o, "metadata", "managedFields")
			}
		}
	}
	return out, nil
}

// items are the resources of a tree: those of a list, or the one that it is.
func items(tree map[string]any) []any {
	if all, ok := tree["items"].([]any); ok && tree["kind"] == "List" {
		return all
	}
	return []any{tree}
}
