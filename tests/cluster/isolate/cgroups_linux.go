package isolate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cgroups is where the kernel's control groups are mounted.
const Cgroups = "/sys/fs/cgroup"

// prefix of the names of cgroups that tests make. The number of the process that removes them follows.
const prefix = "skupper-test-"

// groupEnv is the name that the outside stage chose.
const groupEnv = "SKUPPER_TEST_CGROUP"

// Group is an environment variable for Run that chooses the name of the cgroups.
func Group() string { return groupEnv + "=" + prefix + strconv.Itoa(os.Getpid()) }

// Unified tells whether the machine has cgroup v2 only.
func Unified() bool {
	_, err := os.Stat(Cgroups + "/cgroup.controllers")
	return err == nil
}

// MakeGroup makes a cgroup for everything of name in every hierarchy and gives its path below them. The outside stage removes it.
func MakeGroup(name string) (string, error) {
	path := os.Getenv(groupEnv) + "-" + name
	if Unified() {
		return path, makeUnified(path)
	}
	hierarchies, err := os.ReadDir(Cgroups)
	if err != nil {
		return "", err
	}
	for _, h := range hierarchies {
		root := filepath.Join(Cgroups, h.Name())
		info, err := os.Lstat(root)
		if err != nil || !info.IsDir() || h.Name() == "unified" { // links are second names of the same hierarchy
			continue
		}
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil { // a mount point where nothing is mounted: container engines make them
			continue
		}
		dir := filepath.Join(root, path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		if h.Name() != "cpuset" && !strings.Contains(h.Name(), "cpuset") {
			continue
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // a new group has none, and then holds no process
			text, err := os.ReadFile(filepath.Join(root, file))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), text, 0o644)
			}
			if err != nil {
				return "", err
			}
		}
	}
	return path, nil
}

// makeUnified makes the group and lets it have the controllers that a kubelet wants.
func makeUnified(path string) error {
	const want = "cpu cpuset memory pids"
	for _, c := range append(strings.Fields(want), "io", "hugetlb") {
		_ = os.WriteFile(Cgroups+"/cgroup.subtree_control", []byte("+"+c), 0o644) // what is missing is told below
	}
	if err := os.MkdirAll(filepath.Join(Cgroups, path), 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(Cgroups, path, "cgroup.controllers"))
	if err != nil {
		return err
	}
	has := strings.Fields(string(text))
	for _, c := range strings.Fields(want) {
		if !slices.Contains(has, c) {
			return fmt.Errorf("cgroup controller %s cannot be given to new groups", c)
		}
	}
	return nil
}

// removeCgroups removes the groups of this process, and those of test runs that were killed.
func removeCgroups() error {
	var left []string
	for range 50 {
		left = nil
		for _, dir := range groups() {
			if err := removeTree(dir); err != nil {
				left = append(left, dir)
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond) // a process that was killed leaves its group a moment later
	}
	return fmt.Errorf("cgroups were left: %v", left)
}

// groups finds those whose process is gone or is this one.
func groups() (dirs []string) {
	for _, pattern := range []string{Cgroups + "/" + prefix + "*", Cgroups + "/*/" + prefix + "*"} {
		found, _ := filepath.Glob(pattern) // the pattern is well-formed
		for _, dir := range found {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
			_, err := os.Stat("/proc/" + owner)
			if owner == strconv.Itoa(os.Getpid()) || errors.Is(err, fs.ErrNotExist) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// enginesParent is the group that a Podman makes for those of all its containers, and never removes.
const enginesParent = "libpod_parent"

// engineGroups are those that there are.
func engineGroups() (dirs []string) {
	for _, pattern := range []string{Cgroups + "/" + enginesParent, Cgroups + "/*/" + enginesParent} {
		found, _ := filepath.Glob(pattern) // the pattern is well-formed
		dirs = append(dirs, found...)
	}
	return dirs
}

// removeEngineGroups removes those that were not there before, unless somebody else uses them by now.
func removeEngineGroups(before []string) {
	for _, dir := range engineGroups() {
		if !slices.Contains(before, dir) {
			_ = os.Remove(dir) // it is empty, or it is in use
		}
	}
}

// removeTree removes a cgroup and those below it: they are directories, and only rmdir works on them.
func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil //nolint:nilerr // what vanishes meanwhile need not be removed
	})
	slices.Reverse(dirs)
	for _, d := range dirs {
		if rmErr := os.Remove(d); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}
	return err
}
