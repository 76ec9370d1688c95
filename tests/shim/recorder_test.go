//go:build unix

package shim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// recordEnv makes this test binary a podman that says how it was called.
const recordEnv = "SHIM_TEST_RECORD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(recordEnv); mode != "" {
		os.Exit(record(mode))
	}
	os.Exit(m.Run())
}

// called is what the recorder saw.
type called struct {
	Argv    []string
	Env     []string
	Dir     string
	PID     int
	Ignored bool // SIGHUP
	Stdin   string
}

func record(mode string) int {
	if mode == "wait" {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGHUP)
		fmt.Println("ready")
		s := <-signals
		fmt.Println("got", s)
		return 40 + int(s.(syscall.Signal))
	}
	in, _ := io.ReadAll(os.Stdin)
	dir, _ := os.Getwd()
	c := called{Argv: os.Args, Env: os.Environ(), Dir: dir, PID: os.Getpid(), Ignored: signal.Ignored(syscall.SIGHUP), Stdin: string(in)}
	if err := json.NewEncoder(os.Stdout).Encode(c); err != nil {
		return 1
	}
	fmt.Fprint(os.Stderr, "on stderr")
	return 123
}

// places are a directory with the shim and one with the recorder, both with a podman.
type places struct{ program, shim, real string }

func place(t *testing.T) places {
	t.Helper()
	dir := t.TempDir()
	program, err := sandbox.Build(t.Context(), dir, "plugins/podman-skupper")
	if err != nil {
		t.Fatal(err)
	}
	p := places{program: program, shim: filepath.Join(dir, "shim"), real: filepath.Join(dir, "real")}
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for in, to := range map[string]string{p.shim: program, p.real: me} {
		if err := os.Mkdir(in, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(in, "podman")); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// env is an environment in which podman is the shim, or the recorder alone.
func (p places) env(shim bool, mode string) []string {
	path := p.real + ":/usr/bin:/bin"
	if shim {
		path = p.shim + ":" + path
	}
	return []string{"PATH=" + path, recordEnv + "=" + mode, "HOME=" + p.shim, "LANG=C", "EMPTY=", "ODD=a\nb=\xff"}
}

func TestNothingIsChanged(t *testing.T) {
	p := place(t)
	for _, args := range [][]string{
		{}, {"ps", "-a"}, {"run", "--rm", "image", "sh", "-c", `echo "$1"; exit 3`, "skupper"}, {"--log-level", "debug", "info"},
		{"--bogus", "skupper"}, {"--", "skupper"}, {"", "skupper"}, {"a b", "c\td", "e\nf", "\xff\xfe", "ü", "*", "$HOME"}, {"__complete", "run", ""},
		{"help", "run"}, {"--version"}, {"-v"}, {"skupper2"}, {strings.Repeat("x", 100_000)},
	} {
		run := func(shim bool) (c called, errText string, code int) {
			program, dir := filepath.Join(p.real, "podman"), t.TempDir()
			if shim {
				program = filepath.Join(p.shim, "podman")
			}
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Args = append([]string{"podman"}, args...) // as from a shell
			cmd.Env, cmd.Dir, cmd.Stdin = p.env(shim, "all"), dir, strings.NewReader("in\x00put")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if jsonErr := json.Unmarshal(out, &c); jsonErr != nil {
				t.Fatalf("%q: %v, %v: %s%s", args, err, jsonErr, out, &errs)
			}
			if c.PID != cmd.Process.Pid {
				t.Errorf("%q: podman is process %d, want %d: it was not exec", args, c.PID, cmd.Process.Pid)
			}
			if c.Dir != dir {
				t.Errorf("%q: ran in %s, want %s", args, c.Dir, dir)
			}
			c.PID, c.Dir = 0, ""
			return c, errs.String(), cmd.ProcessState.ExitCode()
		}
		with, errWith, codeWith := run(true)
		without, errWithout, codeWithout := run(false)
		for _, c := range []*called{&with, &without} {
			for i, kv := range c.Env {
				if strings.HasPrefix(kv, "PATH=") { // differs by our own doing
					c.Env[i] = ""
				}
			}
		}
		if !reflect.DeepEqual(with, without) || errWith != errWithout || codeWith != codeWithout || codeWith != 123 {
			t.Errorf("%.100q: with the shim %+v, %q, exit %d; without %+v, %q, exit %d", args, with, errWith, codeWith, without, errWithout, codeWithout)
		}
	}
}

func TestSignals(t *testing.T) {
	p := place(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGKILL} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(p.shim, "podman"), "wait")
		cmd.Env = p.env(true, "wait")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, len("ready\n"))
		if _, err := io.ReadFull(out, line); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait() // the state says more
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		switch {
		case !ok:
			t.Fatal("no wait status")
		case s == syscall.SIGKILL && (!status.Signaled() || status.Signal() != s):
			t.Errorf("%v: ended as %v", s, cmd.ProcessState)
		case s != syscall.SIGKILL && status.ExitStatus() != 40+int(s):
			t.Errorf("%v: ended as %v, saying %q", s, cmd.ProcessState, rest)
		}
	}
}

// A shell sees what a process inherits beside its arguments.
func TestFromScripts(t *testing.T) {
	p := place(t)
	if err := os.Remove(filepath.Join(p.real, "podman")); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho \"$# $*\"\nulimit -Sn\numask\n[ -e /dev/fd/7 ] && cat <&7\n(exit 9)\n"
	if err := os.WriteFile(filepath.Join(p.real, "podman"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	sh := func(shim bool, text string) string {
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", text)
		cmd.Env = p.env(shim, "")
		out, err := cmd.CombinedOutput()
		return fmt.Sprintf("%s%v", out, err)
	}
	text := "ulimit -Sn 123; umask 027; echo seven >f7; exec 7<f7; podman run 'a b' skupper; echo $?; trap '' HUP; podman ps | cat; rm f7"
	t.Chdir(t.TempDir())
	with, without := sh(true, text), sh(false, text)
	if with != without || !strings.Contains(with, "3 run a b skupper\n123\n0027\nseven\n9\n") {
		t.Errorf("with the shim:\n%s\nwithout:\n%s", with, without)
	}
	if got := sh(true, "podman skupper version"); !strings.HasSuffix(got, "<nil>") {
		t.Errorf("podman skupper version in a script: %s", got)
	}
	if got := sh(true, "podman skupper bogus; echo $?"); !strings.Contains(got, `Error: unknown command "bogus"`) || !strings.Contains(got, "try: podman skupper --help\n2\n") {
		t.Errorf("podman skupper bogus in a script: %s", got)
	}
}

// Two versions of the program, both in podman's place, each of which knows itself only by what it was built from.
func TestNoLoop(t *testing.T) {
	p := place(t)
	text, err := os.ReadFile(p.program)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "podman")
	if err := os.WriteFile(other, text, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(path string, args ...string) (string, int) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(p.shim, "podman"), args...)
		cmd.Env = append(p.env(true, "all"), "PATH="+path)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run(p.shim+":"+filepath.Dir(other)+":"+p.real, "ps"); code != 123 {
		t.Errorf("with a real one at the end: exit %d: %s", code, out)
	}
	if out, code := run(p.shim+":"+filepath.Dir(other), "ps"); code != 127 || !strings.Contains(out, "there is no podman in $PATH but this shim, "+p.shim+"/podman and "+other) {
		t.Errorf("with none: exit %d: %s", code, out)
	}
	if out, code := run("/nonexistent", "skupper", "version"); code != 0 {
		t.Errorf("skupper needs no podman: exit %d: %s", code, out)
	}
	if out, code := run("/nonexistent", "--root", "/x", "skupper", "version"); code != 2 || !strings.Contains(out, "--root before skupper") {
		t.Errorf("a flag that cannot be obeyed: exit %d: %s", code, out)
	}
}
