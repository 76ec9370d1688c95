//go:build podman

package podman

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	siteUnit  = "skupper-default.service"
	siteFile  = "etc/systemd/system/" + siteUnit
	agentUnit = "skupper-agent.service"
	agentFile = "etc/systemd/system/" + agentUnit
	scripts   = "var/lib/skupper/namespaces/default/internal/scripts"
	router    = "default-skupper-router"
)

// Sites start with the machine, and end with it; nothing of them is left when they are deleted.
func TestSystemd(t *testing.T) {
	m := boot(t)
	m.do("systemctl", "enable", "--now", "podman.socket")
	m.skupper("site", "create", "east", "--platform", "podman", "--engine", "embedded", "--enable-link-access")
	for _, file := range []string{siteFile, agentFile, filepath.Join(scripts, "start.sh"), filepath.Join(scripts, "stop.sh")} {
		if !m.exists(file) {
			t.Errorf("there is no %s", file)
		}
	}
	for unit, want := range map[string]string{siteUnit: "enabled\nactive", agentUnit: "enabled\nactive"} {
		if got := m.unit(unit); got != want {
			t.Errorf("%s is %q, want %q", unit, got, want)
		}
	}
	if got := m.skupper("system", "status"); strings.Contains(got, "there is no systemd") {
		t.Errorf("status: %s", got)
	}
	id := m.do("podman", "inspect", "--format", "{{.Id}}", router)

	m.reboot()
	soon(t, "the router runs after a reboot", func() bool { return m.running() })
	soon(t, "the site is ready", func() bool {
		out, _ := m.try("/opt/podman-skupper", "site", "status")
		return strings.Contains(out, "Ready")
	})
	if now := m.do("podman", "inspect", "--format", "{{.Id}}", router); now != id {
		t.Errorf("container %s, then %s: the unit starts the one that is there", id, now)
	}

	// Who is killed comes back.
	m.do("systemctl", "kill", "--signal=KILL", agentUnit)
	soon(t, "the agent is back", func() bool { return m.unit(agentUnit) == "enabled\nactive" })
	m.do("podman", "rm", "-f", "-t", "1", router)
	soon(t, "the router is back", func() bool { return m.running() })

	// A unit that somebody removed is named, and made again.
	soon(t, "status names the unit that is not there", func() bool {
		_ = os.Remove(filepath.Join(m.root, siteFile)) // the agent may have just been about to make it, as the router is a new one
		_, says := m.both("system", "status")
		return strings.Contains(says, "there is no systemd unit "+siteUnit)
	})
	m.skupper("system", "reload")
	if !m.exists(siteFile) {
		t.Error("reload does not make the unit again")
	}

	// A site that is stopped stays so.
	m.skupper("system", "stop")
	m.reboot()
	if got := m.unit(siteUnit); !strings.HasPrefix(got, "disabled") {
		t.Errorf("the unit of a stopped site is %q", got)
	}
	if m.running() {
		t.Error("a stopped site was started with the machine")
	}
	m.skupper("system", "start")
	soon(t, "the router runs again", func() bool { return m.running() })
	if got := m.unit(siteUnit); got != "enabled\nactive" {
		t.Errorf("the unit of a started site is %q", got)
	}

	// What is uninstalled leaves no unit, not even of a site that does not run.
	m.skupper("system", "stop")
	m.skupper("system", "uninstall")
	for _, file := range []string{siteFile, agentFile} {
		if m.exists(file) {
			t.Errorf("%s is left by uninstall", file)
		}
	}
	m.skupper("system", "start")
	soon(t, "the router runs with a unit again", func() bool { return m.running() && m.exists(siteFile) && m.exists(agentFile) })

	m.skupper("site", "delete", "--all")
	for _, file := range []string{siteFile, filepath.Join(scripts, "start.sh"), "etc/systemd/system/default.target.wants/" + siteUnit} {
		if m.exists(file) {
			t.Errorf("%s is left", file)
		}
	}
	if all := m.do("podman", "ps", "-a", "--format", "{{.Names}}"); all != "" {
		t.Errorf("containers are left: %s", all)
	}
	m.skupper("system", "uninstall")
	if m.exists(agentFile) {
		t.Error("the agent's unit is left")
	}
}

// Systemd itself runs the container where a Quadlet file is wanted.
func TestQuadletUnit(t *testing.T) {
	needsQuadlet(t)
	m := boot(t)
	m.do("systemctl", "enable", "--now", "podman.socket")
	quadletUnit(t, m, "etc/containers/systemd/skupper-default.container", "/var/lib/skupper")
}

func needsQuadlet(t *testing.T) {
	t.Helper()
	if os.Getenv("QUADLET") == "" {
		t.Skip("NOT TESTED: QUADLET does not name the program quadlet of a Podman of 4.4 or later")
	}
}

// quadletUnit has a site in that file of a machine. Podman's generator is that of $QUADLET, as the Podman here may be too old to
// have one; then our program refuses, and is told by hand.
func quadletUnit(t *testing.T, m machine, file, home string) {
	t.Helper()
	if out, err := m.try("/opt/podman-skupper", "site", "create", "east", "--platform", "podman", "--engine", "embedded", "--quadlet"); err == nil {
		t.Logf("this Podman knows Quadlet files: %s", out)
	} else {
		if !strings.Contains(err.Error(), "want 4.4 or later") {
			t.Fatal(err)
		}
		m.skupper("site", "create", "east", "--platform", "podman", "--engine", "embedded")
		m.do("sed", "-i", `s/"router"/"quadlet": true, "router"/`, home+"/namespaces/default/internal/container.json")
		m.skupper("system", "reload")
	}
	soon(t, "systemd runs the container", func() bool {
		return m.exists(file) && !m.exists(siteFile) && m.running() && m.unit(siteUnit) == "generated\nactive"
	})
	m.reboot()
	soon(t, "the router runs after a reboot", func() bool { return m.running() && m.unit(siteUnit) == "generated\nactive" })
	m.skupper("system", "stop")
	if m.exists(file) || m.running() {
		t.Error("a stopped site would start with the machine")
	}
	m.skupper("system", "start")
	soon(t, "systemd runs the container again", func() bool { return m.unit(siteUnit) == "generated\nactive" && m.running() })
	m.skupper("site", "delete", "--all")
	if m.exists(file) {
		t.Error("the Quadlet file is left")
	}
	if all := m.do("podman", "ps", "-a", "--format", "{{.Names}}"); all != "" {
		t.Errorf("containers are left: %s", all)
	}
	m.skupper("system", "uninstall")
}

// unit is whether a unit is enabled, and whether it is active.
func (m machine) unit(name string) string {
	ask := []string{"systemctl"}
	if m.user != "" {
		ask = append(ask, "--user")
	}
	enabled, _ := m.try(append(ask, "is-enabled", name)...)
	active, _ := m.try(append(ask, "is-active", name)...)
	return strings.TrimSpace(enabled) + "\n" + strings.TrimSpace(active)
}

func (m machine) running() bool {
	out, err := m.try("podman", "inspect", "--format", "{{.State.Running}}", router)
	return err == nil && strings.TrimSpace(out) == "true"
}

// both are the outputs of our program.
func (m machine) both(args ...string) (out, errs string) {
	m.t.Helper()
	both := m.do(append([]string{"sh", "-c", `/opt/podman-skupper "$@" 2>/tmp/errs$(id -u); echo ---; cat /tmp/errs$(id -u)`, "sh"}, args...)...)
	out, errs, _ = strings.Cut(both, "---")
	return out, errs
}
