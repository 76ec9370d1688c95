//go:build podman

package podman

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logIn makes a machine in which the user is logged in, and has an engine.
func logIn(t *testing.T) machine {
	t.Helper()
	root := boot(t)
	root.do("systemctl", "start", userManager)
	m := root.as(userName)
	m.do("systemctl", "--user", "enable", "--now", "podman.socket")
	return m
}

// userManager is the unit that is the user's own service manager. A login starts it, and so does the machine for who lingers.
const userManager = "user@" + userID + ".service"

// A user's site runs in a container of the user's own, by units of the user's own: with the user's session, until the user
// lingers, and with the machine from then on.
func TestUserUnits(t *testing.T) {
	m := logIn(t)
	root := m.as("")
	_, says := m.both("site", "create", "east", "--engine", "embedded", "--enable-link-access")
	const remedy = "loginctl enable-linger " + userName
	if !strings.Contains(says, "platform podman, as it answers at /run/user/"+userID) || !strings.Contains(says, remedy) {
		t.Errorf("create says %q", says)
	}
	units := filepath.Join("home", userName, ".config", "systemd", "user")
	for _, name := range []string{siteUnit, agentUnit} {
		if !m.exists(filepath.Join(units, name)) {
			t.Errorf("there is no %s of the user", name)
		}
		if got := m.unit(name); got != "enabled\nactive" {
			t.Errorf("%s is %q", name, got)
		}
		if m.exists(filepath.Join("etc/systemd/system", name)) {
			t.Errorf("%s is root's", name)
		}
	}
	id := m.do("podman", "inspect", "--format", "{{.Id}}", router)
	if got := m.do("podman", "inspect", "--format", "{{.Config.User}} {{.HostConfig.UsernsMode}} {{.HostConfig.NetworkMode}}", router); !strings.HasPrefix(got, userID+":"+userID+" ") || !strings.HasSuffix(got, " host") {
		t.Errorf("the container is %q", got)
	}

	m.reboot()
	if got := root.unit(userManager); !strings.HasSuffix(got, "\ninactive") {
		t.Errorf("the manager of who does not linger is %q after a reboot", got)
	}
	root.do("systemctl", "start", userManager)
	soon(t, "the router runs with the session", func() bool { return m.running() })
	_, says = m.both("system", "status")
	if !strings.Contains(says, remedy) {
		t.Errorf("status says %q", says)
	}

	root.do(strings.Fields(remedy)...)
	if _, says := m.both("system", "status"); strings.Contains(says, "linger") {
		t.Errorf("status says %q of who lingers", says)
	}
	m.reboot()
	soon(t, "the router runs after a reboot, with nobody logged in", func() bool { return m.running() })
	if now := m.do("podman", "inspect", "--format", "{{.Id}}", router); now != id {
		t.Errorf("container %s, then %s: the unit starts the one that is there", id, now)
	}
	soon(t, "the site is ready", func() bool {
		out, _ := m.try("/opt/podman-skupper", "site", "status")
		return strings.Contains(out, "Ready")
	})

	m.do("systemctl", "--user", "kill", "--signal=KILL", agentUnit)
	soon(t, "the agent is back", func() bool { return m.unit(agentUnit) == "enabled\nactive" })
	m.do("podman", "rm", "-f", "-t", "1", router)
	soon(t, "the router is back", func() bool { return m.running() })

	m.skupper("system", "stop")
	m.reboot()
	soon(t, "the manager is there", func() bool { return m.unit(agentUnit) == "enabled\nactive" })
	if got := m.unit(siteUnit); !strings.HasPrefix(got, "disabled") || m.running() {
		t.Errorf("a stopped site was started with the machine; its unit is %q", got)
	}
	m.skupper("system", "start")
	soon(t, "the router runs again", func() bool { return m.running() && m.unit(siteUnit) == "enabled\nactive" })
	m.skupper("site", "delete", "--all")
	m.skupper("system", "uninstall")
	for _, name := range []string{siteUnit, agentUnit, "default.target.wants/" + siteUnit, "default.target.wants/" + agentUnit} {
		if m.exists(filepath.Join(units, name)) {
			t.Errorf("%s is left", name)
		}
	}
	if all := m.do("podman", "ps", "-a", "--format", "{{.Names}}"); all != "" {
		t.Errorf("containers are left: %s", all)
	}
}

// The site of a user on plain Linux runs by the same means, where there is no engine at all.
func TestUserUnitsWithoutEngine(t *testing.T) {
	root := boot(t)
	root.do("systemctl", "start", userManager)
	root.do("loginctl", "enable-linger", userName)
	m := root.as(userName)
	if _, says := m.both("site", "create", "plain"); !strings.Contains(says, "platform linux, as no Podman answers at /run/user/"+userID) || strings.Contains(says, "linger") {
		t.Errorf("create says %q", says)
	}
	if got := m.unit(siteUnit); got != "enabled\nactive" {
		t.Errorf("the unit is %q", got)
	}
	m.reboot()
	soon(t, "the site is ready after a reboot", func() bool {
		out, _ := m.try("/opt/podman-skupper", "site", "status")
		return m.unit(siteUnit) == "enabled\nactive" && strings.Contains(out, "Ready")
	})
	m.skupper("site", "delete", "--all")
	m.skupper("system", "uninstall")
	if left, _ := os.ReadDir(filepath.Join(m.root, "home", userName, ".config", "systemd", "user")); len(left) > 1 { // systemd keeps the directory of what it enables
		t.Errorf("left: %v", left)
	}
}

// A user's Quadlet file makes a unit of the user's.
func TestUserQuadlet(t *testing.T) {
	needsQuadlet(t)
	m := logIn(t)
	m.as("").do("loginctl", "enable-linger", userName)
	quadletUnit(t, m, "home/"+userName+"/.config/containers/systemd/skupper-default.container", "/home/"+userName+"/.local/share/skupper")
}
