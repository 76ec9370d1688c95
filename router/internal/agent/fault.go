package agent

import (
	"errors"
	"fmt"
)

// Fault is the refusal of a request: a status code as HTTP has them, and a text for the client.
type Fault struct {
	Code int // 400, 404, 500 or 501
	Text string
}

// Error is the text.
func (f *Fault) Error() string { return fmt.Sprintf("%d: %s", f.Code, f.Text) }

func badRequest(format string, args ...any) *Fault {
	return &Fault{Code: 400, Text: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Fault {
	return &Fault{Code: 404, Text: fmt.Sprintf(format, args...)}
}

// faultOf turns a Source's error into a Fault.
func faultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Code: 500, Text: err.Error()}
}

// clip shortens a client's text before it is repeated.
func clip(s string) string {
	if len(s) > maxQuoted {
		return s[:maxQuoted] + "…"
	}
	return s
}
