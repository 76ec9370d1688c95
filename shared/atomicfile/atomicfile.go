// Package atomicfile writes a file completely or not at all, and takes away what writers that were killed have left.
package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the content of path in one step: readers see the old content or the new, never a part, and after a
// crash too. The file has exactly the permissions perm whatever the umask. If anything fails, path is as it was and
// nothing else is left.
func Write(path string, perm fs.FileMode, content []byte) error {
	return WriteFrom(path, perm, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// WriteFrom is Write with the content that fill writes. An error of fill's own is returned as it is.
func WriteFrom(path string, perm fs.FileMode, fill func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, pattern(filepath.Base(path))) // 0600: a secret is never readable in between
	if err != nil {
		return Explain("write", path, err)
	}
	tmp := f.Name()
	defer func() {
		if err != nil {
			_ = f.Close() // may be closed already: only its release matters here
			_ = os.Remove(tmp)
			if concerns(err, tmp) {
				err = Explain("write", path, err)
			}
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	SyncDir(dir)
	return nil
}

// concerns tells whether an error is one of an operation on the file tmp.
func concerns(err error, tmp string) bool {
	var p *fs.PathError
	var l *os.LinkError
	return errors.As(err, &p) && p.Path == tmp || errors.As(err, &l) && l.Old == tmp
}

// WriteChanged is Write, but leaves a file alone that has this content already, so that those who watch it are not
// woken for nothing. It reports whether the file was written.
func WriteChanged(path string, perm fs.FileMode, content []byte) (bool, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm() == perm && info.Size() == int64(len(content)) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			return false, nil
		}
	}
	return true, Write(path, perm, content)
}

// SyncDir makes a rename or removal in dir durable. Some file systems cannot sync a directory; the content is safe
// either way, so a failure is not one of the caller.
func SyncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
