package filestore

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/atomicfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
)

// sweepAge is how old what a writer left must be to be taken away: one that is at work is done long before.
const sweepAge = 10 * time.Second

// Sweep removes below dir what writers left that were killed.
func Sweep(dir string, now time.Time) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be read stays
		}
		if temp := d.IsDir() && strings.HasPrefix(d.Name(), keys.NewDir) || atomicfile.IsTemp(d.Name()); !temp {
			return nil
		}
		if info, err := d.Info(); err != nil || now.Sub(info.ModTime()) < sweepAge {
			return nil //nolint:nilerr // it is gone already, or in use
		}
		_ = os.RemoveAll(path) // it is tried again
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}
