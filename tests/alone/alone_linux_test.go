package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// portEnv makes the test's program one that takes a port, reaches itself through it, and ends with code 3.
const portEnv = "ALONE_TEST_PORT"

func TestMain(m *testing.M) {
	if addr := os.Getenv(portEnv); addr != "" {
		os.Exit(take(addr))
	}
	os.Exit(m.Run())
}

func take(addr string) int {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		println(err.Error())
		return 1
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err != nil {
		println(err.Error())
		return 1
	}
	return 3
}

func program(t *testing.T) string {
	t.Helper()
	path, err := sandbox.Build(t.Context(), t.TempDir(), "tests/alone")
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(path, "-check").Run(); err != nil {
		t.Skip("NOT TESTED: this system does not let the user make network namespaces")
	}
	return path
}

func code(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}

// TestPortsAreItsOwn takes a port that is taken outside, and passes on how the command ended.
func TestPortsAreItsOwn(t *testing.T) {
	alone := program(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, inside := range []bool{false, true} {
		args, want := []string{os.Args[0]}, 1
		if inside {
			args, want = append([]string{alone}, args...), 3
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), portEnv+"="+ln.Addr().String())
		if out, err := cmd.CombinedOutput(); code(t, err) != want {
			t.Errorf("%v ended with %v, want code %d: %s", args, err, want, out)
		}
	}
}

func TestItEndsWithSignals(t *testing.T) {
	alone := program(t)
	cmd := exec.Command(alone, "sleep", "60")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() //nolint:errcheck // it has ended
	time.Sleep(100 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || out.Len() > 0 {
		t.Errorf("it was told to end, and ended with %v: %s", err, out.String())
	}
}

func TestNoSuchCommand(t *testing.T) {
	out, err := exec.Command(program(t), "there-is-no-such-command").CombinedOutput()
	if code(t, err) != 127 || !strings.Contains(string(out), "there-is-no-such-command") {
		t.Errorf("got %v: %s", err, out)
	}
}
