package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.uber.org/multierr"
	"sigs.k8s.io/json"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Document is one resource that was read.
type Document struct {
	Object     v2alpha1.Object // nil for an unknown kind that Options.Unknown keeps
	APIVersion string
	Kind       string
	Name       string
	Namespace  string
	File       string // the name given to Read
	Line       int    // of its first field
	JSON       []byte // the whole document, unknown fields included; of a known kind without members that are null
}

// Where is file and line, to begin a message with.
func (d Document) Where() string { return fmt.Sprintf("%s:%d", d.File, d.Line) }

// Unknown says what becomes of a document of a kind that is not known.
type Unknown int

// The choices. Refuse is the zero value.
const (
	Refuse Unknown = iota // it is an error
	Keep                  // a Document without Object
	Ignore                // left out
)

// Options loosen the rules. The zero value is strict.
type Options struct {
	UnknownKinds  Unknown
	UnknownFields bool // let them pass; Document.JSON has them
	MaxSize       int  // octets; 0 means MaxSize
}

// Read reads all documents, strictly. name is that of the file, for messages. The error is a fault.Usage that lists
// everything that is wrong.
func Read(r io.Reader, name string) ([]Document, error) { return Options{}.Read(r, name) }

// ReadFile is Read of a file.
func ReadFile(path string) ([]Document, error) { return Options{}.ReadFile(path) }

// ReadFile is Read of a file; fault.Missing if there is none.
func (o Options) ReadFile(path string) ([]Document, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.Missing, fmt.Sprintf("file %s does not exist", path), "")
	}
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	return o.Read(f, path)
}

// Read reads all documents of r by the options.
func (o Options) Read(r io.Reader, name string) ([]Document, error) {
	limit := o.MaxSize
	if limit == 0 {
		limit = MaxSize
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > limit {
		return nil, fault.New(fault.Usage, fmt.Sprintf("%s is larger than %d octets", name, limit), "")
	}
	nodes, err := parse(b)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, "", at(name, err), "")
	}
	rd := reader{Options: o, file: name}
	for _, n := range nodes {
		rd.document(n, true)
	}
	if rd.err != nil {
		return nil, fault.Wrap(fault.Usage, "", rd.err, "")
	}
	return rd.docs, nil
}

// parse takes the text for JSON if it looks so, and for YAML otherwise or if it turns out not to be.
func parse(b []byte) ([]*node, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	head := bytes.TrimLeft(b, " \t\r\n")
	if len(head) == 0 || (head[0] != '{' && head[0] != '[') {
		return parseYAML(b)
	}
	docs, err := parseJSON(b)
	if err == nil {
		return docs, nil
	}
	if docs, yerr := parseYAML(b); yerr == nil {
		return docs, nil
	}
	return nil, err
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s+)?line (\d+): `)

// at puts file and line in front of a parser's error.
func at(name string, err error) error {
	var le lineError
	if errors.As(err, &le) {
		return fmt.Errorf("%s:%d: %s", name, le.line, le.msg)
	}
	msg := err.Error()
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, convErr := strconv.Atoi(m[1])
		if convErr == nil {
			return fmt.Errorf("%s:%d: not YAML: %s", name, line, strings.TrimPrefix(msg, m[0]))
		}
	}
	return fmt.Errorf("%s: not YAML: %s", name, strings.TrimPrefix(msg, "yaml: "))
}

type reader struct {
	Options
	file   string
	docs   []Document
	faults int
	err    error
}

func (r *reader) fail(line int, format string, args ...any) {
	switch r.faults++; {
	case r.faults <= MaxFaults:
		r.err = multierr.Append(r.err, fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...)))
	case r.faults == MaxFaults+1:
		r.err = multierr.Append(r.err, fmt.Errorf("%s: and more", r.file))
	}
}

// document reads one document; a list of resources is its items.
func (r *reader) document(n *node, top bool) {
	if n.kind != object {
		r.fail(n.line, "the document is %s, want a resource", n.kind)
		return
	}
	d := Document{APIVersion: n.str("apiVersion"), Kind: n.str("kind"), File: r.file, Line: n.line,
		Name: n.get("metadata").str("name"), Namespace: n.get("metadata").str("namespace")}
	if items := n.get("items"); top && items != nil && items.kind == list && strings.HasSuffix(d.Kind, "List") {
		for _, item := range items.items {
			r.document(item, false)
		}
		return
	}
	if len(r.docs) >= MaxDocuments {
		r.fail(n.line, "more than %d documents", MaxDocuments)
		return
	}
	if d.APIVersion == "" || d.Kind == "" {
		r.fail(n.line, "apiVersion and kind are required")
		return
	}
	info, ok := v2alpha1.Lookup(d.Kind)
	if !ok || info.Kind != d.Kind || info.APIVersion != d.APIVersion {
		r.unknownKind(n, d)
		return
	}
	f := fitter{unknown: r.UnknownFields}
	d.Object = info.New()
	f.fields(n, reflect.TypeOf(d.Object).Elem(), "")
	if d.Name == "" {
		f.add(n.line, "metadata.name is required")
	}
	for _, e := range f.faults {
		r.fail(e.line, "%s: %s", title(d), e.msg)
	}
	if len(f.faults) > 0 {
		return
	}
	n.dropNulls()
	d.JSON = n.bytes()
	if err := json.UnmarshalCaseSensitivePreserveInts(d.JSON, d.Object); err != nil {
		r.fail(n.line, "%s: %v", title(d), err)
		return
	}
	if s, ok := d.Object.(*v2alpha1.Secret); ok {
		s.MergeStringData()
	}
	r.docs = append(r.docs, d)
}

func (r *reader) unknownKind(n *node, d Document) {
	switch r.UnknownKinds {
	case Keep:
		d.JSON = n.bytes()
		r.docs = append(r.docs, d)
	case Refuse:
		hint := ""
		if info, ok := v2alpha1.Lookup(d.Kind); ok {
			hint = fmt.Sprintf(", want %s of %s", info.Kind, info.APIVersion)
		}
		r.fail(n.line, "unknown kind %q of %q%s", d.Kind, d.APIVersion, hint)
	}
}

// title is the kind and name of a document as far as it has them.
func title(d Document) string {
	if d.Name == "" {
		return d.Kind
	}
	return d.Kind + " " + d.Name
}
