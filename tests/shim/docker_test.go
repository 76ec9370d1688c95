//go:build unix

package shim

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// TestDockerPlugin has the program install itself, and docker's own client call it. No engine is needed.
func TestDockerPlugin(t *testing.T) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("SKIPPED: no docker client on this machine")
	}
	p := place(t)
	home := sandbox.New(t)
	config := t.TempDir()
	env := append(home.Env(), "DOCKER_CONFIG="+config, "HOME="+config, "DOCKER_HOST=unix:///nonexistent/docker.sock")
	run := func(program string, args ...string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run(docker, "skupper", "version"); code == 0 {
		t.Skipf("SKIPPED: docker on this machine has a plugin named skupper already: %s", out)
	}
	link := filepath.Join(config, "cli-plugins", "docker-skupper")
	if out, code := run(p.program, "shim", "install", "--docker"); code != 0 || !strings.HasPrefix(out, link+"\n") {
		t.Fatalf("install: exit %d: %s", code, out)
	}
	for _, tc := range []struct {
		line, want string
		code       int
	}{
		{"skupper --help", "Usage: docker skupper COMMAND", 0},
		{"help skupper", "Usage: docker skupper COMMAND", 0},
		{"skupper site create --help", "docker skupper site create", 0},
		{"skupper version --output json", `"version"`, 0},
		{"--debug --log-level info skupper version", "devel", 0},
		{"skupper bogus", "try: docker skupper --help", 2},
		{"skupper token inspect /nonexistent", "/nonexistent", 4},
		{"__complete skupper site st", "status\tshow the state of the site\n", 0},
		{"__complete skupper listener create --o", "--observer\t", 0},
		{"--help", "skupper*", 0},
	} {
		out, code := run(docker, strings.Fields(tc.line)...)
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("docker %s: exit %d, want %d with %q:\n%s", tc.line, code, tc.code, tc.want, out)
		}
	}
	out, code := run(link, "docker-cli-plugin-metadata")
	var meta struct{ SchemaVersion, Vendor, Version, ShortDescription string }
	if err := json.Unmarshal([]byte(out), &meta); err != nil || code != 0 || meta.SchemaVersion != "0.1.0" || meta.Vendor == "" || meta.Version == "" {
		t.Errorf("metadata: exit %d, %v: %s", code, err, out)
	}
	if out, code := run(p.program, "shim", "status", "--format", "{{.Name}} {{.Works}}"); code != 0 || !strings.Contains(out, "docker yes\n") {
		t.Errorf("status: exit %d: %s", code, out)
	}
	if out, code := run(p.program, "shim", "remove", "--docker"); code != 0 {
		t.Errorf("remove: exit %d: %s", code, out)
	}
	if _, err := os.Lstat(link); !os.IsNotExist(err) {
		t.Errorf("the link is still there: %v", err)
	}
	if out, code := run(docker, "skupper", "version"); code == 0 {
		t.Errorf("docker still has it: %s", out)
	}
}
