package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Table says which columns a table has: medians of Targets, then the ratio of Subject to each of Bases, then the noise.
type Table struct {
	Targets []string
	Subject string
	Bases   []string
}

// absent stands where there is no figure.
const absent = "-"

// Print writes the table in Markdown, aligned for the eye. A row that has no figure of the subject or of a base is there
// all the same, with a dash: what is missing must be seen.
func (t Table) Print(w io.Writer, f *Figures) error {
	head := []string{"metric", "unit"}
	head = append(head, t.Targets...)
	for _, b := range t.Bases {
		head = append(head, t.Subject+"/"+b)
	}
	rows := [][]string{append(head, "noise")}
	for _, m := range f.Metrics {
		row := []string{m, f.units[m]}
		for _, target := range t.Targets {
			row = append(row, cell(f.Median(m, target)))
		}
		for _, b := range t.Bases {
			ratio := absent
			if v, ok := f.Ratio(m, t.Subject, b); ok {
				ratio = strconv.FormatFloat(v, 'f', 2, 64)
			}
			row = append(row, ratio)
		}
		rows = append(rows, append(row, strconv.FormatFloat(f.Noise(m), 'f', 2, 64)))
	}
	return write(w, rows)
}

func cell(v float64, ok bool) string {
	if !ok {
		return absent
	}
	return Number(v)
}

// Number writes a figure with three digits, or as many as it has before the point.
func Number(v float64) string {
	if v >= 100 || v <= -100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// write aligns words to the left in the first two columns, and numbers to the right in the others.
func write(w io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i < 2 {
				b.WriteString("| " + c + pad + " ")
			} else {
				b.WriteString("| " + pad + c + " ")
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			for i, width := range widths {
				end := "-"
				if i >= 2 {
					end = ":"
				}
				b.WriteString("|" + strings.Repeat("-", width+1) + end)
			}
			b.WriteString("|\n")
		}
		if _, err := io.WriteString(w, b.String()); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
	}
	return nil
}
