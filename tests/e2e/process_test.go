//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// record is the process that a file of the installation names; 0 if none.
func record(path string) int {
	b, err := os.ReadFile(path)
	var r struct{ PID int }
	if err != nil || json.Unmarshal(b, &r) != nil {
		return 0
	}
	return r.PID
}

func (p place) agent() int  { return record(p.agentDir("lock")) }
func (p place) router() int { return record(p.dir("internal", "router.pid")) }

// signal sends a signal to a process of the sandbox; that it is gone is no error.
func signal(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("no process to signal: %d", pid)
	}
	if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
		t.Fatal(err)
	}
}

// running counts the agents and the routers of this namespace that run.
func (p place) running() (agents, routers int) {
	for _, pid := range p.home.Processes() {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if err != nil {
			continue
		}
		switch words := strings.Split(string(b), "\x00"); {
		case len(words) > 1 && words[1] == "agent":
			agents++
		case len(words) > 3 && words[1] == "router" && words[3] == p.dir("runtime", "router", "skrouterd.json"):
			routers++
		}
	}
	return agents, routers
}

// alone waits until one agent and one router run.
func (p place) alone() {
	p.t.Helper()
	soon(p.t, patience, "one agent and one router", func() bool {
		agents, routers := p.running()
		return agents == 1 && routers == 1
	})
}
