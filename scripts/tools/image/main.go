// Command image writes a container image without a daemon: an archive in the OCI layout with one image for each platform, whose
// octets depend on nothing but its arguments. There is nothing in it but static programs, their licence and a place for
// temporary files, and it runs as a user of its own.
//
//	image -time UNIX-SECONDS -name NAME:TAG -title TEXT OUT.tar PLATFORM:/PATH=FILE… [/LINK=/PATH…]
//
// The first path is what a container runs if it is told nothing else.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// image is what is to be written.
type image struct {
	name    string // with its tag
	title   string
	license string // file
	at      time.Time
	entry   string            // path of the program that runs
	files   map[string][]file // by platform
	links   []link
}

// file is a program of the image.
type file struct{ path, from string }

// link is another path of a program.
type link struct{ path, to string }

func main() {
	var i image
	seconds := flag.Int64("time", 0, "time stamp of everything, in seconds since 1970")
	flag.StringVar(&i.name, "name", "", "name and tag of the image")
	flag.StringVar(&i.title, "title", "", "what it is, for people")
	flag.StringVar(&i.license, "license", "", "file with the licence")
	flag.Parse()
	i.at = time.Unix(*seconds, 0).UTC()
	if err := run(i, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run writes the archive under a temporary name and renames it, so that a half-written one never has the final name.
func run(i image, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("got %d arguments, want the archive and at least one PLATFORM:/PATH=FILE", len(args))
	}
	if err := i.parse(args[1:]); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(args[0]), ".image-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // there is nothing to remove after the rename
	if err := i.write(f); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", args[0], err), f.Close())
	}
	if err := f.Chmod(0o644); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), args[0])
}

// parse reads what is to be in the image.
func (i *image) parse(words []string) error {
	if name, tag, ok := strings.Cut(i.name[strings.LastIndex(i.name, "/")+1:], ":"); !ok || name == "" || tag == "" {
		return fmt.Errorf("name %q is not NAME:TAG", i.name)
	}
	i.files = map[string][]file{}
	for _, w := range words {
		left, right, ok := strings.Cut(w, "=")
		platform, path, isFile := strings.Cut(left, ":")
		switch {
		case ok && !isFile && strings.HasPrefix(left, "/") && strings.HasPrefix(right, "/"):
			i.links = append(i.links, link{left, right})
		case ok && isFile && strings.Count(platform, "/") == 1 && strings.HasPrefix(path, "/") && right != "":
			i.files[platform] = append(i.files[platform], file{path, right})
			if i.entry == "" {
				i.entry = path
			}
		default:
			return fmt.Errorf("%q is neither PLATFORM:/PATH=FILE nor /LINK=/PATH", w)
		}
	}
	for platform, files := range i.files {
		slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
		for _, path := range append([]string{i.entry}, targets(i.links)...) {
			if !slices.ContainsFunc(files, func(f file) bool { return f.path == path }) {
				return fmt.Errorf("the image for %s has no %s", platform, path)
			}
		}
	}
	slices.SortFunc(i.links, func(a, b link) int { return strings.Compare(a.path, b.path) })
	return nil
}

func targets(links []link) (paths []string) {
	for _, l := range links {
		paths = append(paths, l.to)
	}
	return paths
}
