package podmanhost

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

// Who has podman, and no service of it, is told how a site gets a container; who has none, or has chosen an engine, is not.
func TestRouse(t *testing.T) {
	dir, run := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "podman"), []byte("#!/bin/sh\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	env := map[string]string{"PATH": dir, "XDG_RUNTIME_DIR": run}
	h := Host{getenv: func(name string) string { return env[name] }}
	usual := engineapi.Endpoint(engineapi.Podman, os.Getuid(), h.getenv)
	if got := h.rouse(usual); !strings.Contains(got, "podman.socket") || !strings.Contains(got, "podman system service") {
		t.Errorf("podman is there, and it says %q", got)
	}
	if got := h.rouse("unix://" + filepath.Join(run, "other.sock")); got != "" {
		t.Errorf("another engine was chosen, and it says %q", got)
	}
	env["PATH"] = run
	if got := h.rouse(usual); got != "" {
		t.Errorf("there is no podman, and it says %q", got)
	}
}

// What is said of a router that does not run, and why the agent could not start it, is said once.
func TestBecause(t *testing.T) {
	for _, tt := range []struct{ detail, why, want string }{
		{"there is no container", "", "there is no container"},
		{"there is no container", "pull it: no such host", "there is no container: pull it: no such host"},
		{"nobody answers", "start it: nobody answers", "start it: nobody answers"},
		{"it ended: no room", "no room", "it ended: no room"},
	} {
		if got := because(tt.detail, tt.why); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// A link whose program was moved away does not work, whatever the order of $PATH, and is made anew.
func TestShimStatusOfDanglingLinks(t *testing.T) {
	home, tools := t.TempDir(), t.TempDir()
	env := map[string]string{"HOME": home, "PATH": filepath.Join(home, ".local", "bin") + ":" + tools}
	h := Host{getenv: func(name string) string { return env[name] }}
	for _, tool := range []string{"podman", "docker"} {
		if err := os.WriteFile(filepath.Join(tools, tool), []byte("#!/bin/sh\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	gone := filepath.Join(home, "gone", "podman-skupper")
	for _, link := range []string{".local/bin/podman", ".docker/cli-plugins/docker-skupper"} {
		path := filepath.Join(home, link)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(gone, path)); err != nil {
			t.Fatal(err)
		}
	}
	podman, err1 := h.podmanState("")
	docker, err2 := h.dockerState()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for fix, s := range map[string]toolState{"podman-skupper shim install": podman, "podman-skupper shim install --docker": docker} {
		if s.Works || !s.Linked || !strings.Contains(s.Message, "leads to "+gone+", which is not there") || s.Fix != fix {
			t.Errorf("got %+v, want %s", s, fix)
		}
	}
}
