//go:build podman

package podman

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// original makes a machine that has the command line of Skupper itself too, which cannot tell that this is a container, and a
// registry with an image of our router: the original pulls images, whether they are there or not.
func original(t *testing.T) machine {
	t.Helper()
	cli := os.Getenv("SKUPPER_CLI")
	if cli == "" {
		t.Skip("NOT TESTED: SKUPPER_CLI does not name the command line of Skupper itself")
	}
	m := boot(t)
	m.copyProgram(cli, "opt/skupper")
	m.copyProgram(filepath.Join("testdata", "registry.py"), "opt/registry.py")
	if err := os.WriteFile(filepath.Join(m.root, "etc", "containers", "registries.conf"), []byte("[[registry]]\nlocation=\"127.0.0.1:5000\"\ninsecure=true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m.do("sh", "-c", "umount /run/.containerenv; rm -f /run/.containerenv")
	m.do("systemctl", "enable", "--now", "podman.socket")
	m.skupper("system", "images", "save", "/opt/images.tar", "--platform", "podman", "--engine", "embedded")
	m.do("podman", "push", "-q", m.do("podman", "images", "--format", "{{.Repository}}:{{.Tag}}"), "dir:/opt/image")
	m.do("podman", "rmi", "--all")
	m.do("systemd-run", "--unit=registry", "/usr/bin/python3", "/opt/registry.py", "/opt/image")
	soon(t, "the registry answers", func() bool { _, err := m.try("podman", "pull", "-q", originalImage); return err == nil })
	return m
}

// originalImage is the image that the original runs.
const originalImage = "127.0.0.1:5000/air/router:1"

// original runs the other command line.
func (m machine) original(args ...string) string {
	m.t.Helper()
	out, err := m.try(append([]string{"env", "SKUPPER_PLATFORM=podman", "SKUPPER_ROUTER_IMAGE=" + originalImage, "HOME=/root", "USER=root", "/opt/skupper"}, args...)...)
	if err != nil {
		m.t.Fatalf("%v: %s", err, out) // it complains on standard output
	}
	return out
}

// nothing checks that nothing is left of the namespace, for whoever looks.
func (m machine) nothing() {
	m.t.Helper()
	soon(m.t, "container, unit and directory are gone", func() bool {
		all, err := m.try("podman", "ps", "-a", "--format", "{{.Names}}")
		return err == nil && !strings.Contains(all, router) && !m.exists(siteFile) && !m.exists("var/lib/skupper/namespaces/default/runtime/resources") && !m.running()
	})
}

// What the original does with a site of ours: it shows it, and ends it for good and without complaint, by its stop and by its
// uninstall; and it has room for its own then.
func TestOriginalEndsOurs(t *testing.T) {
	m := original(t)
	for name, end := range map[string][]string{"stop": {"system", "stop"}, "uninstall": {"system", "uninstall", "--force"}} {
		m.skupper("site", "create", "east", "--platform", "podman", "--engine", "embedded", "--enable-link-access")
		m.skupper("listener", "create", "echo", "7777")
		for args, want := range map[string]string{"site status": "east", "listener status": "7777", "link status": "NAME"} {
			if out := m.original(strings.Fields(args)...); !strings.Contains(out, want) {
				t.Errorf("%s shows %q", args, out)
			}
		}
		if out := m.original(end...); !strings.Contains(out, `Namespace "default" has been removed`) {
			t.Errorf("%s says %q", name, out)
		}
		m.nothing()
	}
	m.skupper("system", "uninstall") // else our agent has the next site too
	m.original("site", "create", "west")
	m.original("system", "start") // where ours was
	m.original("system", "stop")
	m.nothing()
}

// A site of ours in a container is run on by the original, which signs with its authorities: who is linked stays so, its links serve
// others, what it redeems is a link, and ours goes on with all of that. The others are of another installation, as ours ends meanwhile.
func TestOriginalRunsOurs(t *testing.T) {
	m := original(t)
	others := func(args ...string) (string, error) {
		return m.try(append([]string{"env", "SKUPPER_HOME=/opt/others", "/opt/podman-skupper"}, args...)...)
	}
	other := func(args ...string) {
		t.Helper()
		if out, err := others(args...); err != nil {
			t.Fatal(out, err)
		}
	}
	linked := func(what string, status func(args ...string) (string, error), args ...string) {
		t.Helper()
		soon(t, what, func() bool {
			out, err := status(append([]string{"link", "status", "--noheading"}, args...)...)
			return err == nil && len(regexp.MustCompile(`(?m)^\S+ +Ready .*OK`).FindAllString(out, -1)) == 1
		})
	}
	m.skupper("site", "create", "east", "--platform", "podman", "--engine", "embedded", "--enable-link-access")
	for _, name := range []string{"west", "north"} {
		other("site", "create", name, "--namespace", name, "--platform", "linux", "--enable-link-access")
	}
	m.skupper("token", "issue", "/root/east.yaml")
	other("token", "redeem", "/root/east.yaml", "--namespace", "west")
	linked("west is linked", others, "--namespace", "west")
	const issuers = "/var/lib/skupper/namespaces/default/runtime/issuers"
	authorities := func() string { return m.do("sh", "-c", "cat "+issuers+"/*/tls.*") }
	id := func() string {
		out, _ := m.try("podman", "inspect", "--format", `{{index .Config.Labels "skupper.io/site-id"}}`, router)
		return strings.TrimSpace(out)
	}
	site, ca := id(), authorities()

	m.do("systemctl", "stop", agentUnit)
	m.original("system", "reload")
	if image := m.do("podman", "inspect", "--format", "{{.ImageName}}", router); image != originalImage {
		t.Errorf("the container is not the original's, but of %s", image)
	}
	linked("west is linked to what the original runs", others, "--namespace", "west")
	m.do("sh", "-c", `env SKUPPER_PLATFORM=podman /opt/skupper link generate --host "$(uname -n)" >/root/link.yaml`) // its certificate is not for loopback
	other("system", "apply", "-f", "/root/link.yaml", "--namespace", "north")
	linked("north is linked by the original's file", others, "--namespace", "north")
	other("token", "issue", "/root/north.yaml", "--namespace", "north")
	m.original("token", "redeem", "/root/north.yaml")
	m.original("system", "reload")

	m.skupper("listener", "create", "echo", "7777") // ours goes on
	soon(t, "ours runs it", func() bool { return strings.Contains(m.skupper("listener", "status"), "No matching") })
	linked("what the original redeemed is a link", func(args ...string) (string, error) {
		return m.try(append([]string{"/opt/podman-skupper"}, args...)...)
	})
	linked("west is linked in the end", others, "--namespace", "west")
	linked("north is linked in the end", others, "--namespace", "north")
	if id() != site || authorities() != ca {
		t.Error("it is another site, or has other authorities")
	}
	for _, namespace := range []string{"west", "north"} {
		other("site", "delete", "--all", "--namespace", namespace)
	}
	m.skupper("site", "delete", "--all")
	m.nothing()
}

// A site that the original made in a container is run by ours as the same one, and by the original again.
func TestOursTakesOverContainer(t *testing.T) {
	m := original(t)
	m.original("site", "create", "west", "--enable-link-access")
	m.original("system", "start")
	const ca, id = "/var/lib/skupper/namespaces/default/runtime/issuers/skupper-site-ca/tls.crt", `{{index .Config.Labels "skupper.io/site-id"}}`
	site, authority := m.do("podman", "inspect", "--format", id, router), m.do("cat", ca)
	same := func() bool {
		now, err := m.try("podman", "inspect", "--format", id, router)
		return err == nil && strings.TrimSpace(now) == site && m.do("cat", ca) == authority
	}
	if out := m.skupper("site", "status"); !strings.Contains(out, "west") {
		t.Errorf("status before: %q", out)
	}
	if out := m.skupper("system", "status"); !strings.Contains(out, "podman container "+router) {
		t.Errorf("system status before: %q", out)
	}
	m.skupper("listener", "create", "echo", "7777")
	soon(t, "ours runs it", func() bool {
		return m.running() && same() && strings.Contains(m.skupper("listener", "status"), "No matching") && m.unit(agentUnit) == "enabled\nactive" && m.unit(siteUnit) == "enabled\nactive"
	})
	m.original("system", "reload") // the original makes the container anew, under our agent
	soon(t, "it is one site still", func() bool {
		all, err := m.try("podman", "ps", "-a", "--format", "{{.Names}}")
		return err == nil && strings.TrimSpace(all) == router && m.running() && same() && strings.Contains(m.skupper("site", "status"), "Ready")
	})
	m.skupper("system", "stop")
	if m.running() {
		t.Error("it runs after ours has stopped it")
	}
	m.skupper("system", "start")
	soon(t, "it runs", func() bool { return m.running() && same() })
	if now := m.do("podman", "inspect", "--format", "{{.ImageName}}", router); now != originalImage {
		t.Errorf("it runs %s, which nobody asked for, and not %s", now, originalImage)
	}
	m.skupper("site", "delete", "--all")
	m.nothing()
}
