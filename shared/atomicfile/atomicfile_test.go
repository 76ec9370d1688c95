package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, perm := range []os.FileMode{0o600, 0o644, 0o600} {
		if err := Write(path, perm, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != perm {
			t.Errorf("got %v %v, want %v", info, err, perm)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		content string
		perm    os.FileMode
		changed bool
	}{{"x", 0o600, false}, {"y", 0o600, true}, {"y", 0o644, true}, {"y", 0o644, false}} {
		did, err := WriteChanged(path, tt.perm, []byte(tt.content))
		if err != nil || did != tt.changed {
			t.Errorf("%+v: got %v %v", tt, did, err)
		}
		now, _ := os.Stat(path)
		if os.SameFile(before, now) == tt.changed {
			t.Errorf("%+v: replaced is %v", tt, !os.SameFile(before, now))
		}
		before = now
	}
}

// Whatever fails, what was there is as it was, and nothing else is left.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, 0o600, []byte("new")); err == nil || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("got %v, want an error without the temporary file's name", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
	if err := Write(filepath.Join(dir, "no", "f"), 0o600, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestExplain(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC: "make room", errQuota: "make room", syscall.EROFS: "read-only", syscall.EACCES: "writable", syscall.EIO: "",
	} {
		got := Explain("write", "/a/b", &os.PathError{Op: "open", Path: "/a/.b.1.tmp", Err: err})
		if got.Error() != "write /a/b: "+err.Error() || !strings.Contains(fault.Hint(got), want) || want == "" && fault.Hint(got) != "" {
			t.Errorf("%v: got %v, hint %q", err, got, fault.Hint(got))
		}
		if again := Explain("x", "y", got); again != got { // the very same
			t.Errorf("explained twice: %v", again)
		}
	}
}

func TestIsTemp(t *testing.T) {
	for name, want := range map[string]bool{".f.1.tmp": true, ".tmp": false, "f.tmp": false, ".f": false, "..tmp": false, ".x.tmp": true} {
		if IsTemp(name) != want {
			t.Errorf("%s: got %v", name, !want)
		}
	}
}

// TestWriteFromFails: an error of the filling is returned as it is, and leaves what there was.
func TestWriteFromFails(t *testing.T) {
	path, broken := filepath.Join(t.TempDir(), "f"), errors.New("broken")
	half := func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	}
	for _, want := range []string{"", "old"} {
		if want != "" {
			if err := Write(path, 0o644, []byte(want)); err != nil {
				t.Fatal(err)
			}
		}
		if err := WriteFrom(path, 0o644, half); !errors.Is(err, broken) || fault.Hint(err) != "" || strings.Contains(err.Error(), "write") {
			t.Errorf("got %v, want the writer's error", err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 1 || want == "" && len(entries) > 0 {
			t.Errorf("left: %v", entries)
		}
	}
}

// TestLongName: what a file system takes as a name is written, though the temporary name is longer.
func TestLongName(t *testing.T) {
	if err := Write(filepath.Join(t.TempDir(), strings.Repeat("n", 250)), 0o600, nil); err != nil {
		t.Error(err)
	}
}
