package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	hint, path := "", settled(path)
	switch {
	case Full(err):
		hint = "make room on the file system of " + standing(filepath.Dir(path))
	case errors.Is(err, syscall.EROFS):
		hint = "the file system is read-only; use a directory that can be written (SKUPPER_HOME for what belongs to a local site)"
	case errors.Is(err, fs.ErrPermission):
		hint = "it has to be writable by the user who runs this; or use another directory (SKUPPER_HOME for what belongs to a local site)"
	}
	return fault.Wrap(fault.Failed, operation+" "+path, cause(err), hint)
}

// Full tells whether something could not be written because there is no room, or no more for this user.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, errQuota) }

// settled is a path with the names that directories get which are still being made.
func settled(path string) string {
	parts := strings.Split(path, string(filepath.Separator))
	for i, name := range parts {
		if f := strings.Split(name, "."); IsTemp(name) && len(f) > 4 { // empty, BASE, PID-SPACE, RANDOM, tmp
			parts[i] = strings.Join(f[1:len(f)-3], ".")
		}
	}
	return strings.Join(parts, string(filepath.Separator))
}

// standing is a directory, or the first above it that is there.
func standing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
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
