package config

import (
	"fmt"
	"strings"
)

// Faults is an error that lists everything wrong with a configuration, a line each.
type Faults struct {
	What  string // such as "configuration"
	Lines []string
	More  int // faults found beyond those listed
}

// Error joins the lines.
func (f *Faults) Error() string {
	var b strings.Builder
	b.WriteString(f.What + ": " + strings.Join(f.Lines, "; "))
	if f.More > 0 {
		fmt.Fprintf(&b, "; and %d more", f.More)
	}
	return b.String()
}

// faultList gathers faults.
type faultList struct {
	lines []string
	more  int
}

func (l *faultList) add(format string, args ...any) {
	if len(l.lines) == maxFaults {
		l.more++
		return
	}
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// err is nil if there are no faults.
func (l *faultList) err(what string) error {
	if len(l.lines) == 0 {
		return nil
	}
	return &Faults{What: what, Lines: l.lines, More: l.more}
}
