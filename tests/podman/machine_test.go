//go:build podman

package podman

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// machine is a container in which systemd runs, with a Podman of its own, as on a machine of somebody's. What it has of programs
// is what is here.
type machine struct {
	t    *testing.T
	name string
	root string // its root directory here
}

// machineSystemd is the program that a machine runs.
const machineSystemd = "/usr/lib/systemd/systemd"

// boot makes a machine and starts it. It says why there can be none.
func boot(t *testing.T) machine {
	t.Helper()
	if engine.kind != "podman" {
		t.Skip("the machine is a container of Podman")
	}
	for _, file := range []string{machineSystemd, "/usr/lib/systemd/system/podman.socket"} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("NOT TESTED: there is no " + file)
		}
	}
	m := machine{t: t, name: "machine", root: filepath.Join(engine.dir, "machine")}
	for _, dir := range []string{"usr", "etc/containers", "var/lib", "var/log", "tmp", "run", "proc", "sys", "dev", "root", "opt"} {
		if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+name, filepath.Join(m.root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"etc/machine-id": "", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n",
		"etc/containers/containers.conf": conf, "etc/containers/policy.json": `{"default":[{"type":"insecureAcceptAnything"}]}`,
		"etc/containers/storage.conf": "[storage]\ndriver=\"vfs\"\nrunroot=\"/run/containers/storage\"\ngraphroot=\"/var/lib/containers/storage\"\n",
	} {
		if err := os.WriteFile(filepath.Join(m.root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copies := map[string]string{program: "opt/podman-skupper"}
	if q := os.Getenv("QUADLET"); q != "" {
		copies[q] = "etc/systemd/system-generators/podman-system-generator"
	}
	for from, to := range copies {
		m.copyProgram(from, to)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "/etc/alternatives", filepath.Join(m.root, "etc")).CombinedOutput(); err != nil {
		t.Logf("without alternatives: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := m.try("journalctl", "--no-pager", "-n", "60")
			t.Log(out)
		}
		_, _ = engine.try(context.WithoutCancel(t.Context()), "rm", "-f", "-t", "5", m.name)
		if err := removeAll(m.root); err != nil {
			t.Error(err)
		}
	})
	out, err := engine.try(t.Context(), "run", "-d", "--name", m.name, "--systemd=always", "--privileged", "--cgroupns=host", "--network=none",
		"-v", "/usr:/usr:ro", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "-e", "container=podman", "--rootfs", m.root, machineSystemd)
	if err != nil {
		t.Skipf("NOT TESTED: systemd does not run in a container here: %v %s", err, out)
	}
	m.awaitBoot()
	return m
}

func (m machine) copyProgram(from, to string) {
	m.t.Helper()
	to = filepath.Join(m.root, to)
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o755)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// awaitBoot waits until systemd has started what there is to start. Where it never says so, it does not run here.
func (m machine) awaitBoot() {
	m.t.Helper()
	var out string
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out, _ = m.try("systemctl", "is-system-running")
		switch strings.TrimSpace(out) {
		case "running", "degraded":
			return
		}
	}
	m.t.Skipf("NOT TESTED: systemd does not come up in a container here: it says %q", out)
}

// reboot ends everything in the machine in good order and starts it again; of its files those that a reboot keeps are kept.
func (m machine) reboot() {
	m.t.Helper()
	engine.do(m.t, "stop", "-t", "60", m.name)
	engine.do(m.t, "start", m.name)
	m.awaitBoot()
}

func (m machine) try(args ...string) (string, error) {
	return engine.try(context.WithoutCancel(m.t.Context()), append([]string{"exec", m.name}, args...)...)
}

// do runs a program in the machine that must succeed.
func (m machine) do(args ...string) string {
	m.t.Helper()
	out, err := m.try(args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// skupper runs our program in the machine.
func (m machine) skupper(args ...string) string {
	m.t.Helper()
	return m.do(append([]string{"/opt/podman-skupper"}, args...)...)
}

func (m machine) exists(path string) bool {
	_, err := os.Lstat(filepath.Join(m.root, path))
	return err == nil
}
