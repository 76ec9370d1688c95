//go:build podman

package podman

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// The scripts that start and stop a site's container, as service managers run them, do so while nobody else looks after it.
func TestScripts(t *testing.T) {
	p := in(t, "hand")
	p.do("site", "create", "hand")
	p.do("system", "uninstall", "--force") // ends the site, and the agent
	engine.nothingLeftOf(t, p.container())
	p.do("system", "start")
	pid := p.agentPID()
	stopped := exec.CommandContext(t.Context(), "kill", "-STOP", strconv.Itoa(pid)) // an agent that hangs
	if out, err := stopped.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := func(name string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "/bin/sh", p.dir("internal", "scripts", name))
		cmd.Env = engine.Env()
		if engine.Kind == "docker" { // without what stands in for it
			cmd.Env = append(cmd.Env, "PATH=/usr/bin:/bin:/usr/sbin:/sbin")
		}
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	running := func() string { return engine.do(t, "inspect", "--format", "{{.State.Running}}", p.container()) }
	run("start.sh") // it runs: nothing is to be done
	run("stop.sh")
	if got := running(); got != "false" {
		t.Errorf("running is %s after the end", got)
	}
	run("start.sh")
	if got := running(); got != "true" {
		t.Errorf("running is %s after the start", got)
	}
	if out, err := exec.CommandContext(t.Context(), "kill", "-CONT", strconv.Itoa(pid)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.shows(`Ready +OK`, "site", "status")
	p.do("site", "delete", "hand")
	if left, _ := os.ReadDir(p.dir("internal", "scripts")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	engine.nothingLeft(t)
}
