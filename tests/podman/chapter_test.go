//go:build podman

package podman

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The whole story: a site in a container and one on plain Linux, linked by a token, with traffic both ways; then everything
// is gone.
func TestChapter(t *testing.T) {
	east := in(t, "east")
	west := in(t, "west").with("SKUPPER_PLATFORM=linux", "SKUPPER_ENGINE=")
	east.do("site", "create", "east", "--enable-link-access")
	west.do("site", "create", "west")
	if got := engine.do(t, "inspect", "--format", `{{index .Config.Labels "application"}} {{index .Config.Labels "skupper.io/v2-component"}} {{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}}`, east.container()); got != "skupper-v2 router host always" {
		t.Errorf("the container is %q", got)
	}
	if b, err := os.ReadFile(east.dir("internal", "platform.yaml")); err != nil || string(b) != "platform: "+engine.Kind+"\n" {
		t.Errorf("platform.yaml: %q, %v", b, err)
	}
	if b, err := os.ReadFile(east.dir("runtime", "router", "skrouterd.json")); err != nil || !strings.Contains(string(b), `"${SSL_PROFILE_BASE_PATH}/runtime/certs/skupper-local-server/tls.crt"`) {
		t.Errorf("skrouterd.json: %s, %v", b, err)
	}
	token := filepath.Join(west.home.Dir, "t.yaml")
	east.do("token", "issue", token)
	west.do("token", "redeem", token)
	west.shows(`Ready +1`, "link", "status")
	there, back := free(t), free(t)
	east.do("connector", "create", "echo", serve(t))
	west.do("listener", "create", "echo", there)
	west.do("connector", "create", "back", serve(t))
	east.do("listener", "create", "back", back) // into a container that runs
	flows(t, there)
	flows(t, back)
	east.shows(`Ready +OK`, "site", "status")
	pid := engine.do(t, "inspect", "--format", "{{.State.Pid}}", east.container())
	east.do("system", "reload")
	if now := engine.do(t, "inspect", "--format", "{{.State.Pid}}", east.container()); now != pid {
		t.Errorf("process %s, then %s: a reload is no reason to restart", pid, now)
	}
	if b, _ := os.ReadFile(filepath.Join(east.home.Dir, "agent", "agent.log")); strings.Contains(string(b), "router.restart") {
		t.Error("the router was restarted")
	}
	east.refuses(6, `existing namespace uses "`+engine.Kind+`" platform and it cannot change to "linux"`, "site", "status", "--platform", "linux")
	east.with("SKUPPER_PLATFORM=").shows(`Platform: +`+engine.Kind, "system", "status")
	east.shows(`router +localhost/skupper/podman-skupper-router:`, "version")
	dump := east.do("debug", "dump", filepath.Join(east.home.Dir, "dump.tar.gz")).out
	list, err := exec.CommandContext(t.Context(), "tar", "tzf", filepath.Join(east.home.Dir, "dump.tar.gz")).CombinedOutput()
	if err != nil || !strings.Contains(string(list), "logs/container.log") {
		t.Errorf("the dump (%s) has %s, %v", dump, list, err)
	}

	east.do("system", "stop")
	engine.nothingLeftOf(t, east.container())
	east.do("system", "start")
	flows(t, there)
	east.do("site", "delete", "east")
	west.do("site", "delete", "west")
	engine.nothingLeft(t)
	for _, left := range []string{"platform.yaml", "container.json", "router.pid"} {
		if _, err := os.Stat(east.dir("internal", left)); err == nil {
			t.Errorf("%s is left", left)
		}
	}
	east.do("site", "create", "again", "--platform", "linux", "--namespace", "east") // the namespace is free again
}

func (s service) nothingLeftOf(t *testing.T, name string) {
	t.Helper()
	if all := s.do(t, "ps", "-a", "--format", "{{.Names}}"); strings.Contains(all, name) {
		t.Errorf("containers are left: %s", all)
	}
}

// A site heals from whatever happens to its container, its agent and its engine.
func TestHealing(t *testing.T) {
	p := in(t, "heal")
	p.do("site", "create", "heal")
	port := free(t)
	p.do("connector", "create", "echo", serve(t))
	p.do("listener", "create", "echo", port)
	flows(t, port)

	t.Run("removed-by-hand", func(t *testing.T) {
		engine.do(t, "rm", "-f", p.container())
		soon(t, "it is there again", func() bool { return echo(port) == nil })
	})
	t.Run("image-removed", func(t *testing.T) {
		if engine.Kind == "docker" {
			t.Skip("Docker keeps an image that is in use")
		}
		engine.do(t, "rmi", "-f", engine.do(t, "inspect", "--format", "{{.Image}}", p.container()))
		soon(t, "it is there again", func() bool { return echo(port) == nil })
	})
	t.Run("router-killed", func(t *testing.T) {
		engine.do(t, "kill", p.container())
		soon(t, "it is there again", func() bool { return echo(port) == nil })
	})
	t.Run("agent-killed", func(t *testing.T) {
		if err := syscall.Kill(p.agentPID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for range 20 { // it goes on without
			if err := echo(port); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		p.shows(`Agent: +not running.*has died; next: podman-skupper system start --namespace heal`, "system", "status")
		p.shows(`agent +warning +it has died.* podman-skupper system start --namespace heal`, "system", "doctor")
		more := free(t)
		p.do("listener", "create", "more", more, "--routing-key", "echo") // starts the next one, which adopts the container
		flows(t, more)
	})
	t.Run("agent-killed-and-looked-at", func(t *testing.T) {
		for _, verb := range []string{"site", "link"} {
			dead := p.agentPID()
			if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			soon(t, "it is dead", func() bool { return strings.Contains(p.do("system", "status").out, "has died") })
			if r := p.do(verb, "status"); !strings.Contains(r.err, "the agent had died, and was started again") {
				t.Errorf("%s status said %q", verb, r.err)
			}
			if now := p.agentPID(); now == dead {
				t.Errorf("the agent is process %d still", now)
			}
		}
		flows(t, port)
	})
	t.Run("engine-gone", func(t *testing.T) {
		if err := engine.Down(); err != nil {
			t.Fatal(err)
		}
		if engine.Kind == "podman" { // Docker's containers end with it
			if err := echo(port); err != nil {
				t.Error(err)
			}
			more := free(t)
			p.do("listener", "create", "without", more, "--routing-key", "echo") // needs no engine
			flows(t, more)
		}
		engine.mustUp(t)
		engine.do(t, "rm", "-f", p.container())
		soon(t, "it is there again", func() bool { return echo(port) == nil })
	})
	t.Run("router-killed-while-engine-gone", func(t *testing.T) {
		pid, err := strconv.Atoi(engine.do(t, "inspect", "--format", "{{.State.Pid}}", p.container()))
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Down(); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // Docker's is dead already
		p.shows(`Router: +not running.*(there is no|nobody answers)`, "system", "status")
		engine.mustUp(t)
		p.shows(`Router: +running`, "system", "status")
		soon(t, "it is there again", func() bool { return echo(port) == nil })
	})
	p.do("site", "delete", "heal")
	engine.nothingLeft(t)
}
