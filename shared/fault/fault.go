// Package fault classifies the errors that somebody acts on: it fixes the exit code of a command and carries the next step to try.
package fault

import (
	"errors"
	"slices"
)

// Kind says who has to act on an error. The zero value means "no error".
type Kind int

// The kinds are also the exit codes of the commands, so their values are fixed.
const (
	Failed   Kind = 1 // the operation failed; nothing more precise is known
	Usage    Kind = 2 // the request itself is wrong: flags, operands, resource contents
	Late     Kind = 3 // not ready in time; it may still become so
	Missing  Kind = 4 // what was asked for does not exist
	Denied   Kind = 5 // refused: not allowed, expired or used up
	Conflict Kind = 6 // exists already, or was changed by somebody else

	// Engine is the code that container tools themselves end with if it was not the container that failed.
	Engine Kind = 125 // the container engine that runs the site failed, or there is none
)

// ExitCode is the exit code of a command that ended with an error of this kind; 0 for the zero kind.
func (k Kind) ExitCode() int { return int(k) }

// String is the lower-case word used in logs.
func (k Kind) String() string {
	switch k {
	case 0:
		return "none"
	case Usage:
		return "usage"
	case Late:
		return "late"
	case Missing:
		return "missing"
	case Denied:
		return "denied"
	case Conflict:
		return "conflict"
	case Engine:
		return "engine"
	}
	return "failed"
}

// Error is an error with a kind and, where there is one, the next command to try.
type Error struct {
	Kind Kind
	Msg  string // what failed; lower case, no full stop
	Hint string // the next command or step; empty when there is none
	Err  error  // why; may be nil
}

// New makes an error without a cause.
func New(kind Kind, msg, hint string) *Error { return &Error{Kind: kind, Msg: msg, Hint: hint} }

// Wrap makes an error caused by err.
func Wrap(kind Kind, msg string, err error, hint string) *Error {
	return &Error{Kind: kind, Msg: msg, Hint: hint, Err: err}
}

// Error is "what failed: why".
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the outermost Error in err's tree, Failed if there is none, and 0 for nil.
func KindOf(err error) Kind {
	if err == nil {
		return 0
	}
	var f *Error
	if errors.As(err, &f) && f.Kind != 0 {
		return f.Kind
	}
	return Failed
}

// ExitCode is the exit code of a command that ended with err.
func ExitCode(err error) int {
	if errors.Is(err, ErrUnknownKind) {
		return Missing.ExitCode()
	}
	return KindOf(err).ExitCode()
}

// ErrUnknownKind is in an error that is of the kind Usage for those who ask for kinds of resources of which a cluster may know some only.
// To who asked for something else, a user, it says that what he needs is not there.
var ErrUnknownKind = errors.New("unknown kind of resource")

// Join is errors.Join, but says only once what several say.
func Join(errs ...error) error {
	var kept []error
	for _, err := range errs {
		if err == nil || slices.ContainsFunc(kept, func(k error) bool { return k.Error() == err.Error() }) {
			continue
		}
		kept = append(kept, err)
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return errors.Join(kept...)
}

// Mark makes an error one that errors.Is takes for mark too. Its words stay.
func Mark(err *Error, mark error) error { return &marked{err, mark} }

type marked struct {
	err  *Error
	mark error
}

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() []error { return []error{m.err, m.mark} }

// Hint is the first hint in err's tree, or empty.
func Hint(err error) string {
	for err != nil {
		var f *Error
		if !errors.As(err, &f) {
			return ""
		}
		if f.Hint != "" {
			return f.Hint
		}
		err = f.Err
	}
	return ""
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }
