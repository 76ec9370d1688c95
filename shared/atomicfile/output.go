package atomicfile

import (
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
	return WriteFrom(target, perm, fill)
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
