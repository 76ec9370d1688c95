// Command pack writes one archive whose octets depend on nothing but its arguments: entries in the order of their names,
// one time stamp, owner 0, modes 0755 and 0644. Whoever builds the same version gets the same sha256.
//
//	pack -time UNIX-SECONDS OUT.tar.gz|OUT.zip NAME=FILE[:x]…
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is one file of the archive.
type entry struct {
	name string // in the archive, with slashes
	file string // on disk
	exec bool   // mode 0755 instead of 0644
}

func main() {
	at := flag.Int64("time", 0, "time stamp of every entry, in seconds since 1970")
	flag.Parse()
	if err := run(time.Unix(*at, 0).UTC(), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// run writes the archive under a temporary name and renames it, so that a half-written one never has the final name.
func run(at time.Time, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("got %d arguments, want the archive and at least one NAME=FILE", len(args))
	}
	entries, err := parse(args[1:])
	if err != nil {
		return err
	}
	out := args[0]
	write := writeTarGz
	switch {
	case strings.HasSuffix(out, ".zip"):
		write = writeZip
	case !strings.HasSuffix(out, ".tar.gz"):
		return fmt.Errorf("archive %q ends neither in .tar.gz nor in .zip", out)
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".pack-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // there is nothing to remove after the rename
	if err := write(f, at, entries); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), out)
}

func parse(words []string) ([]entry, error) {
	var entries []entry
	for _, w := range words {
		name, file, ok := strings.Cut(w, "=")
		if !ok || name == "" || file == "" {
			return nil, fmt.Errorf("entry %q is not NAME=FILE or NAME=FILE:x", w)
		}
		e := entry{name: name}
		e.file, e.exec = strings.CutSuffix(file, ":x")
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return nil, fmt.Errorf("entry %q is given twice", entries[i].name)
		}
	}
	return entries, nil
}

func (e entry) mode() os.FileMode {
	if e.exec {
		return 0o755
	}
	return 0o644
}
