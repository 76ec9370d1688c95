// Package keys keeps the key pairs of a local site in directories: ca.crt, tls.crt and tls.key, the last readable by its
// owner only.
package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
)

// Names of the files of a directory.
const (
	CA   = "ca.crt"
	Cert = "tls.crt"
	Key  = "tls.key"
)

const (
	maxFile = 256 << 10 // octets
	maxDirs = 10000     // key pairs of a directory
)

// Read reads a directory. What is not there is left empty; the error is os.ErrNotExist if nothing is.
func Read(dir string) (pki.Pair, error) {
	var p pki.Pair
	for name, to := range map[string]*[]byte{CA: &p.CA, Cert: &p.Cert, Key: &p.Key} {
		b, err := readFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return pki.Pair{}, err
		}
		*to = b
	}
	if p.CA == nil && p.Cert == nil && p.Key == nil {
		return p, fmt.Errorf("read key pair %s: %w", dir, os.ErrNotExist)
	}
	return p, nil
}

func readFile(path string) ([]byte, error) {
	// Users put files here: a named pipe or a device must not hold up whoever looks.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s has more than %d octets", path, maxFile)
	}
	return b, nil
}

// ReadAll reads the key pairs in the directories below dir, by name. Those that cannot be read, or are not complete and
// fitting, are left out; faults tell of them.
func ReadAll(dir string) (pairs map[string]pki.Pair, faults []error) {
	pairs = map[string]pki.Pair{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("read key pairs: %w", err))
		}
		return pairs, faults
	}
	for _, e := range entries[:min(len(entries), maxDirs)] {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p, err := Read(filepath.Join(dir, e.Name()))
		if err == nil {
			err = complete(p)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("key pair %s: %w", filepath.Join(dir, e.Name()), err))
			continue
		}
		pairs[e.Name()] = p
	}
	return pairs, faults
}

// complete tells whether a pair has all three parts and they fit.
func complete(p pki.Pair) error {
	for name, part := range map[string][]byte{CA: p.CA, Cert: p.Cert, Key: p.Key} {
		if len(part) == 0 {
			return fmt.Errorf("%s is missing", name)
		}
	}
	_, err := pki.Parse(p)
	return err
}

// Write puts a key pair into a directory. A new directory appears with all its files at once. In one that is there the
// files are replaced one by one, each in one step: after a crash in between they do not fit, which ReadAll sees.
// Nothing is written that is there already; it reports whether anything was.
func Write(dir string, p pki.Pair, more map[string][]byte) (changed bool, err error) {
	files := map[string][]byte{CA: p.CA, Cert: p.Cert, Key: p.Key}
	for name, content := range more {
		files[name] = content
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return true, writeNew(dir, files)
	}
	for _, name := range []string{Key, Cert, CA} {
		did, err := put(dir, name, files[name])
		if err != nil {
			return changed, err
		}
		changed = changed || did
	}
	for name := range more {
		did, err := put(dir, name, files[name])
		if err != nil {
			return changed, err
		}
		changed = changed || did
	}
	return changed, nil
}

func writeNew(dir string, files map[string][]byte) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fault.Wrap(fault.Failed, "make directory", err, "")
	}
	tmp, err := atomicfile.MakeDir(dir)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // there is nothing any more if all went well
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if _, err := put(tmp, name, content); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fault.Wrap(fault.Failed, "make key pair", err, "")
	}
	atomicfile.SyncDir(parent)
	return nil
}

// put writes one file of a pair, or removes it if there is nothing to be in it.
func put(dir, name string, content []byte) (bool, error) {
	path := filepath.Join(dir, name)
	if content == nil {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	perm := fs.FileMode(0o644)
	if name == Key {
		perm = 0o600
	}
	return atomicfile.WriteChanged(path, perm, content)
}

// Prune removes the directories below dir that are not to be kept.
func Prune(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Failed, "read key pairs", err, "")
	}
	var faults []error
	for _, e := range entries {
		if e.IsDir() && !keep[e.Name()] {
			faults = append(faults, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(faults...)
}
