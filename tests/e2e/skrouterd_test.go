//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// slow is how long what another router and its links take may take.
const slow = 90 * time.Second

// A site runs the router that is installed, whoever starts it; what is changed reaches it while it runs.
func TestInstalledRouter(t *testing.T) {
	program := os.Getenv("SKROUTERD")
	if program == "" {
		t.Skip("SKIPPED, NOTHING WAS TESTED: SKROUTERD does not name a skrouterd")
	}
	t.Setenv("PATH", linkTo(t, program)+":"+os.Getenv("PATH"))
	p := in(t, "west")
	p.do("site", "create", "west", "--engine", "skrouterd", "--enable-link-access")
	t.Setenv("PATH", "/usr/bin:/bin") // from here on it is found by what is written down
	other := p.beside("east")
	other.do("site", "create", "east")
	if out := p.do("version"); !strings.Contains(out, "skrouterd") {
		t.Errorf("version shows %s", out)
	}
	if out := other.do("version"); strings.Contains(out, "skrouterd") {
		t.Errorf("version of the other shows %s", out)
	}
	isOther := func() bool {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(p.router()) + "/cmdline")
		return err == nil && strings.Contains(string(text), "skrouterd") && !strings.Contains(string(text), "podman-skupper")
	}
	soon(t, slow, "skrouterd runs", isOther)

	other.do("token", "redeem", p.issue(), "--timeout", "90s")
	other.shows(slow, `Ready +1`, "link", "status")
	pid := p.router()
	there, back := loopback.FreePort(t), loopback.FreePort(t)
	p.do("connector", "create", "there", strconv.Itoa(loopback.Echo(t)))
	other.do("listener", "create", "there", strconv.Itoa(there))
	other.do("connector", "create", "back", strconv.Itoa(loopback.Echo(t)))
	p.do("listener", "create", "back", strconv.Itoa(back))
	flow := func(port int) func() bool { return func() bool { return loopback.Ask(port) == nil } }
	soon(t, slow, "traffic to it", flow(there))
	soon(t, slow, "traffic from it", flow(back))
	p.do("listener", "delete", "back")
	soon(t, slow, "nobody listens any more", func() bool { return loopback.Ask(back) != nil })
	if now := p.router(); now != pid {
		t.Errorf("process %d, then %d: a change is no reason to restart", pid, now)
	}
	p.shows(slow, `west +Ready +OK`, "site", "status")

	signal(t, pid, syscall.SIGKILL)
	soon(t, slow, "it is there again", func() bool { return p.router() != pid && isOther() && loopback.Ask(there) == nil })
	p.do("system", "stop")
	if _, err := os.Stat("/proc/" + strconv.Itoa(p.router())); p.router() != 0 && err == nil {
		t.Error("it runs after the stop")
	}
	signal(t, p.agent(), syscall.SIGTERM) // another agent knows it too
	soon(t, slow, "the agent ends", func() bool { n, _ := p.running(); return n == 0 })
	p.do("system", "start")
	soon(t, slow, "it runs again", func() bool { return isOther() && loopback.Ask(there) == nil })
	p.do("site", "delete", "west")
	if _, err := os.Stat(p.dir("internal", "router-program")); err == nil {
		t.Error("which program it was is left")
	}
	other.do("site", "delete", "east")
}

func linkTo(t *testing.T, program string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, "skrouterd")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A router that is not there is no router, and no site is half-made for it.
func TestNoInstalledRouter(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p := in(t, "west")
	p.refuses(4, `engine is "skrouterd": .*not found.*\ntry: install skupper-router, or export SKUPPER_ROUTER=`, "site", "create", "west", "--engine", "skrouterd")
	p.refuses(2, `engine is "image", want embedded or skrouterd: on linux`, "site", "create", "west", "--engine", "image")
	for _, left := range []string{p.dir("internal", "platform.yaml"), p.dir("input", "resources", "Site-west.yaml")} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is left", left)
		}
	}
	q := in(t, "east") // the sandbox takes away what would choose a router; so it is given by hand
	cmd := q.cmd("site", "create", "east")
	cmd.Env = append(cmd.Env, "SKUPPER_ROUTER=/nonexistent/skrouterd")
	if r := finish(t, cmd, cmd.Args); r.code != 4 || !strings.Contains(r.err, `SKUPPER_ROUTER is "/nonexistent/skrouterd"`) {
		t.Errorf("ended with %d and said %q", r.code, r.err)
	}
}
