package atomicfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// TestFullDisk writes to a file system of 64 KiB until it is full.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small file system cannot be mounted here, so a full disk is not tried: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "f")
	if err := Write(path, 0o600, []byte("old")); err != nil {
		t.Fatal(err)
	}
	err := Write(path, 0o600, bytes.Repeat([]byte("x"), 128<<10))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(fault.Hint(err), "make room") {
		t.Errorf("got %v, hint %q", err, fault.Hint(err))
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "old" {
		t.Errorf("got %q, %v", b, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
	// A directory that is being made is not spoken of by the name that it has meanwhile.
	tmp, err := MakeDir(filepath.Join(dir, "key.pair"))
	if err != nil {
		t.Fatal(err)
	}
	err = Write(filepath.Join(tmp, "tls.key"), 0o600, bytes.Repeat([]byte("x"), 128<<10))
	if want := "write " + filepath.Join(dir, "key.pair", "tls.key") + ": no space left on device"; err == nil || err.Error() != want || fault.Hint(err) != "make room on the file system of "+dir {
		t.Errorf("got %v, hint %q", err, fault.Hint(err))
	}
	if err := os.Remove(tmp); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, 0o600, nil); !errors.Is(err, syscall.EROFS) || !strings.Contains(fault.Hint(err), "SKUPPER_HOME") {
		t.Errorf("got %v, hint %q", err, fault.Hint(err))
	}
}
