package command

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestStdin(t *testing.T) {
	if err := iotest.TestReader(stdin{t.Context(), strings.NewReader("some words")}, []byte("some words")); err != nil {
		t.Error(err)
	}
}

func TestStdinInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close() // lets the read end
	cancel()
	if _, err := (stdin{ctx, r}).Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	h := local()
	var text strings.Builder
	code := Main(ctx, h, streamsOf(r, &text), []string{"system", "apply", "-f", "-"})
	if code != 1 || !strings.Contains(text.String(), "interrupted: ") || h.opened != 0 {
		t.Errorf("%d %s", code, text.String())
	}
}
