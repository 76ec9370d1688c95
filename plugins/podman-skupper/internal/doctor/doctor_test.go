package doctor

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// healthy is a machine on which a user's Podman can run sites.
func healthy(t *testing.T) Machine {
	t.Helper()
	m := Machine{Root: t.TempDir(), UID: 1000, User: "ann", Platform: "podman", Ports: []int{22, 8080},
		Getenv:     func(name string) string { return map[string]string{"PATH": "/none:/usr/bin"}[name] },
		Engine:     func() (string, error) { return "unix:///s", nil },
		Open:       func(context.Context, string) error { return nil },
		Systemd:    func(context.Context) bool { return true },
		Agent:      func(context.Context) (bool, string) { return false, "" },
		Controller: func() bool { return false },
	}
	for _, program := range []string{"/usr/bin/newuidmap", "/usr/bin/newgidmap"} {
		put(t, m, program, "")
		if err := os.Chmod(m.path(program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range map[string]string{
		"/run/systemd/system/x": "", "/var/lib/systemd/linger/ann": "", "/sys/fs/cgroup/cgroup.controllers": "cpu", "/dev/net/tun": "",
		"/etc/subuid": "bob:100000:65536\nann:165536:65536\n", "/etc/subgid": "1000:165536:65536\n", "/proc/sys/net/ipv4/ip_unprivileged_port_start": "80\n",
	} {
		put(t, m, path, text)
	}
	return m
}

func put(t *testing.T, m Machine, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.path(path), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, all []Finding, check string) Finding {
	t.Helper()
	for _, f := range all {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("no check %s in %+v", check, all)
	return Finding{}
}

func TestHealthy(t *testing.T) {
	all := healthy(t).Examine(t.Context())
	for _, f := range all {
		if f.Result != OK || f.Message == "" || f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
	if err := Worst(all); err != nil {
		t.Error(err)
	}
}

func TestFindings(t *testing.T) {
	gone := func(path string) func(*testing.T, *Machine) {
		return func(t *testing.T, m *Machine) {
			if err := os.RemoveAll(m.path(path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	says := func(path, text string) func(*testing.T, *Machine) {
		return func(t *testing.T, m *Machine) { put(t, *m, path, text) }
	}
	for name, tc := range map[string]struct {
		change                      func(*testing.T, *Machine)
		check, result, message, fix string
	}{
		"engine-gone": {func(_ *testing.T, m *Machine) {
			m.Open = func(context.Context, string) error { return fault.New(fault.Engine, "nobody answers", "start it") }
		}, "engine", Bad, "nobody answers", "start it"},
		"engine-elsewhere": {func(_ *testing.T, m *Machine) {
			m.Engine = func() (string, error) { return "", fault.New(fault.Usage, "leads to another machine", "run it there") }
		}, "engine", Bad, "another machine", "run it there"},
		"no-engine-needed": {func(_ *testing.T, m *Machine) { m.Platform = "linux" }, "engine", Skipped, "needs none", ""},
		"no-session":       {func(_ *testing.T, m *Machine) { m.Systemd = func(context.Context) bool { return false } }, "systemd", Warning, "no session", "XDG_RUNTIME_DIR=/run/user/1000"},
		"no-systemd": {func(t *testing.T, m *Machine) {
			m.Systemd = func(context.Context) bool { return false }
			gone("/run/systemd")(t, m)
		}, "systemd", Warning, "there is no systemd", "system start"},
		"no-linger":   {gone("/var/lib/systemd/linger/ann"), "linger", Warning, "logs out", "loginctl enable-linger ann"},
		"root-linger": {func(_ *testing.T, m *Machine) { m.UID = 0 }, "linger", Skipped, "", ""},
		"no-cgroups":  {gone("/sys/fs/cgroup"), "cgroups", Bad, "no control groups", "mount"},
		"cgroups-1":   {gone("/sys/fs/cgroup/cgroup.controllers"), "cgroups", Warning, "version 1", "unified_cgroup_hierarchy"},
		"selinux":     {says("/sys/fs/selinux/enforce", "1"), "selinux", Bad, "no rules for containers", "container-selinux"},
		"selinux-rules": {func(t *testing.T, m *Machine) {
			put(t, *m, "/sys/fs/selinux/enforce", "1")
			put(t, *m, "/usr/share/containers/selinux/contexts", "")
		}, "selinux", OK, "enforced", ""},
		"no-subuid":      {says("/etc/subuid", "bob:1:65536\n"), "subuid", Bad, "gives ann none", "usermod --add-subuids 100000-165535 ann"},
		"few-subgid":     {says("/etc/subgid", "ann:1:100\n"), "subgid", Warning, "fewer than 65536", "usermod --add-subgids"},
		"odd-subuid":     {says("/etc/subuid", "ann\nann:x:y\n"), "subuid", Warning, "fewer", "usermod"},
		"no-newuidmap":   {gone("/usr/bin/newuidmap"), "subuid", Bad, "no newuidmap in $PATH", "package uidmap"},
		"docker-subuid":  {func(_ *testing.T, m *Machine) { m.Platform = "docker" }, "subuid", Skipped, "", ""},
		"no-tun":         {gone("/dev/net/tun"), "tun", Warning, "no /dev/net/tun", "modprobe tun"},
		"low-ports":      {says("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024"), "low ports", Warning, "below 1024", "sysctl"},
		"root-low-ports": {func(_ *testing.T, m *Machine) { m.UID = 0 }, "low ports", Skipped, "", ""},
		"taken-port":     {func(_ *testing.T, m *Machine) { m.Ports = []int{1, 55671} }, "ports", Warning, "55671 (links of routers)", "ss -ltnp"},
		"own-port": {func(_ *testing.T, m *Machine) {
			m.Ports, m.Own = []int{45671, 55671}, map[int]string{55671: "the site of namespace east"}
		}, "ports", Warning, "taken: 45671 (links of edge routers);", "ss -ltnp"},
		"own-ports": {func(_ *testing.T, m *Machine) {
			m.Ports, m.Own = []int{9490, 55671}, map[int]string{55671: "the site of namespace east", 9490: "the agent"}
		}, "ports", OK, "9490 by the agent, 55671 by the site of namespace east", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := healthy(t)
			tc.change(t, &m)
			all := m.Examine(t.Context())
			f := find(t, all, tc.check)
			if f.Result != tc.result || !strings.Contains(f.Message, tc.message) || !strings.Contains(f.Fix, tc.fix) || (tc.fix == "") != (f.Fix == "") {
				t.Errorf("got %+v, want %s: %s, fix %s", f, tc.result, tc.message, tc.fix)
			}
			if bad := Worst(all) != nil; bad != (tc.result == Bad) {
				t.Errorf("sites can run: %v", !bad)
			}
		})
	}
}

func TestOtherController(t *testing.T) {
	m := healthy(t)
	for held, want := range map[bool]string{true: Warning, false: OK} {
		m.Controller = func() bool { return held }
		if f := find(t, m.Examine(t.Context()), "controller"); f.Result != want || held != strings.Contains(f.Fix, "skupper system uninstall") {
			t.Errorf("%v: %+v", held, f)
		}
	}
}

func TestAgentDied(t *testing.T) {
	m := healthy(t)
	m.Agent = func(context.Context) (bool, string) { return true, "x system start" }
	if f := find(t, m.Examine(t.Context()), "agent"); f.Result != Warning || f.Fix != "x system start" {
		t.Errorf("%+v", f)
	}
}
