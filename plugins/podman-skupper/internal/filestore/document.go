package filestore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Bounds of what is read.
const (
	maxFile      = 4 << 20 // octets of one file
	maxFiles     = 10000   // files of a directory
	maxDocuments = 10000   // documents of a file
)

// document is one YAML document of a file.
type document struct {
	text []byte          // as it stands in the file, without the separator line
	line int             // of the file, where text begins; the first is 1
	obj  v2alpha1.Object // nil for a document that has nothing for us: empty, or of another kind
	raw  map[string]any  // the same with all fields, known or not
}

// docError is what is wrong with one document.
type docError struct {
	line int // of the file; 0 if it cannot be told
	why  string
}

func (e *docError) Error() string {
	if e.line == 0 {
		return e.why
	}
	return fmt.Sprintf("line %d: %s", e.line, e.why)
}

// split cuts a file into its documents.
func split(content []byte) []document {
	var docs []document
	start, line, at := 0, 1, 1
	for pos := 0; pos < len(content); {
		end := bytes.IndexByte(content[pos:], '\n')
		next := len(content)
		if end >= 0 {
			next = pos + end + 1
		}
		if isSeparator(content[pos:next]) {
			docs = append(docs, document{text: content[start:pos], line: at})
			start, at = next, line+1
		}
		pos = next
		line++
	}
	return append(docs, document{text: content[start:], line: at})
}

// isSeparator tells whether a line is "---", perhaps with a comment.
func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	if !ok {
		return false
	}
	rest = bytes.TrimRight(rest, " \t\r\n")
	return len(rest) == 0 || (rest[0] == ' ' || rest[0] == '\t') && bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("#"))
}

// blank tells whether a document has nothing but comments and white space.
func (d *document) blank() bool {
	for line := range bytes.Lines(d.text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// decode reads a document. The error is a *docError.
func (d *document) decode() error {
	if d.blank() {
		return nil
	}
	asJSON, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		return d.yamlError(err)
	}
	var raw map[string]any
	dec := json.NewDecoder(bytes.NewReader(asJSON))
	dec.UseNumber()
	if err := dec.Decode(&raw); err != nil {
		return &docError{d.firstLine(), "not a resource: want apiVersion, kind, metadata and spec"}
	}
	kind, _ := raw["kind"].(string)
	version, _ := raw["apiVersion"].(string)
	if kind == "" || version == "" {
		return &docError{d.firstLine(), "not a resource: apiVersion or kind is missing"}
	}
	info, ok := v2alpha1.Lookup(kind)
	if !ok || info.Kind != kind || info.APIVersion != version {
		return &docError{d.lineOf("kind"), fmt.Sprintf("kind %s of %s is not known here and is ignored", kind, version)}
	}
	obj := info.New()
	if err := json.Unmarshal(asJSON, obj); err != nil {
		return d.typeError(err)
	}
	if s, ok := obj.(*v2alpha1.Secret); ok {
		s.MergeStringData()
	}
	if err := checkName(obj.GetName()); err != nil {
		return &docError{d.lineOf("name"), err.Error()}
	}
	d.obj, d.raw = obj, raw
	return nil
}

var yamlLine = regexp.MustCompile(`(?:yaml: )?line (\d+): `)

// yamlError moves the line of the parser's error from the document to the file.
func (d *document) yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	text = strings.TrimPrefix(text, "yaml: unmarshal errors:\n  ")
	line := d.firstLine()
	if m := yamlLine.FindStringSubmatchIndex(text); m != nil {
		if n, err := strconv.Atoi(text[m[2]:m[3]]); err == nil {
			line = d.line + n - 1
		}
		text = text[:m[0]] + text[m[1]:]
	}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "yaml: "), "\n")
	return &docError{line, "not YAML: " + text}
}

// typeError names the field that has a value of the wrong type.
func (d *document) typeError(err error) error {
	var t *json.UnmarshalTypeError
	if !errors.As(err, &t) {
		return &docError{d.firstLine(), err.Error()}
	}
	field := t.Field
	last := field[strings.LastIndexByte(field, '.')+1:]
	return &docError{d.lineOf(last), fmt.Sprintf("%s is a %s, want %s", field, t.Value, wanted(t))}
}

func wanted(t *json.UnmarshalTypeError) string {
	switch k := t.Type.Kind().String(); {
	case strings.HasPrefix(k, "int"), strings.HasPrefix(k, "uint"):
		return "an integer"
	case k == "string":
		return "text (put it in quotes)"
	case k == "bool":
		return "true or false"
	case k == "slice":
		return "a list"
	}
	return "a mapping"
}

// firstLine is the first line of the document with any content.
func (d *document) firstLine() int {
	line := d.line
	for l := range bytes.Lines(d.text) {
		if l = bytes.TrimSpace(l); len(l) > 0 && l[0] != '#' {
			return line
		}
		line++
	}
	return d.line
}

// lineOf is the line on which a key stands first, or the document's first line.
func (d *document) lineOf(key string) int {
	line := d.line
	for l := range bytes.Lines(d.text) {
		l = bytes.TrimLeft(l, " \t-{\"'")
		if rest, ok := bytes.CutPrefix(l, []byte(key)); ok && len(bytes.TrimLeft(rest, "\"' ")) > 0 && bytes.TrimLeft(rest, "\"' ")[0] == ':' {
			return line
		}
		line++
	}
	return d.firstLine()
}

// encode is a resource as a document: keys in order, nothing empty, and always a metadata.name, a namespace and a spec.
func encode(raw map[string]any) ([]byte, error) {
	raw, _ = prune(raw).(map[string]any)
	if raw["kind"] != v2alpha1.KindSecret {
		if _, ok := raw["spec"]; !ok {
			raw["spec"] = map[string]any{}
		}
	}
	asJSON, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(asJSON)
}

// prune is a copy of v without nulls and empty mappings.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			item = prune(item)
			if m, ok := item.(map[string]any); item == nil || ok && len(m) == 0 {
				continue
			}
			out[k] = item
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = prune(v[i])
		}
		return out
	}
	return v
}

// toRaw is a typed resource with its fields as they are in a file.
func toRaw(obj any) (map[string]any, error) {
	b, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // integers stay what they are
	var raw map[string]any
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	return raw, nil
}
