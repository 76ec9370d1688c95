package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Link is a link to this program by which a tool's users call it.
type Link struct {
	Tool string
	Path string
}

// PodmanLink is the one in the place of podman, in that directory; empty: ~/.local/bin.
func PodmanLink(dir string, getenv func(string) string) (Link, error) {
	if dir == "" {
		home, err := homeDir(getenv)
		if err != nil {
			return Link{}, err
		}
		dir = filepath.Join(home, ".local", "bin")
	}
	dir, err := filepath.Abs(dir)
	return Link{Tool: Podman, Path: filepath.Join(dir, Podman)}, err
}

// DockerLink is the one that docker takes for its plugin, in that directory; empty: that of the user's plugins.
func DockerLink(dir string, getenv func(string) string) (Link, error) {
	if dir == "" {
		config := getenv("DOCKER_CONFIG")
		if config == "" {
			home, err := homeDir(getenv)
			if err != nil {
				return Link{}, err
			}
			config = filepath.Join(home, ".docker")
		}
		dir = filepath.Join(config, "cli-plugins")
	}
	dir, err := filepath.Abs(dir)
	return Link{Tool: Docker, Path: filepath.Join(dir, Docker+"-"+Word)}, err
}

func homeDir(getenv func(string) string) (string, error) {
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return home, nil
	}
	return "", fault.New(fault.Usage, "HOME is not set, so there is no usual directory", "name one with --dir")
}

// Install makes the link, or makes one of ours lead to this program. What is not ours is left alone.
func (l Link) Install() (changed bool, err error) {
	self, info, err := Self()
	if err != nil {
		return false, err
	}
	target := lasting(self, info)
	switch now, err := l.state(info); {
	case err != nil:
		return false, err
	case now == foreign:
		return false, l.foreign("it is never overwritten")
	case now == ours && leadsTo(l.Path, target):
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o755); err != nil {
		return false, fault.Wrap(fault.Failed, "make the directory of the link", err, "name another one with --dir")
	}
	temp, err := os.MkdirTemp(filepath.Dir(l.Path), "."+Program+"-") // so that there is never no podman at all
	if err != nil {
		return false, fault.Wrap(fault.Failed, "make the link", err, "name another directory with --dir")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	made := filepath.Join(temp, filepath.Base(l.Path))
	if err := os.Symlink(target, made); err != nil {
		return false, fault.Wrap(fault.Failed, "make the link", err, "")
	}
	if err := os.Rename(made, l.Path); err != nil {
		return false, fault.Wrap(fault.Failed, "make the link", err, "")
	}
	return true, nil
}

// Remove removes the link if it is ours.
func (l Link) Remove() (changed bool, err error) {
	_, info, err := Self()
	if err != nil {
		return false, err
	}
	switch now, err := l.state(info); {
	case err != nil || now == absent:
		return false, err
	case now == foreign:
		return false, l.foreign("it is not ours to remove")
	}
	if err := os.Remove(l.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fault.Wrap(fault.Failed, "remove the link", err, "")
	}
	return true, nil
}

// Installed tells whether the link is there and leads to this program in whatever version.
func (l Link) Installed() (bool, error) {
	_, info, err := Self()
	if err != nil {
		return false, err
	}
	now, err := l.state(info)
	return now == ours, err
}

// What can be where a link goes.
const (
	absent = iota
	ours
	foreign
)

func (l Link) state(self fs.FileInfo) (int, error) {
	_, err := os.Lstat(l.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return absent, fault.Wrap(fault.Failed, "look at "+l.Path, err, "")
	case isOurs(l.Path, self):
		return ours, nil
	}
	return foreign, nil
}

// Dangling is where a link leads whose program has gone, as when that was moved; empty if it is there, or there is no link.
func (l Link) Dangling() string {
	target, err := os.Readlink(l.Path)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(l.Path); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return target
}

func (l Link) foreign(so string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("%s is another program or file: %s", l.Path, so), "name another directory with --dir")
}

// leadsTo tells whether path is a link that says target.
func leadsTo(path, target string) bool {
	to, err := os.Readlink(path)
	return err == nil && to == target
}

// lasting is the path of this program that stays: the one in $PATH, which a package manager may have made a link that follows
// upgrades, if it leads to the program that runs.
func lasting(self string, info fs.FileInfo) string {
	found, err := exec.LookPath(Program)
	if err != nil || !filepath.IsAbs(found) {
		return self
	}
	if i, err := os.Stat(found); err != nil || !os.SameFile(i, info) {
		return self
	}
	return found
}
