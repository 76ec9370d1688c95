package bundle

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Bounds of what is taken into a bundle.
const (
	maxFile  = 8 << 20 // octets
	maxFiles = 20000
)

// copyTree copies the regular files below a directory; links are followed for files, not for directories. A directory that is not
// there has none.
func copyTree(from, to string) error {
	count := 0
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == from && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		if count++; count > maxFiles || info.Size() > maxFile {
			return fault.New(fault.Usage, fmt.Sprintf("%s has more than %d files, or %s more than %d octets", from, maxFiles, rel, maxFile), "")
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return put(filepath.Join(to, rel), info.Mode().Perm()&0o644, text)
	})
	if err != nil {
		return fault.Wrap(fault.KindOf(err), "read what goes into the bundle", err, fault.Hint(err))
	}
	return nil
}

// archive writes the tree below dir, under the name top, and further files, as a compressed tar. Owners and times of this
// machine are left out.
func archive(w io.Writer, dir, top string, more map[string][]byte, now time.Time) error {
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	add := func(name string, mode int64, text []byte) error {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("file name %q leads out of the bundle", name)
		}
		h := &tar.Header{Name: filepath.ToSlash(name), Mode: mode, Size: int64(len(text)), ModTime: now, Typeflag: tar.TypeReg}
		if text == nil {
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(text)
		return err
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.Join(top, rel)
		if d.IsDir() {
			return add(name, 0o755, nil)
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text == nil {
			text = []byte{}
		}
		return add(name, int64(info.Mode().Perm()), text)
	})
	for name, text := range more {
		if err == nil {
			err = add(name, 0o755, text)
		}
	}
	return errors.Join(err, t.Close(), z.Close())
}
