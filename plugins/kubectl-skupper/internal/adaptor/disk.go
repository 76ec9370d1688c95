package adaptor

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// disk is the pod's directories that the router reads. One goroutine uses it.
type disk struct {
	config, proxies string
	ordinals        map[string]uint64 // of the content of the profiles that were written
	passwords       map[string][]byte // that were written, by proxy
	byName          bool              // the controller had time to annotate Secrets: if it has annotated none, their names count
}

func newDisk(config, proxies string) *disk {
	return &disk{config: config, proxies: proxies, ordinals: map[string]uint64{}, passwords: map[string][]byte{}}
}

// modes of the files of a profile. The router's user is that of the adaptor.
var modes = map[string]fs.FileMode{fileCA: 0o644, fileCert: 0o644, fileKey: 0o600}

const dirMode = 0o755

// isName tells whether something can be the name of a directory of ours.
func isName(s string) bool {
	return s != "" && !strings.HasPrefix(s, ".") && !strings.ContainsAny(s, "/\\\x00") && len(s) <= 253
}

// writeProfile makes a profile's directory have these files and no others, all at once: whoever reads a certificate and its key
// one after the other must not get halves of two pairs, unless that is between two of its reads.
func (d *disk) writeProfile(name string, ordinal uint64, files map[string][]byte) (written bool, err error) {
	if !isName(name) {
		return false, fmt.Errorf("%q cannot be the name of a TLS profile", name)
	}
	dir := filepath.Join(d.config, name)
	if sameFiles(dir, files) {
		d.ordinals[name] = ordinal
		return false, nil
	}
	fresh, err := os.MkdirTemp(d.config, ".profile-*")
	if err != nil {
		return false, fmt.Errorf("write TLS profile %s: %w", name, err)
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // what is left is hidden and does no harm
	if err := os.Chmod(fresh, dirMode); err != nil {
		return false, fmt.Errorf("write TLS profile %s: %w", name, err)
	}
	for file, data := range files {
		if err := writeFile(filepath.Join(fresh, file), modes[file], data); err != nil {
			return false, fmt.Errorf("write TLS profile %s: %w", name, err)
		}
	}
	if err := swap(fresh, dir); err != nil {
		return false, fmt.Errorf("write TLS profile %s: %w", name, err)
	}
	d.ordinals[name] = ordinal
	return true, nil
}

// sameFiles tells whether a directory has these files and no others.
func sameFiles(dir string, files map[string][]byte) bool {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		return false
	}
	for name, data := range files {
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(old, data) {
			return false
		}
	}
	return true
}

// hasProfile tells whether the files of a profile are there, whoever wrote them: this adaptor may be new in the pod.
func (d *disk) hasProfile(name string) bool {
	if !isName(name) {
		return false
	}
	entries, err := os.ReadDir(filepath.Join(d.config, name))
	return err == nil && len(entries) > 0
}

// dropProfile removes a profile that was written here.
func (d *disk) dropProfile(name string) {
	if _, ours := d.ordinals[name]; ours && isName(name) {
		delete(d.ordinals, name)
		_ = os.RemoveAll(filepath.Join(d.config, name)) // nothing refers to it
	}
}

// passwordFile is where the router reads the password of a proxy.
const passwordFile = "password.txt"

// writePassword writes the password of a proxy, and tells whether it replaced another one.
func (d *disk) writePassword(name string, password []byte) (replaced bool, err error) {
	if !isName(name) {
		return false, fmt.Errorf("%q cannot be the name of a proxy", name)
	}
	dir := filepath.Join(d.proxies, name)
	file := filepath.Join(dir, passwordFile)
	old, err := os.ReadFile(file)
	if err == nil && bytes.Equal(old, password) {
		d.passwords[name] = password
		return false, nil
	}
	existed := err == nil
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return false, fmt.Errorf("write the password of proxy %s: %w", name, err)
	}
	if err := replaceFile(file, 0o644, password); err != nil {
		return false, fmt.Errorf("write the password of proxy %s: %w", name, err)
	}
	d.passwords[name] = password
	return existed, nil
}

func (d *disk) hasPassword(name string) bool {
	if !isName(name) {
		return false
	}
	_, err := os.Stat(filepath.Join(d.proxies, name, passwordFile))
	return err == nil
}

// writeConfig writes what the router starts with, unless that is there already.
func (d *disk) writeConfig(text string) error {
	file := filepath.Join(d.config, names.ConfigKey)
	if old, err := os.ReadFile(file); err == nil && string(old) == text {
		return nil
	}
	return replaceFile(file, 0o644, []byte(text))
}

// replaceFile replaces a file's content in one step.
func replaceFile(path string, mode fs.FileMode, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	name := f.Name()
	if err := f.Close(); err != nil {
		return err
	}
	if err = writeFile(name, mode, data); err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		_ = os.Remove(name) // what failed matters more
	}
	return err
}

// writeFile writes a file that nobody reads yet, with these permissions whatever the umask. Nothing has to survive the node.
func writeFile(path string, mode fs.FileMode, data []byte) error {
	if err := os.WriteFile(path, data, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// swapFiles puts a directory's files in the place of another's, one by one: the way where directories cannot be exchanged.
func swapFiles(fresh, dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	entries, err := os.ReadDir(fresh)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, e := range entries {
		kept[e.Name()] = true
		if err := os.Rename(filepath.Join(fresh, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range old {
		if !kept[e.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
