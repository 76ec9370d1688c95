package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/multierr"
)

// maxLinks is how many links may lead on to others.
const maxLinks = 40

// Output is WriteFrom for a file that a user names. What is no regular file, a pipe or a device, is written into and never
// replaced, and neither are the links to what a process has open, such as /dev/stdout. Of other links the file is replaced that
// they lead to.
func Output(path string, perm fs.FileMode, fill func(io.Writer) error) error {
	target, open := follow(path)
	if info, err := os.Stat(path); open || err == nil && !info.Mode().IsRegular() {
		return into(path, fill)
	}
	sweepOf(target)
	return whole(target, perm, fill)
}

// whole is WriteFrom for what may take long to write, and where nobody sweeps: as long as it is being written the file has no name, and
// so nothing is left of a writer that is killed.
func whole(path string, perm fs.FileMode, fill func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := unnamed(dir)
	if err != nil { // this file system has none, or there is another reason, which is told by who tries in the other way
		return WriteFrom(path, perm, fill)
	}
	defer func() { _ = f.Close() }() // it is closed already if all went well
	if err := fill(f); err != nil {
		if concerns(err, f.Name()) {
			err = Explain("write", path, err)
		}
		return err
	}
	if err := errors.Join(f.Chmod(perm), f.Sync()); err != nil {
		return Explain("write", path, err)
	}
	named, err := MakeDir(path) // only this process puts anything there
	if err != nil {
		return err
	}
	defer func() { err = multierr.Append(err, os.RemoveAll(named)) }()
	tmp := filepath.Join(named, filepath.Base(path))
	if err := christen(f, tmp); err != nil {
		return Explain("write", path, err)
	}
	if err := f.Close(); err != nil {
		return Explain("write", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return Explain("write", path, err)
	}
	SyncDir(dir)
	return nil
}

// follow gives the file that a path leads to over links; open says that one of them is of a process, which has it open.
func follow(path string) (target string, open bool) {
	target = path
	for range maxLinks {
		if abs, err := filepath.Abs(target); err == nil && strings.HasPrefix(abs, "/proc/") {
			return target, true
		}
		to, err := os.Readlink(target)
		if err != nil { // it is no link, or not there
			return target, false
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(target), to)
		}
		target = to
	}
	return path, false
}

func into(path string, fill func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return Explain("write", path, err)
	}
	defer func() { err = multierr.Append(err, f.Close()) }()
	return fill(f)
}
