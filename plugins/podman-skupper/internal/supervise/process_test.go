//go:build unix

package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/procid"
	"github.com/skupper-plugins/suite/shared/fault"
)

const helperEnv = "SUPERVISE_TEST_HELPER"

func TestMain(m *testing.M) {
	if how := os.Getenv(helperEnv); how != "" {
		os.Exit(helper(how))
	}
	goleak.VerifyTestMain(m)
}

// helper stands for a router: it takes the claim of the file in its argument and waits for a signal.
func helper(how string) int {
	if how == "fails" {
		fmt.Fprintln(os.Stderr, "cannot read the configuration: boom")
		return 7
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := Take(ctx, os.Args[1], "helper", time.Now())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer c.Release()
	if how == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Minute)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
	return 0
}

func newSpec(t *testing.T, how string) Spec {
	t.Helper()
	dir := t.TempDir()
	pid := filepath.Join(dir, "router.pid")
	return Spec{Namespace: "west", Program: os.Args[0], Args: []string{pid}, Env: []string{helperEnv + "=" + how},
		PIDFile: pid, Log: filepath.Join(dir, "router.log")}
}

// engine makes an engine whose router is gone when the test ends.
func engine(t *testing.T, s Spec) *Process {
	t.Helper()
	p := NewProcess(s, zerolog.Nop())
	t.Cleanup(func() {
		if r, err := ReadRecord(s.PIDFile); err == nil {
			_ = r.Signal(syscall.SIGKILL)
		}
		for deadline := time.Now().Add(5 * time.Second); p.child != 0 && time.Now().Before(deadline); {
			p.reap()
			time.Sleep(time.Millisecond)
		}
	})
	return p
}

func TestStartAdoptStop(t *testing.T) {
	spec := newSpec(t, "good")
	p := engine(t, spec)
	if s := p.State(t.Context()); s.Running {
		t.Fatalf("runs before it is started: %+v", s)
	}
	for range 2 { // idempotent
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first := p.State(t.Context())
	if !first.Running || first.PID == os.Getpid() || time.Since(first.Since) > time.Minute {
		t.Fatalf("got %+v", first)
	}
	if sid, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", first.PID)); err == nil {
		if f := strings.Fields(string(sid)); f[5] != f[0] {
			t.Errorf("session %s, want one of its own: %s", f[5], f[0])
		}
	}
	other := engine(t, spec) // as after a restart of the agent
	if err := other.Start(t.Context()); err != nil || other.State(t.Context()).PID != first.PID {
		t.Fatalf("not adopted: %v %+v", err, other.State(t.Context()))
	}
	for range 2 {
		if err := other.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := p.State(t.Context()); s.Running {
		t.Errorf("still runs: %+v", s)
	}
}

func TestKilledRouter(t *testing.T) {
	spec := newSpec(t, "good")
	p := engine(t, spec)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := ReadRecord(spec.PIDFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); p.State(t.Context()).Running; {
		if time.Now().After(deadline) {
			t.Fatal("a killed router still runs")
		}
		time.Sleep(time.Millisecond)
	}
	if s := p.State(t.Context()); !strings.Contains(s.Detail, "killed") {
		t.Errorf("got %+v", s)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.State(t.Context()); !s.Running || s.PID == r.PID {
		t.Errorf("got %+v", s)
	}
}

func TestRouterThatFails(t *testing.T) {
	p := engine(t, newSpec(t, "fails"))
	err := p.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "code 7") || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v, want the exit code and the log", err)
	}
	spec := newSpec(t, "good")
	spec.Program = "/nonexistent/program"
	if err := engine(t, spec).Start(t.Context()); err == nil {
		t.Error("a program that does not exist was started")
	}
}

func TestStubbornRouter(t *testing.T) {
	if testing.Short() {
		t.Skip("waits ten seconds for a router that does not end")
	}
	t.Parallel()
	p := engine(t, newSpec(t, "stubborn"))
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until it ignores the signal
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.State(t.Context()).Running {
		t.Error("still runs")
	}
}

// The same through systemd, which here is a script that starts what the unit says.
func TestUnitEngine(t *testing.T) {
	spec := newSpec(t, "good")
	units := t.TempDir()
	bin := t.TempDir()
	script := `#!/bin/sh
[ "$1" = --user ] && shift
unit=` + units + `/$(eval echo \${$#})
case "$1" in
start) env $(sed -n 's/^Environment=//p' "$unit") $(sed -n 's/^ExecStart=//p' "$unit") >/dev/null 2>&1 & ;;
disable) kill $(sed 's/.*"pid":\([0-9]*\).*/\1/' ` + spec.PIDFile + `) ;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	e := NewUnitEngine(&Systemd{user: true, dir: units}, spec)
	if s := e.State(t.Context()); s.Running {
		t.Fatalf("got %+v", s)
	}
	for range 2 {
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := e.State(t.Context()); !s.Running || !strings.Contains(s.Detail, "skupper-west.service") {
		t.Errorf("got %+v", s)
	}
	if err := e.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); e.State(t.Context()).Running; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("still runs")
		}
	}
	if e.systemd.Has(e.name()) {
		t.Error("the unit is left")
	}
}

// A process that got the number of a router that is gone must neither be taken for it nor be signalled.
func TestForeignProcess(t *testing.T) {
	spec := newSpec(t, "good")
	sleeper := exec.CommandContext(t.Context(), "sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() }()
	id, err := procid.Of(sleeper.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	id.Start = "another boot/1"
	b, err := json.Marshal(Record{ID: id, Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"foreign": b, "empty": nil, "garbage": []byte("{"), "init": []byte(`{"pid":1,"start":"x"}`)} {
		if err := os.WriteFile(spec.PIDFile, content, 0o600); err != nil {
			t.Fatal(err)
		}
		p := engine(t, spec)
		if s := p.State(t.Context()); s.Running {
			t.Errorf("%s: got %+v", name, s)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := procid.Of(sleeper.Process.Pid); err != nil {
		t.Errorf("the foreign process was ended: %v", err)
	}
	p := engine(t, spec)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOneClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "router.pid")
	c, err := Take(t.Context(), path, "a", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(t.Context(), path, "b", time.Now()); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("got %v, want a conflict that names the process", err)
	}
	if !c.Standing() {
		t.Error("does not stand")
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if c.Standing() {
		t.Error("stands without its file")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c.Standing() {
		t.Error("stands with another's file")
	}
	c.Release()
}

func TestBackoff(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b backoff
	var waits []string
	for range 7 {
		if !b.allowed(now) {
			t.Fatal("not allowed when it is time")
		}
		b.started(now)
		if b.allowed(now) {
			t.Error("allowed again at once")
		}
		waits = append(waits, b.next.Sub(now).String())
		now = b.next
	}
	if got := strings.Join(waits, " "); got != "1s 2s 4s 8s 16s 30s 30s" {
		t.Errorf("got %s", got)
	}
	b.started(now)
	if !b.allowed(now.Add(-24 * time.Hour)) {
		t.Error("a clock set back by a day holds the router up for a day")
	}
	b.steady(now.Add(59*time.Second), now)
	if b.wait == 0 {
		t.Error("recovered too early")
	}
	b.steady(now.Add(time.Minute), now)
	if b != (backoff{}) {
		t.Error("not recovered after a minute")
	}
}
