package filestore

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// Bounds of what is read; those of one document are manifest's.
const (
	maxFile      = 4 << 20 // octets of one file
	maxFiles     = 10000   // files of a directory
	maxDocuments = 10000   // documents of a file
)

// document is one YAML document of a file.
type document struct {
	text []byte // as it stands in the file, without the separator line
	line int    // of the file, where text begins; the first is 1
	objs []found

	namespace string // of a single resource, as the file has it
}

// found is a resource that a document has. A document usually has one; a List has several.
type found struct {
	obj  v2alpha1.Object
	line int
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

// decode reads a document of the file path. What it says of fields that are not known is no hindrance: such a document
// may come from another implementation.
func (d *document) decode(path string) []Fault {
	if d.blank() {
		return nil
	}
	// Lines are counted from the beginning of the file.
	text := append(bytes.Repeat([]byte{'\n'}, d.line-1), d.text...)
	var faults []Fault
	size := len(text) + 1
	docs, err := manifest.Options{UnknownKinds: manifest.Keep, MaxSize: size}.Read(bytes.NewReader(text), path)
	if err != nil {
		lenient, worse := manifest.Options{UnknownKinds: manifest.Keep, UnknownFields: true, MaxSize: size}.Read(bytes.NewReader(text), path)
		if worse != nil {
			return d.toFaults(path, worse, false)
		}
		docs, faults = lenient, d.toFaults(path, err, true)
	}
	for _, m := range docs {
		if m.Object == nil {
			// Who puts a resource of something else beside ours means it for somebody else; one of ours was meant for us.
			faults = append(faults, Fault{Path: path, Line: m.Line, Remark: true, Unknown: strings.HasPrefix(m.APIVersion, v2alpha1.Group+"/"),
				Why: fmt.Sprintf("kind %s of %s is not known here and is ignored", m.Kind, m.APIVersion)})
			continue
		}
		if err := errors.Join(checkName(m.Object.GetName()), checkUID(m.Object.GetUID())); err != nil {
			faults = append(faults, Fault{Path: path, Line: m.Line, Why: m.Kind + ": " + err.Error()})
			continue
		}
		d.objs, d.namespace = append(d.objs, found{m.Object, m.Line}), m.Namespace
	}
	return faults
}

// toFaults takes an error of the manifest reader apart: one fault per line.
func (d *document) toFaults(path string, err error, remark bool) []Fault {
	var out []Fault
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
		if len(multierr.Errors(err)) > 1 {
			break
		}
	}
	for _, e := range multierr.Errors(err) {
		f := Fault{Path: path, Line: d.line, Why: e.Error(), Remark: remark}
		if rest, ok := strings.CutPrefix(f.Why, path+":"); ok {
			f.Why = strings.TrimSpace(rest)
			if number, why, ok := strings.Cut(rest, ": "); ok {
				if n, err := strconv.Atoi(number); err == nil {
					f.Line, f.Why = n, why
				}
			}
		}
		out = append(out, f)
	}
	return out
}
