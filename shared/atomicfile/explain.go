package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/skupper-plugins/suite/shared/fault"
)

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
		hint = "make room on the file system of " + filepath.Dir(path)
	case errors.Is(err, syscall.EROFS):
		hint = "the file system is read-only; use a directory that can be written (SKUPPER_HOME for what belongs to a local site)"
	case errors.Is(err, fs.ErrPermission):
		hint = "it has to be writable by the user who runs this; or use another directory (SKUPPER_HOME for what belongs to a local site)"
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
