//go:build podman

package podman

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// A user without any rights has a site in a container of that user's own Podman, which is chosen by itself.
func TestRootless(t *testing.T) {
	if engine.Kind != "podman" {
		t.Skip("this Docker is root's")
	}
	for _, p := range []string{"newuidmap", "setpriv", "unshare"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("NOT TESTED: there is no %s", p)
		}
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", "bash", filepath.Join("testdata", "rootless.sh"), program, filepath.Join(engine.Dir, "containers.conf"), engine.Socket())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		`this user may not use the podman at .*\n.*try: unset CONTAINER_HOST`, `foreign engine: 5`,
		`platform podman, as it answers at /tmp/.*/run/podman/podman.sock`, `create: 0`, `Platform: +podman`, `Router: +running, process \d+.*podman container default-skupper-router`,
		`east +Ready +OK`, `status: 0`, `low +\S+ .*port 80 may not be used by this user`, `user: 4242:4242`, `process: +4242`, `delete: 0`, `(?m)left: $`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("it did not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
