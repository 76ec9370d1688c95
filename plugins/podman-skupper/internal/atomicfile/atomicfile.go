// Package atomicfile writes a file of a local site completely or not at all.
package atomicfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Write replaces the content of path in one step: readers see the old content or the new, never a part, and after a
// crash too. The file has exactly the permissions perm whatever the umask. If anything fails, path is as it was and
// nothing else is left.
func Write(path string, perm fs.FileMode, content []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, tempPrefix+filepath.Base(path)+".*"+tempSuffix) // 0600: a secret is never readable in between
	if err != nil {
		return Explain("write", path, err)
	}
	tmp := f.Name()
	defer func() {
		if err != nil {
			_ = f.Close() // may be closed already: only its release matters here
			_ = os.Remove(tmp)
			err = Explain("write", path, err)
		}
	}()
	if _, err := f.Write(content); err != nil {
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

const (
	tempPrefix = "."
	tempSuffix = ".tmp"
)

// IsTemp reports whether a file of this name is one that Write left behind when it was killed.
func IsTemp(name string) bool {
	return len(name) > len(tempPrefix)+len(tempSuffix) && name[:1] == tempPrefix && filepath.Ext(name) == tempSuffix
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

// Explain is what an operation on a file failed with, as a fault that has the next step where people can do something
// about it.
func Explain(operation, path string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, errQuota):
		hint = "make room on the file system of " + filepath.Dir(path) + ", then try again; nothing was changed"
	case errors.Is(err, syscall.EROFS):
		hint = "the file system is read-only; set SKUPPER_HOME to a directory that can be written"
	case errors.Is(err, fs.ErrPermission):
		hint = "it has to be writable by the user who runs this; set SKUPPER_HOME to use another directory"
	}
	return fault.Wrap(fault.Failed, operation+" "+path, cause(err), hint)
}

// cause drops the name of the temporary file from an error: nobody can do anything with it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
