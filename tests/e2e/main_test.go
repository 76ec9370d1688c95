//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/token"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// program is the path of podman-skupper.
var program string

func TestMain(m *testing.M) {
	if runtime.GOOS != "linux" {
		fmt.Println("NOT TESTED: local sites run on Linux only")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing can be done about it
	if program, err = sandbox.Build(context.Background(), dir, "plugins/podman-skupper"); err != nil {
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// place is a namespace of an installation.
type place struct {
	t    *testing.T
	home sandbox.Home
	ns   string
}

// in gives a namespace of a new installation.
func in(t *testing.T, ns string) place {
	t.Helper()
	return place{t, sandbox.New(t), ns}
}

// beside is another namespace of the same installation.
func (p place) beside(ns string) place {
	p.ns = ns
	return p
}

// result is how a command ended.
type result struct {
	out, err string
	code     int // -1: killed, -2: not run
}

// cmd is a command of the program in this namespace.
func (p place) cmd(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), program, append([]string{"--namespace", p.ns}, args...)...)
	cmd.Env = p.home.Env()
	cmd.Dir = p.home.Dir
	return cmd
}

// try runs a command, whatever comes of it.
func (p place) try(args ...string) result {
	p.t.Helper()
	return finish(p.t, p.cmd(args...), args)
}

// finish may be called by any goroutine: it does not end the test, so that who waits for the result gets one.
func finish(t *testing.T, cmd *exec.Cmd, args []string) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%v: %v", args, err)
		return result{err: err.Error(), code: -2}
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// do runs a command that must succeed, and gives its output.
func (p place) do(args ...string) string {
	p.t.Helper()
	r := p.try(args...)
	if r.code != 0 {
		p.t.Fatalf("%s %v ended with %d:\n%s%s\n%s", p.ns, args, r.code, r.out, r.err, p.logs())
	}
	return r.out
}

// refuses runs a command that must end with that code and say that.
func (p place) refuses(code int, says string, args ...string) {
	p.t.Helper()
	r := p.try(args...)
	if r.code != code || !regexp.MustCompile(says).MatchString(r.err) {
		p.t.Errorf("%v ended with %d and said %q, want %d and %q", args, r.code, r.err, code, says)
	}
}

// dir is a path in the namespace's directory.
func (p place) dir(parts ...string) string {
	return filepath.Join(append([]string{p.home.Dir, "namespaces", p.ns}, parts...)...)
}

func (p place) agentDir(parts ...string) string {
	return filepath.Join(append([]string{p.home.Dir, "agent"}, parts...)...)
}

// logs is the end of the logs, for failures.
func (p place) logs() string {
	var b strings.Builder
	for _, path := range []string{p.agentDir("agent.log"), p.dir("internal", "router.log")} {
		text, _ := os.ReadFile(path) // there may be none
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&b, "-- %s\n%s\n", path, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
	return b.String()
}

// shows waits until a command's output matches.
func (p place) shows(within time.Duration, want string, args ...string) string {
	p.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(within); ; {
		r := p.try(args...)
		if re.MatchString(r.out + r.err) {
			return r.out
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s %v does not show %q within %v, but\n%s%s\n%s", p.ns, args, want, within, r.out, r.err, p.logs())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// soon waits until a condition holds.
func soon(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// remove removes a directory as people do: again, if somebody was writing there.
func remove(t *testing.T, dir string) {
	t.Helper()
	soon(t, patience, "all of "+dir+" is removed", func() bool { return os.RemoveAll(dir) == nil })
}

// write writes a file of the test.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// issue makes a token and gives its file.
func (p place) issue(flags ...string) string {
	p.t.Helper()
	f, err := os.CreateTemp(p.home.Dir, "token-*.yaml")
	if err != nil {
		p.t.Fatal(err)
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	p.do(append([]string{"token", "issue", f.Name()}, flags...)...)
	return f.Name()
}

// read gives what a token file says.
func read(t *testing.T, path string) token.Token {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // only read
	tok, err := token.Decode(f, path)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}
