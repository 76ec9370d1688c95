package shim

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Order is what a shell finds for the word podman.
type Order struct {
	First   string // what runs; empty if there is none
	Shim    bool   // First is the shim
	Real    string // the real one; empty if there is none
	Problem string // why the shim at the wanted place does not run; empty if it does
	Fix     string // what to do about it, a command where it is one
}

// Look finds out what the word podman means with that $PATH, and what keeps a shim at link from being it.
func Look(link Link, path string) (Order, error) {
	_, self, err := Self()
	if err != nil {
		return Order{}, err
	}
	return look(link, path, self), nil
}

func look(link Link, path string, self fs.FileInfo) (o Order) {
	all := inPath(link.Tool, path)
	for _, found := range all {
		mine := isOurs(found, self)
		if o.First == "" {
			o.First, o.Shim = found, mine
		}
		if !mine && o.Real == "" {
			o.Real = found
		}
	}
	dir := filepath.Dir(link.Path)
	dirs := filepath.SplitList(path)
	at := slices.IndexFunc(dirs, func(d string) bool { return sameDir(d, dir) })
	switch {
	case o.Shim:
	case at < 0:
		o.Problem = fmt.Sprintf("%s is not in $PATH", dir)
	case o.First != "":
		o.Problem = fmt.Sprintf("%s comes before %s in $PATH", filepath.Dir(o.First), dir)
	}
	if o.Problem != "" {
		o.Fix = `export PATH="` + shellDir(dir) + `:$PATH"`
	}
	return o
}

func sameDir(a, b string) bool {
	if filepath.Clean(a) == b {
		return true
	}
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(ia, ib)
}

// shellDir is a directory as it stands between double quotes.
func shellDir(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(dir)
}
