package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sweepAge is how old what a writer left must be to be taken away if it is not known whether the writer is at work: one
// that is at work is done long before.
const sweepAge = 10 * time.Second

// sweepOf removes what writers of one file left that are known to be gone.
func sweepOf(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path)) // what cannot be read stays
	for _, e := range entries {
		base := filepath.Base(path)
		if IsTemp(e.Name()) && strings.HasPrefix(e.Name(), tempPrefix+base[:min(len(base), maxBase)]+".") && abandoned(e.Name()) {
			_ = os.RemoveAll(filepath.Join(filepath.Dir(path), e.Name())) // it is tried again
		}
	}
}

// Sweep removes below dir what writers left that were killed.
func Sweep(dir string, now time.Time) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be read stays
		}
		if !IsTemp(d.Name()) {
			return nil
		}
		if info, err := d.Info(); err != nil || !abandoned(d.Name()) && now.Sub(info.ModTime()) < sweepAge {
			return nil //nolint:nilerr // it is gone already, or in use
		}
		_ = os.RemoveAll(path) // it is tried again
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}
