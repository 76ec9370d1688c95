//go:build podman

package podman

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// noSite checks that nothing is half-made.
func (p place) noSite() {
	p.t.Helper()
	if files, _ := filepath.Glob(p.dir("input", "resources", "*")); len(files) > 0 {
		p.t.Errorf("left: %v", files)
	}
	for _, left := range []string{"platform.yaml", "container.json"} {
		if _, err := os.Stat(p.dir("internal", left)); err == nil {
			p.t.Errorf("%s is left", left)
		}
	}
}

func TestEngineCannotBeUsed(t *testing.T) {
	p := in(t, "none")
	create := []string{"site", "create", "none"}
	if engine.Kind == "docker" {
		p.refuses(2, `quadlet is for the platform podman`, append(create, "--quadlet")...)
	} else { // the tests' Podman is none that a unit of this user would run
		p.refuses(2, `a Quadlet file is run by this user's own Podman, and the site is to be in the one at .*s\.sock\ntry: leave --quadlet out`, append(create, "--quadlet")...)
	}
	p.noSite()
	other := filepath.Join(t.TempDir(), "o.sock")
	p.with("CONTAINER_ENDPOINT=unix://"+other).refuses(125, `there is no `+engine.Kind+` at .*o.sock\ntry: systemctl`, create...)
	p.noSite()
	ln, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = ln.Close()
	p.with("CONTAINER_ENDPOINT=unix://"+other).refuses(125, `nobody answers at .*: `+engine.Kind+` does not run\ntry: systemctl`, create...)
	p.noSite()
	p.with("CONTAINER_ENDPOINT=ssh://host/run/podman.sock").refuses(125, `CONTAINER_ENDPOINT leads to another machine, host`, create...)
	p.noSite()
}

func TestImageCannotBeHad(t *testing.T) {
	p := in(t, "image").with("SKUPPER_ROUTER_IMAGE=127.0.0.1:1/none/router:1", "SKUPPER_ENGINE=")
	p.refuses(125, `(?s)pulling 127.0.0.1:1/none/router:1.*pull 127.0.0.1:1/none/router:1: `+engine.Kind+` says: .*refused.*\ntry: `, "site", "create", "image", "--engine", "image")
	p.noSite()
	p.with("SKUPPER_ROUTER_IMAGE_PULL_POLICY=Never").refuses(4, `no image 127.0.0.1:1/none/router:1 here, and it is not to be pulled\ntry: `, "site", "create", "image", "--engine", "image")
	p.noSite()
	p.with("SKUPPER_ROUTER_IMAGE_PULL_POLICY=sometimes").refuses(2, `is "sometimes", want Always, IfNotPresent, Never`, "site", "create", "image")
	p.noSite()
	// Left to itself it takes what it can have, and says so.
	if r := p.do("site", "create", "image"); !strings.Contains(r.err, "the router in this program is used instead") {
		t.Errorf("said %q", r.err)
	}
	p.shows(`Ready +OK`, "site", "status")
	p.do("site", "delete", "image")
	engine.nothingLeft(t)
}

// The name of the container may be another's, who keeps it.
func TestNameTaken(t *testing.T) {
	first, second := in(t, "same"), in(t, "same")
	first.do("site", "create", "first")
	second.refuses(6, `there is a container same-skupper-router already, and it is the router of another installation, with its configuration in `+first.home.Dir, "site", "create", "second")
	second.noSite()
	first.shows(`Ready +OK`, "site", "status")
	first.do("site", "delete", "first")
	second.do("site", "create", "second")
	second.do("site", "delete", "second")
	engine.nothingLeft(t)
}

func TestPortTaken(t *testing.T) {
	p := in(t, "port")
	p.do("site", "create", "port")
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	p.do("listener", "create", "taken", port, "--wait", "none")
	p.shows(`port `+port+` on this machine is in use by process \d+`, "listener", "status", "taken")
	_ = ln.Close()
	p.shows(`taken +Pending +.*No matching`, "listener", "status")
	p.do("site", "delete", "port")
	engine.nothingLeft(t)
}

// Two sites cannot have one port: the second one says who has it, and has it when that one is gone. What the sites of this installation
// have is not taken from them, says the doctor.
func TestPortOfAnotherSite(t *testing.T) {
	p := in(t, "first")
	q := place{t: t, home: p.home, ns: "second", env: p.env}
	p.do("site", "create", "first", "--enable-link-access")
	q.do("site", "create", "second")
	port := free(t)
	p.do("listener", "create", "web", port)
	q.refuses(1, `listener web is not configured: port `+port+` on this machine is that of a listener of namespace first: choose another port or host`, "listener", "create", "web", port)
	q.refuses(1, `port `+port+` on this machine is that of a listener of namespace first`, "routeraccess", "create", "more", "--role", "inter-router:"+port)
	q.do("routeraccess", "delete", "more")
	p.shows(`web +Pending +.*No matching`, "listener", "status")
	if r := p.do("system", "doctor"); !regexp.MustCompile(`ports +ok +of those that a site prefers, .*55671 by the site of namespace first`).MatchString(r.out) {
		t.Errorf("the doctor says %s", r.out)
	}
	p.do("site", "delete", "first")
	q.shows(`web +Pending +.*No matching`, "listener", "status")
	q.do("site", "delete", "second")
	engine.nothingLeft(t)
}

// Removing the directory of a namespace ends its container.
func TestDirectoryRemoved(t *testing.T) {
	p := in(t, "dir")
	p.do("site", "create", "dir")
	soon(t, "all is removed", func() bool { return os.RemoveAll(p.dir()) == nil })
	soon(t, "container and image are gone", func() bool {
		containers, bad := engine.Try(t.Context(), "ps", "-a", "--format", "{{.Names}}")
		images, worse := engine.Try(t.Context(), "images", "--format", "{{.Repository}}") // which Podman cannot say while one is being removed
		return bad == nil && worse == nil && !strings.Contains(containers+images, "skupper-router")
	})
	engine.nothingLeft(t)
}

// Without a platform a new site gets Podman where it answers, and plain Linux where not, and says which.
func TestPlatformChosen(t *testing.T) {
	if engine.Kind != "podman" {
		t.Skip("Docker is taken only when it is asked for")
	}
	p := in(t, "chosen").with("SKUPPER_PLATFORM=", "SKUPPER_ENGINE=embedded")
	if r := p.do("site", "create", "chosen"); !strings.Contains(r.err, "platform podman, as it answers at "+engine.Socket()) {
		t.Errorf("said %q", r.err)
	}
	p.do("site", "delete", "chosen")
	q := in(t, "plain").with("SKUPPER_PLATFORM=", "CONTAINER_ENDPOINT=unix:///none/s.sock")
	if r := q.do("site", "create", "plain"); !strings.Contains(r.err, "platform linux, as no Podman answers at /none/s.sock") {
		t.Errorf("said %q", r.err)
	}
	q.shows(`Platform: +linux`, "system", "status")
	q.do("site", "delete", "plain")
	engine.nothingLeft(t)
}
