package host

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// gap is the room between columns.
const gap = 3

// WriteTable writes rows under their titles, columns aligned with spaces, no blanks at line ends. Without heading the
// columns keep the width they would have with it, so that both forms can be cut at the same place.
func WriteTable(w io.Writer, columns []Column, rows [][]string, heading bool) error {
	width := make([]int, len(columns))
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
		width[i] = utf8.RuneCountInString(c.Title)
	}
	for _, r := range rows {
		for i := range min(len(r), len(width)) {
			width[i] = max(width[i], utf8.RuneCountInString(cell(r[i])))
		}
	}
	var b strings.Builder
	if heading {
		line(&b, width, titles)
	}
	for _, r := range rows {
		line(&b, width, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func line(b *strings.Builder, width []int, cells []string) {
	pad := 0
	for i, c := range cells {
		if c = cell(c); c != "" {
			b.WriteString(strings.Repeat(" ", pad))
			b.WriteString(c)
			pad = 0
		}
		if i < len(width) {
			pad += width[i] - utf8.RuneCountInString(c) + gap
		}
	}
	b.WriteByte('\n')
}

// cell keeps a value on its line: a resource's message may come from outside.
func cell(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}

// WriteFields writes the lines of a single resource, values aligned.
func WriteFields(w io.Writer, fields []Field) error {
	width := 0
	for _, f := range fields {
		width = max(width, utf8.RuneCountInString(f.Title))
	}
	var b strings.Builder
	for _, f := range fields {
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(f.Title))
		b.WriteString(strings.TrimRight(f.Title+":"+pad+" "+cell(f.Value), " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteRemarks writes what a view has for stderr: notes, the sentence for an empty table, and the next command.
func WriteRemarks(w io.Writer, v View) error {
	var b strings.Builder
	for _, n := range v.Notes {
		fmt.Fprintln(&b, cell(n))
	}
	if v.Columns != nil && len(v.Rows) == 0 && v.Empty != "" {
		fmt.Fprintln(&b, v.Empty)
	}
	if v.Next != "" {
		fmt.Fprintf(&b, "next: %s\n", v.Next)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Records are the rows of a view, or its fields, its lines ({{.Line}}) or its name, by the names that templates use: {{.Name}},
// {{.Status}}.
func Records(v View) []map[string]string {
	switch {
	case v.Fields != nil:
		rec := make(map[string]string, len(v.Fields))
		for _, f := range v.Fields {
			rec[f.Name] = f.Value
		}
		return []map[string]string{rec}
	case v.Columns != nil:
		all := make([]map[string]string, 0, len(v.Rows))
		for _, r := range v.Rows {
			rec := make(map[string]string, len(v.Columns))
			for i, c := range v.Columns {
				if i < len(r) {
					rec[c.Name] = r[i]
				}
			}
			all = append(all, rec)
		}
		return all
	}
	if v.Name == "" {
		all := make([]map[string]string, 0, len(v.Lines))
		for _, l := range v.Lines {
			all = append(all, map[string]string{"Line": l})
		}
		return all
	}
	return []map[string]string{{"Name": v.Name, "Kind": v.Kind, "Verb": v.Verb}}
}
