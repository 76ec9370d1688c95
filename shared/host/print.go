package host

import (
	"fmt"
	"io"
	"strings"
)

// Text is the manner of printing views as text that hosts share. The zero value prints tables without titles and a bare name
// as the result line.
type Text struct {
	Heading bool              // print the titles of tables
	Result  func(View) string // the result line; nil: the name alone
}

// Print writes what v has of lines, documents, fields, table or result, the first of these, to s.Out, and the remarks to s.Err.
// A view with none of them, and a table without rows, leave s.Out alone.
func (t Text) Print(s Streams, v View) error {
	if err := t.answer(s.Out, v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return WriteRemarks(s.Err, v)
}

func (t Text) answer(w io.Writer, v View) error {
	switch {
	case v.Lines != nil:
		var b strings.Builder
		for _, l := range v.Lines {
			b.WriteString(cell(l))
			b.WriteByte('\n')
		}
		_, err := io.WriteString(w, b.String())
		return err
	case v.Documents != nil:
		return EncodeDocuments(w, "yaml", v.Documents)
	case v.Fields != nil:
		return WriteFields(w, v.Fields)
	case v.Columns != nil && len(v.Rows) == 0:
		return nil
	case v.Columns != nil:
		return WriteTable(w, v.Columns, v.Rows, t.Heading)
	case v.Name == "":
		return nil
	}
	line := v.Name
	if t.Result != nil {
		line = t.Result(v)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// PrintAs writes the view in a format that Encode knows to s.Out, and the remarks to s.Err. An empty list is printed too: who
// asks for a document gets one.
func PrintAs(s Streams, format string, v View) error {
	var err error
	switch {
	case v.Documents != nil:
		err = EncodeDocuments(s.Out, format, v.Documents)
	case v.Object != nil:
		err = Encode(s.Out, format, v.Object)
	}
	if err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	v.Empty = ""
	if v.Documents == nil { // nor does a program read what to do next
		v.Next = ""
	}
	return WriteRemarks(s.Err, v)
}
