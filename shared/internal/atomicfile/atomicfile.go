// Package atomicfile writes a file completely or not at all.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write lets write fill a temporary file beside path and moves it over path when all went well: readers see the old
// content or the new, never a part. The file has exactly the permissions perm whatever the umask. If anything fails,
// path is as it was and the temporary file is gone.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // created 0600: a secret is never readable in between
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	tmp := f.Name()
	defer func() {
		if err != nil {
			_ = f.Close() // may be closed already: only its release matters here
			err = errors.Join(err, ignoreMissing(os.Remove(tmp)))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	syncDir(dir)
	return nil
}

// WriteBytes is Write with the whole content at hand.
func WriteBytes(path string, perm fs.FileMode, content []byte) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// WriteChanged is WriteBytes, but leaves a file alone that has this content already, so that those who watch it are
// not woken for nothing. It reports whether the file was written.
func WriteChanged(path string, perm fs.FileMode, content []byte) (bool, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm() == perm && info.Size() == int64(len(content)) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			return false, nil
		}
	}
	return true, WriteBytes(path, perm, content)
}

// syncDir makes the rename durable. Some file systems cannot sync a directory; the content is safe either way, so a
// failure is not one of the write.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
