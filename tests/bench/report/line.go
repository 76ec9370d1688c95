// Package report keeps figures as lines of JSON, and makes a table of medians and ratios out of them.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Line is one figure, or the reason why there is none.
type Line struct {
	Round  int     `json:"round"` // from 1
	Target string  `json:"target"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit,omitempty"`
	Noise  float64 `json:"noise_cores"` // cores that were busy with something unrelated meanwhile
	Err    string  `json:"err,omitempty"`
}

// Write appends lines, one JSON object each.
func Write(w io.Writer, lines ...Line) error {
	e := json.NewEncoder(w)
	for _, l := range lines {
		l.Value, l.Noise = short(l.Value), short(l.Noise)
		if err := e.Encode(l); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	return nil
}

// Read reads lines to the end. Objects of other kinds, which have no metric, are left out.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	for d := json.NewDecoder(r); ; {
		var l Line
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return lines, nil
		} else if err != nil {
			return lines, fmt.Errorf("read figures: %w", err)
		}
		if l.Metric != "" {
			lines = append(lines, l)
		}
	}
}

// short has six digits: more would be noise. Numbers that JSON does not know become 0.
func short(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	s, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return s
}
