//go:build e2e

package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long what heals by itself may take.
const patience = 20 * time.Second

func TestRouterStartsDeadAgent(t *testing.T) { // alone: its ports are free for others now and then
	p := in(t, "west")
	p.do("site", "create", "west")
	other := p.beside("east")
	other.do("site", "create", "east") // two routers notice it
	first := p.agent()
	signal(t, first, syscall.SIGKILL)
	soon(t, patience, "another agent", func() bool { return p.agent() != first && p.agent() != 0 })
	p.shows(patience, `Agent: +running`, "system", "status")
	p.alone()
	other.alone()
	// The new one looks after routers too.
	router := p.router()
	signal(t, router, syscall.SIGKILL)
	p.shows(patience, `Router: +running`, "system", "status")
	p.alone()
}

// An agent that was told to end stays ended.
func TestNobodyStartsAgentThatWasTold(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p place){
		"asked":               func(p place) { signal(p.t, p.agent(), syscall.SIGTERM) },
		"uninstall":           func(p place) { p.do("system", "uninstall", "--force") },
		"uninstall when dead": func(p place) { signal(p.t, p.agent(), syscall.SIGKILL); p.do("system", "uninstall", "--force") },
		"home removed": func(p place) {
			signal(p.t, p.agent(), syscall.SIGKILL)
			remove(p.t, p.home.Dir)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := in(t, "west")
			p.do("site", "create", "west")
			end(p)
			soon(t, patience, "the agent to end", func() bool { n, _ := p.running(); return n == 0 })
			for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
				if n, _ := p.running(); n > 0 {
					t.Fatal("it was started again\n" + p.logs())
				}
			}
			if _, err := os.Stat(p.home.Dir); name == "home removed" && !os.IsNotExist(err) {
				t.Errorf("the home is there again: %v", err)
			}
		})
	}
}

// Many commands at once start one agent.
func TestOneAgentForManyCommands(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	for range 2 {
		signal(t, p.agent(), syscall.SIGKILL)
		done := make(chan result)
		for range 10 {
			go func() { done <- p.try("system", "reload") }()
		}
		for range 10 {
			if r := <-done; r.code != 0 {
				t.Errorf("ended with %d: %s", r.code, r.err)
			}
		}
		p.alone()
	}
	b, err := os.ReadFile(p.agentDir("agent.log"))
	if err != nil || strings.Contains(string(b), "another agent runs") {
		t.Errorf("agents got into each other's way: %v\n%s", err, b)
	}
}

// Whatever lies where the agent's files are to be, the next command works.
func TestAgentFilesInDisorder(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	removeFile := func(t *testing.T, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, spoil := range map[string]func(t *testing.T){
		"socket removed": func(t *testing.T) { removeFile(t, p.agentDir("agent.sock")) },
		"socket is a file": func(t *testing.T) {
			signal(t, p.agent(), syscall.SIGKILL)
			removeFile(t, p.agentDir("agent.sock"))
			write(t, p.agentDir("agent.sock"), "x")
		},
		"lock garbage": func(t *testing.T) {
			signal(t, p.agent(), syscall.SIGKILL)
			write(t, p.agentDir("lock"), "\x00garbage")
		},
		"lock removed": func(t *testing.T) { removeFile(t, p.agentDir("lock")) },
		"grant port garbage": func(t *testing.T) {
			signal(t, p.agent(), syscall.SIGKILL)
			write(t, p.agentDir("grant-port"), "x")
		},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: it is one home
			spoil(t)
			p := p
			p.t = t
			p.do("system", "reload")
			soon(t, patience, "one agent that others find", func() bool {
				p.do("system", "reload")
				n, _ := p.running()
				return n == 1 && p.agent() != 0
			})
		})
	}
}
