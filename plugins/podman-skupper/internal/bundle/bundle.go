package bundle

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/atomicfile"
)

// Types of bundles.
const (
	Tarball     = "tarball"
	ShellScript = "shell-script"
)

// Types are all of them.
var Types = []string{Tarball, ShellScript}

//go:embed install.sh
var installer string

//go:embed extract.sh
var extractor string

// marker is the line of a self-extracting script behind which the archive is.
const marker = "__TARBALL_CONTENT__"

var nameRule = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// CheckName tells whether a bundle may have this name: it becomes that of a file.
func CheckName(name string) error {
	if len(name) > 200 || !nameRule.MatchString(name) {
		return fmt.Errorf("NAME is %q, want 200 or fewer lower-case letters, digits, '-' and '.', with a letter or digit at both ends", name)
	}
	return nil
}

// File is where the bundle of that name and type goes, in that directory.
func File(dir, name, kind string) string {
	if kind == ShellScript {
		return filepath.Join(dir, name+".sh")
	}
	return filepath.Join(dir, name+".tar.gz")
}

// longest is how long the making of a bundle may take, on a machine that is slow with keys.
const longest = 10 * time.Minute

// Write makes the bundle and writes it to path, readable by its owner only. The file is there as a whole or not at all.
func (s Source) Write(ctx context.Context, path, kind string) (made Made, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return made, atomicfile.Explain("make the directory of bundles", filepath.Dir(path), err)
	}
	atomicfile.Sweep(filepath.Dir(path), s.Now.Add(-longest)) // what is left of one that was killed has private keys
	work, err := atomicfile.MakeDir(path)                     // 0700
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	dir, ports, made, err := s.render(ctx, work)
	if err != nil {
		return made, err
	}
	if err := os.Remove(dir.StoreLock()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return made, err
	}
	script := s.installer(ports)
	perm := os.FileMode(0o600)
	if kind == ShellScript {
		perm = 0o700
	}
	return made, atomicfile.WriteFrom(path, perm, func(w io.Writer) error {
		if kind == ShellScript {
			if _, err := io.WriteString(w, strings.ReplaceAll(extractor, "MARKER", marker)+marker+"\n"); err != nil {
				return err
			}
		}
		return archive(w, dir.Root(), s.Namespace, map[string][]byte{"install.sh": script}, s.Now)
	})
}

// installer is install.sh of this bundle.
func (s Source) installer(ports ports) []byte {
	var list bytes.Buffer
	for i, p := range ports {
		fmt.Fprintf(&list, " Port%d:%d", i+1, p.first)
	}
	return []byte(strings.NewReplacer("@NAMESPACE@", s.Namespace, "@PORTS@", strings.TrimSpace(list.String()), "@IMAGE@", s.Image).Replace(installer))
}
