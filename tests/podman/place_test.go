//go:build podman

package podman

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// place is a namespace of an installation.
type place struct {
	t    *testing.T
	home sandbox.Home
	ns   string
	env  []string // more of the environment
	from string   // where commands run; empty: in the home
}

// in gives a namespace of a new installation, which uses the engine where it is not told otherwise. Its site is gone at the end.
func in(t *testing.T, ns string) place {
	t.Helper()
	p := place{t: t, home: sandbox.New(t), ns: ns, env: []string{"SKUPPER_PLATFORM=" + engine.Kind, "CONTAINER_ENDPOINT=" + engine.Endpoint(), "SKUPPER_ENGINE=embedded"}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.logs())
		}
		p.clear()
	})
	return p
}

// clear ends the sites of the installation, and what is left in the engine: what a test left is its own failure, and none of those after it.
func (p place) clear() {
	namespaces, _ := os.ReadDir(filepath.Join(p.home.Dir, "namespaces")) // there need not be any
	for _, n := range namespaces {
		cmd := exec.Command(program, "--namespace", n.Name(), "site", "delete", "--all", "--timeout", patience.String())
		cmd.Env, cmd.Dir = append(p.home.Env(), p.env...), p.home.Dir
		_ = cmd.Run() // of most nothing is left to delete
	}
	if err := p.home.End(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Error(err)
	}
	if p.t.Failed() {
		engine.clear()
	}
}

// with is the same place with more of the environment.
func (p place) with(env ...string) place {
	p.env = append(append([]string(nil), p.env...), env...)
	return p
}

func (p place) container() string { return p.ns + "-skupper-router" }

// result is how a command ended.
type result struct {
	out, err string
	code     int
}

func (p place) try(args ...string) result {
	p.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), program, append([]string{"--namespace", p.ns}, args...)...)
	cmd.Env, cmd.Dir = append(p.home.Env(), p.env...), cmp.Or(p.from, p.home.Dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("%v: %v", args, err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// interrupt runs a command and interrupts it after a while, as Ctrl-C does.
func (p place) interrupt(after time.Duration, args ...string) {
	p.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), program, append([]string{"--namespace", p.ns}, args...)...)
	cmd.Env, cmd.Dir = append(p.home.Env(), p.env...), p.home.Dir
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Signal(os.Interrupt) // it may have ended by itself
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
}

// do runs a command that must succeed.
func (p place) do(args ...string) result {
	p.t.Helper()
	r := p.try(args...)
	if r.code != 0 {
		p.t.Fatalf("%s %v ended with %d:\n%s%s", p.ns, args, r.code, r.out, r.err)
	}
	return r
}

// refuses runs a command that must end with that code and say that.
func (p place) refuses(code int, says string, args ...string) {
	p.t.Helper()
	if r := p.try(args...); r.code != code || !regexp.MustCompile(says).MatchString(r.err) {
		p.t.Errorf("%v ended with %d and said %q, want %d and %q", args, r.code, r.err, code, says)
	}
}

// shows waits until a command's output matches.
func (p place) shows(want string, args ...string) {
	p.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		r := p.try(args...)
		if re.MatchString(r.out + r.err) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s %v does not show %q within %v, but\n%s%s", p.ns, args, want, patience, r.out, r.err)
		}
	}
}

func (p place) dir(parts ...string) string {
	return filepath.Join(append([]string{p.home.Dir, "namespaces", p.ns}, parts...)...)
}

// logs is the end of the logs, for failures.
func (p place) logs() string {
	var b strings.Builder
	text, _ := os.ReadFile(filepath.Join(p.home.Dir, "agent", "agent.log"))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	fmt.Fprintf(&b, "-- agent\n%s\n", strings.Join(lines[max(0, len(lines)-25):], "\n"))
	if c := exec.Command("podman", append(engine.Store(), "logs", "--tail", "20", p.container())...); engine.Kind == "podman" {
		out, _ := c.CombinedOutput()
		fmt.Fprintf(&b, "-- router\n%s", out)
	}
	return b.String()
}

// agentPID is the agent's process.
func (p place) agentPID() int {
	p.t.Helper()
	m := regexp.MustCompile(`Agent: +running, process (\d+)`).FindStringSubmatch(p.do("system", "status").out)
	if m == nil {
		p.t.Fatal("the agent does not run")
	}
	pid, _ := strconv.Atoi(m[1])
	return pid
}

// soon waits until a condition holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// serve echoes on a port of its own until the test ends.
func serve(t *testing.T) (port string) {
	t.Helper()
	return strconv.Itoa(loopback.Echo(t))
}

// free is a port that nobody has.
func free(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(loopback.FreePort(t))
}

// echo sends some octets through a port and back.
func echo(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	return loopback.Ask(n)
}

// flows waits until a port answers through the network.
func flows(t *testing.T, port string) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if err = echo(port); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("port %s: %v", port, err)
		}
	}
}
