//go:build podman

package podman

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// asUser has a user without any rights do what a script in testdata says, with a Podman of the user's own, on a machine that lacks
// something. It says all of that.
func asUser(t *testing.T, script, lacking string, says ...string) {
	t.Helper()
	if engine.Kind != "podman" {
		t.Skip("this Docker is root's")
	}
	for _, p := range []string{"newuidmap", "setpriv", "unshare", "ip"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("NOT TESTED: there is no %s", p)
		}
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", "-n", "bash", filepath.Join("testdata", "rootless.sh"), program, filepath.Join(engine.Dir, "containers.conf"), engine.Socket(),
		filepath.Join("testdata", script), lacking)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, want := range says {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("it did not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// A user without any rights has a site in a container of that user's own Podman, which is chosen by itself, and needs no /dev/net/tun. Ports
// are those that the machine lets everybody have.
func TestRootless(t *testing.T) {
	asUser(t, "rootless-site.sh", "tun",
		`this user may not use the podman at .*\n.*try: unset CONTAINER_HOST`, `foreign engine: 5`,
		`tun +warning +there is no /dev/net/tun: the router needs none`, `doctor: 0`,
		`platform podman, as it answers at /tmp/.*/run/podman/podman.sock`, `create: 0`, `Platform: +podman`, `Router: +running, process \d+.*podman container default-skupper-router`,
		`east +Ready +OK`, `status: 0`, `user: 4242:4242`, `process: +4242`, `delete: 0`, `(?m)left: $`,
		`Error: listener low is not configured: port 80 may not be used by this user, who has those from 443 on: choose one of these, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=80\n`, `low: 1`,
		`Message: +port 80 may not be used by this user, who has those from 443 on`,
		`allowed: 0`, `allowed +Pending +allowed +0.0.0.0 +443 +false +No matching connectors`,
		`Error: routeraccess partners is not configured: port 81 may not be used by this user, who has those from 443 on`, `low access: 1`)
}

// A user to whom nobody gave ids has none to make containers with, though the user's Podman answers.
func TestRootlessWithoutIDs(t *testing.T) {
	asUser(t, "rootless-refused.sh", "subuid",
		`subuid +bad +/etc/subuid gives walker none.*usermod --add-subuids 100000-165535 walker`, `doctor: 1`,
		`Error: create site east: the Podman of this user cannot make the container: /etc/subuid and /etc/subgid give walker no ids\n`+
			`try: as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 walker; .*, or use --platform linux`, `podman: 125`, `(?m)made: $`,
		`platform linux: the Podman of this user cannot make the container`, `create: 0`, `Platform: +linux`, `delete: 0`)
}

// Without newuidmap a user's Podman does not even start.
func TestRootlessWithoutMapper(t *testing.T) {
	asUser(t, "rootless-refused.sh", "newuidmap",
		`subuid +bad +there is no newuidmap in \$PATH`, `doctor: 1`,
		`Error: create site east: there is no podman at .*\ntry: install newuidmap \(package uidmap, or shadow-utils\).*, or use --platform linux`, `podman: 125`, `(?m)made: $`,
		`platform linux, as no Podman answers at`, `create: 0`, `Platform: +linux`, `delete: 0`)
}
