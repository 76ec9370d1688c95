package shim

import (
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Program is the name of the program, and the last element of the path of its main package.
const Program = "podman-skupper"

const mainPackage = "github.com/skupper-plugins/suite/plugins/" + Program

// usualPath is where programs are if $PATH does not say.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Real is the real tool: the first program of that name in the directories of path that is not this program in whatever guise,
// a link, a copy, or a copy of another version; self is this program. Relative directories are left out, so that what somebody put
// into the current one is not run.
func Real(tool, path string, self fs.FileInfo) (string, error) {
	var guises []string
	for _, found := range inPath(tool, path) {
		if !isOurs(found, self) {
			return found, nil
		}
		guises = append(guises, found)
	}
	if len(guises) > 0 {
		return "", fault.New(fault.Missing, fmt.Sprintf("there is no %s in $PATH but this shim, %s", tool, strings.Join(guises, " and ")),
			"install "+tool+", or call "+Program+" by its own name")
	}
	return "", fault.New(fault.Missing, "there is no "+tool+" in $PATH", "install "+tool+", or call "+Program+" by its own name")
}

// inPath are the programs of that name, in the order of path.
func inPath(name, path string) (all []string) {
	if path == "" {
		path = usualPath
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			all = append(all, found)
		}
	}
	return all
}

// isOurs tells whether what path leads to is this program: the same file, or one that says it was built from the same package.
func isOurs(path string, self fs.FileInfo) bool {
	info, err := os.Stat(path)
	if err != nil {
		to, err := os.Readlink(path) // to a program that was moved
		return err == nil && strings.TrimSuffix(filepath.Base(to), ".exe") == Program
	}
	if self != nil && os.SameFile(info, self) {
		return true
	}
	if !info.Mode().IsRegular() {
		return false
	}
	bi, err := buildinfo.ReadFile(path)
	return err == nil && bi.Path == mainPackage
}

// Self is the program that runs.
func Self() (path string, info fs.FileInfo, err error) {
	if path, err = os.Executable(); err == nil {
		info, err = os.Stat(path)
	}
	if err != nil {
		return "", nil, fault.Wrap(fault.Failed, "find this program", err, "")
	}
	return path, info, nil
}
