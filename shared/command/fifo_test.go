//go:build unix

package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipe gives commands a pipe that nobody writes to: an interrupt ends them.
func TestPipe(t *testing.T) {
	for _, words := range [][]string{{"token", "inspect"}, {"token", "redeem"}, {"system", "apply", "-f"}, {"system", "delete", "-f"}} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var text strings.Builder
		code := Main(ctx, local(west()), streamsOf(strings.NewReader(""), &text), append(words, pipe))
		if code != 1 || !strings.Contains(text.String(), "interrupted: ") {
			t.Errorf("%q: %d %s", words, code, text.String())
		}
		writer := os.ErrInvalid
		for range 10_000 { // there is a reader, once the open has begun; it ends by this
			var w *os.File
			if w, writer = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); writer == nil {
				_ = w.Close()
				break
			}
			time.Sleep(time.Millisecond)
		}
		if writer != nil {
			t.Errorf("%q has not opened the pipe: %v", words, writer)
		}
	}
}
