package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindOf(t *testing.T) {
	missing := New(Missing, "site not found", "site create NAME")
	for _, tc := range []struct {
		name string
		err  error
		kind Kind
		hint string
	}{
		{"nil", nil, 0, ""},
		{"plain", io.EOF, Failed, ""},
		{"fault", missing, Missing, "site create NAME"},
		{"wrapped", fmt.Errorf("create link: %w", missing), Missing, "site create NAME"},
		{"outermost-kind-wins", Wrap(Late, "wait", missing, ""), Late, "site create NAME"},
		{"outermost-hint-wins", Wrap(Late, "wait", missing, "try again"), Late, "try again"},
		{"joined", errors.Join(io.EOF, missing), Missing, "site create NAME"},
		{"zero-kind", &Error{Msg: "x"}, Failed, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := KindOf(tc.err); got != tc.kind {
				t.Errorf("kind %v, want %v", got, tc.kind)
			}
			if got := Hint(tc.err); got != tc.hint {
				t.Errorf("hint %q, want %q", got, tc.hint)
			}
			if got := KindOf(tc.err).ExitCode(); got != int(tc.kind) {
				t.Errorf("exit code %d, want %d", got, int(tc.kind))
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	unknown := fmt.Errorf("list links: %w", Mark(New(Usage, "no links here", "install"), ErrUnknownKind))
	if KindOf(unknown) != Usage || ExitCode(unknown) != 4 || Hint(unknown) != "install" || unknown.Error() != "list links: no links here" {
		t.Errorf("got %v, code %d, hint %q, %q", KindOf(unknown), ExitCode(unknown), Hint(unknown), unknown)
	}
	for err, want := range map[error]int{nil: 0, io.EOF: 1, New(Usage, "x", ""): 2, New(Engine, "x", ""): 125} {
		if got := ExitCode(err); got != want {
			t.Errorf("%v: got %d", err, got)
		}
	}
}

func TestJoin(t *testing.T) {
	a, same, b := New(Denied, "a", "h"), New(Failed, "a", ""), errors.New("b")
	if got := Join(nil, a, same); got != error(a) {
		t.Errorf("got %v", got)
	}
	if got := Join(a, b, same); got.Error() != "a\nb" || !errors.Is(got, b) {
		t.Errorf("got %v", got)
	}
	if Join(nil, nil) != nil || Join() != nil {
		t.Error("nothing is something")
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"open x":      New(Failed, "open x", "hint"),
		"open x: EOF": Wrap(Failed, "open x", io.EOF, ""),
		"EOF":         Wrap(Usage, "", io.EOF, ""),
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err.Error(), want)
		}
	}
	if !errors.Is(Wrap(Failed, "open x", io.EOF, ""), io.EOF) {
		t.Error("the cause is lost")
	}
	if !Is(New(Denied, "no", ""), Denied) || Is(nil, Failed) {
		t.Error("Is does not follow KindOf")
	}
}
