package shim

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// program makes a file that can be run.
func program(t *testing.T, dir, name string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func self(t *testing.T) fs.FileInfo {
	t.Helper()
	_, info, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func link(t *testing.T, to, dir, name string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs are known by their names there")
	}
}

func TestReal(t *testing.T) {
	unixOnly(t)
	dir := t.TempDir()
	me, _, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	real := program(t, filepath.Join(dir, "real"), "podman")
	link(t, me, filepath.Join(dir, "shim"), "podman")
	link(t, filepath.Join(dir, "shim", "podman"), filepath.Join(dir, "chain"), "podman")
	if err := os.MkdirAll(filepath.Join(dir, "hard"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(me, filepath.Join(dir, "hard", "podman")); err != nil {
		t.Logf("no hard links here: %v", err)
	}
	link(t, filepath.Join(dir, "gone", Program), filepath.Join(dir, "dangling"), "podman")
	if err := os.WriteFile(filepath.Join(dir, "podman"), nil, 0o644); err != nil { // not to be run
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "directory", "podman"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := func(names ...string) string {
		for i, n := range names {
			if n != "." && n != "" {
				names[i] = filepath.Join(dir, n)
			}
		}
		return strings.Join(names, string(os.PathListSeparator))
	}
	t.Chdir(filepath.Join(dir, "real"))
	got, err := Real(Podman, path("", ".", "/", "nowhere", "directory", "shim", "chain", "hard", "dangling", "shim", "real"), self(t))
	if err != nil || got != real {
		t.Errorf("got %s, %v; want %s", got, err, real)
	}
	_, err = Real(Podman, path("shim", "chain"), self(t))
	if fault.KindOf(err) != fault.Missing || !strings.Contains(err.Error(), "but this shim, "+filepath.Join(dir, "shim", "podman")) {
		t.Errorf("only shims: %v", err)
	}
	if _, err = Real(Podman, path("nowhere", ".", ""), self(t)); fault.KindOf(err) != fault.Missing {
		t.Errorf("nothing: %v", err)
	}
}

func TestLink(t *testing.T) {
	unixOnly(t)
	t.Setenv("PATH", "/nonexistent")
	dir := filepath.Join(t.TempDir(), "a", "b")
	l, err := PodmanLink(dir, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	do := func(what string, f func() (bool, error), want bool) {
		t.Helper()
		if changed, err := f(); err != nil || changed != want {
			t.Errorf("%s: changed %v, %v; want %v", what, changed, err, want)
		}
	}
	do("remove nothing", l.Remove, false)
	do("install", l.Install, true)
	do("install again", l.Install, false)
	do("is it there", l.Installed, true)
	do("remove", l.Remove, true)
	do("remove again", l.Remove, false)
	do("is it there", l.Installed, false)

	link(t, "/opt/old/"+Program, dir, Podman) // of a version that is gone
	do("install over an old one", l.Install, true)
	if info, err := os.Stat(l.Path); err != nil || !os.SameFile(info, self(t)) {
		t.Errorf("the link leads elsewhere: %v", err)
	}
	do("remove", l.Remove, true)

	for what, make := range map[string]func(){
		"program":      func() { program(t, dir, Podman) },
		"dangling":     func() { link(t, "/opt/other/podman", dir, Podman) },
		"link to one":  func() { link(t, "/bin/sh", dir, Podman) },
		"a directory":  func() { _ = os.Mkdir(l.Path, 0o755) },
		"a plain file": func() { _ = os.WriteFile(l.Path, []byte("x"), 0o600) },
	} {
		make()
		before, err := os.Lstat(l.Path)
		if err != nil {
			t.Fatal(what, err)
		}
		if _, err := l.Install(); fault.KindOf(err) != fault.Conflict {
			t.Errorf("install over %s: %v, want a conflict", what, err)
		}
		if _, err := l.Remove(); fault.KindOf(err) != fault.Conflict {
			t.Errorf("remove %s: %v, want a conflict", what, err)
		}
		if after, err := os.Lstat(l.Path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s: it was touched: %v", what, err)
		}
		if err := os.Remove(l.Path); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLinkPlaces(t *testing.T) {
	env := map[string]string{"HOME": "/home/u"}
	getenv := func(k string) string { return env[k] }
	if l, err := PodmanLink("", getenv); err != nil || filepath.ToSlash(l.Path) != "/home/u/.local/bin/podman" {
		t.Errorf("podman: %+v, %v", l, err)
	}
	if l, err := DockerLink("", getenv); err != nil || filepath.ToSlash(l.Path) != "/home/u/.docker/cli-plugins/docker-skupper" {
		t.Errorf("docker: %+v, %v", l, err)
	}
	env["DOCKER_CONFIG"] = "/etc/d"
	if l, err := DockerLink("", getenv); err != nil || filepath.ToSlash(l.Path) != "/etc/d/cli-plugins/docker-skupper" {
		t.Errorf("docker: %+v, %v", l, err)
	}
	env["HOME"] = ""
	if _, err := PodmanLink("", getenv); fault.KindOf(err) != fault.Usage {
		t.Errorf("no home: %v", err)
	}
}

func TestOrder(t *testing.T) {
	unixOnly(t)
	dir := t.TempDir()
	me, _, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	real := program(t, filepath.Join(dir, "real"), Podman)
	l := Link{Tool: Podman, Path: link(t, me, filepath.Join(dir, "$shim"), Podman)}
	r, s := filepath.Join(dir, "real"), filepath.Join(dir, "$shim")
	fix := `export PATH="` + dir + `/\$shim:$PATH"`
	for _, tc := range []struct {
		name, path string
		want       Order
	}{
		{"right", s + ":" + r, Order{First: l.Path, Shim: true, Real: real}},
		{"twice", s + "/:" + r + ":" + s, Order{First: filepath.Join(s, Podman), Shim: true, Real: real}},
		{"behind", r + ":" + s, Order{First: real, Real: real, Problem: r + " comes before " + s + " in $PATH", Fix: fix}},
		{"missing", r, Order{First: real, Real: real, Problem: s + " is not in $PATH", Fix: fix}},
		{"no real one", s, Order{First: l.Path, Shim: true}},
	} {
		if got := look(l, tc.path, self(t)); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}
