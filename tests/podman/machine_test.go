//go:build podman

package podman

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/podman/container"
)

// machine is a container in which systemd runs, with a Podman of its own, as on a machine of somebody's. What it has of programs
// is what is here.
type machine struct {
	t    *testing.T
	name string
	root string // its root directory here
	user string // who does what is done; empty: root
}

// machineSystemd is the program that a machine runs.
const machineSystemd = "/usr/lib/systemd/systemd"

// boot makes a machine and starts it. It says why there can be none.
func boot(t *testing.T) machine {
	t.Helper()
	if engine.Kind != "podman" {
		t.Skip("the machine is a container of Podman")
	}
	for _, file := range []string{machineSystemd, "/usr/lib/systemd/system/podman.socket"} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("NOT TESTED: there is no " + file)
		}
	}
	m := machine{t: t, name: "machine", root: filepath.Join(engine.Dir, "machine")}
	for _, dir := range []string{"usr", "etc/containers", "etc/pam.d", "var/lib", "var/log", "tmp", "run", "proc", "sys", "dev", "root", "opt", "home"} {
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
		"etc/machine-id": "", "etc/passwd": passwd, "etc/group": group, "etc/subuid": subordinate, "etc/subgid": subordinate,
		"etc/pam.d/systemd-user":         "account required pam_permit.so\nsession required pam_permit.so\nsession optional pam_systemd.so\n",
		"etc/containers/containers.conf": container.Conf, "etc/containers/policy.json": `{"default":[{"type":"insecureAcceptAnything"}]}`,
		"etc/containers/storage.conf": "[storage]\ndriver=\"vfs\"\nrunroot=\"/run/containers/storage\"\ngraphroot=\"/var/lib/containers/storage\"\n",
	} {
		if err := os.WriteFile(filepath.Join(m.root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if q := os.Getenv("QUADLET"); q != "" {
		m.copyProgram(q, "etc/systemd/system-generators/podman-system-generator")
		m.userGenerator(q)
	}
	m.copyProgram(program, "opt/podman-skupper")
	m.addUser()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "/etc/alternatives", filepath.Join(m.root, "etc")).CombinedOutput(); err != nil {
		t.Logf("without alternatives: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := m.try("journalctl", "--no-pager", "-n", "60")
			t.Log(out)
		}
		_, _ = engine.Try(context.WithoutCancel(t.Context()), "rm", "-f", "-t", "5", m.name)
		if err := container.RemoveAll(m.root); err != nil {
			t.Error(err)
		}
	})
	out, err := engine.Try(t.Context(), "run", "-d", "--name", m.name, "--systemd=always", "--privileged", "--cgroupns=host", "--network=none",
		"-v", "/usr:/usr:ro", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "-e", "container=podman", "--rootfs", m.root, machineSystemd)
	if err != nil {
		t.Skipf("NOT TESTED: systemd does not run in a container here: %v %s", err, out)
	}
	m.awaitBoot()
	return m
}

// userGenerator has users' Quadlet files made units by that program. Where a user cannot have groups in the control group of a unit,
// as with version 1 (our program writes no such file then), Podman is kept from trying; all else is as it makes it.
func (m machine) userGenerator(quadlet string) {
	m.t.Helper()
	const generator = "etc/systemd/user-generators/podman-user-generator"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		m.copyProgram(quadlet, generator) // it goes by its name
		return
	}
	m.copyProgram(quadlet, "opt/quadlet")
	for name, text := range map[string]string{
		generator:    "#!/bin/sh\nPODMAN=/opt/podman exec /opt/quadlet -user \"$@\"\n",
		"opt/podman": "#!/bin/sh\nfor word; do\n\tshift\n\t[ \"$word\" = --cgroups=split ] || set -- \"$@\" \"$word\"\ndone\nexec /usr/bin/podman \"$@\"\n",
	} {
		path := filepath.Join(m.root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o755)
		}
		if err != nil {
			m.t.Fatal(err)
		}
	}
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

// The users of a machine: besides root there is one without rights, who may have containers.
const (
	userName    = "walker"
	userID      = "4242"
	passwd      = "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:101:101::/nonexistent:/usr/sbin/nologin\n" + userName + ":x:" + userID + ":" + userID + "::/home/" + userName + ":/bin/sh\n"
	group       = "root:x:0:\nmessagebus:x:101:\n" + userName + ":x:" + userID + ":\n"
	subordinate = userName + ":300000:65536\n"
)

// addUser makes the user's home.
func (m machine) addUser() {
	m.t.Helper()
	home := filepath.Join(m.root, "home", userName)
	err := os.Mkdir(home, 0o700)
	if id, bad := strconv.Atoi(userID); err == nil && bad == nil {
		err = os.Chown(home, id, id)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// as is the machine as the user has it.
func (m machine) as(user string) machine {
	m.user = user
	return m
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
	words := []string{"exec"}
	if m.user != "" {
		words = append(words, "-u", m.user, "-w", "/home/"+m.user, "-e", "HOME=/home/"+m.user, "-e", "USER="+m.user, "-e", "XDG_RUNTIME_DIR=/run/user/"+userID)
	}
	return engine.Try(context.WithoutCancel(m.t.Context()), append(append(words, m.name), args...)...)
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
