//go:build unix

package atomicfile

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func say(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// TestOutput: what a user names is written, and never replaced if it is no regular file.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "f"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	for _, text := range []string{"new", "longer than before", "x"} {
		if err := Output(file, 0o600, say(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}

	if err := os.Symlink("f", link); err != nil {
		t.Fatal(err)
	}
	if err := Output(link, 0o644, say("over a link")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(file)
	if to, lerr := os.Readlink(link); lerr != nil || to != "f" || err != nil || info.Mode() != 0o644 {
		t.Errorf("the link is %q (%v), the file %v (%v)", to, lerr, info, err)
	}

	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(pipe)
		read <- fmt.Sprint(string(text), err)
	}()
	if err := Output(pipe, 0o600, say("into a pipe")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "into a pipe<nil>" {
		t.Errorf("read %q", got)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v, %v", info, err)
	}
	if err := Output(filepath.Join(dir, "no", "f"), 0o600, say("")); err == nil {
		t.Error("there is no directory, and nobody minds")
	}
}

// TestOutputIntoOpen: a link to a file that this process has open stays, as /dev/stdout of a program whose output goes to a file.
func TestOutputIntoOpen(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "redirected"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	own := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if _, err := os.Stat(own); err != nil {
		t.Skip("there is no /proc here")
	}
	link, second := filepath.Join(dir, "stdout"), filepath.Join(dir, "second")
	for from, to := range map[string]string{link: own, second: "stdout"} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{link, second, own} {
		if err := Output(path, 0o600, say(path)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(f.Name())
		if err != nil || !bytes.HasPrefix(got, []byte(path)) {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
		if to, err := os.Readlink(path); err != nil || strings.HasPrefix(to, "/proc/") != (path == link) && path != own {
			t.Errorf("%s leads to %q, %v", path, to, err)
		}
	}
}
