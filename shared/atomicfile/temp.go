package atomicfile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The name of what is still being written is .BASE.PID-SPACE.RANDOM.tmp: PID is the writer, SPACE the PID namespace in
// which that number means anything.
const (
	tempPrefix = "."
	tempSuffix = ".tmp"
	maxBase    = 100 // octets of BASE: with the rest the name must not be longer than a file system allows
)

// pattern is that of os.CreateTemp and os.MkdirTemp.
func pattern(base string) string {
	return tempPrefix + base[:min(len(base), maxBase)] + "." + strconv.Itoa(os.Getpid()) + "-" + pidSpace() + ".*" + tempSuffix
}

// MakeDir makes a directory, readable by its owner alone, that becomes dir when all is in it: the caller renames or
// removes it. It is taken away by [Sweep] if the caller is killed before.
func MakeDir(dir string) (string, error) {
	tmp, err := os.MkdirTemp(filepath.Dir(dir), pattern(filepath.Base(dir)))
	if err != nil {
		return "", Explain("make directory", dir, err)
	}
	return tmp, nil
}

// IsTemp reports whether a file or directory of this name is one that is being written, or was when its writer was
// killed.
func IsTemp(name string) bool {
	return len(name) > len(tempPrefix)+len(tempSuffix) && strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// abandoned tells whether the writer of a temporary name is known to be gone.
func abandoned(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 4 {
		return false
	}
	number, space, ok := strings.Cut(parts[len(parts)-3], "-")
	pid, err := strconv.Atoi(number)
	return ok && err == nil && pid > 0 && space == pidSpace() && gone(pid)
}
