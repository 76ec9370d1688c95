package op

import (
	"fmt"
	"strings"
	"time"

	"go.uber.org/multierr"
)

// faults gathers everything wrong with the fields of a verb. Messages name the flag or operand and what is wanted.
type faults struct{ err error }

func (f *faults) add(format string, args ...any) {
	f.err = multierr.Append(f.err, fmt.Errorf(format, args...))
}

// is adds what a rule found wrong with the value of a field.
func (f *faults) is(what string, err error) {
	if err != nil {
		f.err = multierr.Append(f.err, fmt.Errorf("%s %w", what, err))
	}
}

func (f *faults) atLeast(what string, n, least int) {
	if n < least {
		f.add("%s is %d, want %d or more", what, n, least)
	}
}

func (f *faults) lasts(what string, d, least time.Duration) {
	if d < least {
		f.add("%s is %s, want %s or more", what, Span(d), Span(least))
	}
}

// Span is a time as people write it, in whole seconds where it has some: "15m" instead of "15m0s".
func Span(d time.Duration) string {
	if d.Abs() >= time.Second {
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (f *faults) oneOf(what, value string, allowed ...string) {
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	f.add("%s is %q, want %s", what, value, either(allowed))
}

// either is "a, b or c".
func either(words []string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	default:
		text := words[0]
		for _, w := range words[1 : n-1] {
			text += ", " + w
		}
		return text + " or " + words[n-1]
	}
}
