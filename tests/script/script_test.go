package script

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

var update = flag.Bool("update", false, "rewrite the files in scripts that cmp finds different")

// patience is how long eventually tries.
const patience = 60 * time.Second

func TestPodman(t *testing.T) {
	bin := t.TempDir()
	program, err := sandbox.Build(t.Context(), bin, "plugins/podman-skupper")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Build(t.Context(), bin, "tests/demo"); err != nil {
		t.Fatal(err)
	}
	run(t, "podman", program, func(env *testscript.Env) error {
		env.Setenv("NAMESPACE", "default")
		env.Setenv("SKUPPER", "podman-skupper")
		return nil
	})
}

// run runs the corpus; more is what a host adds to a script's environment.
func run(t *testing.T, host, program string, more func(*testscript.Env) error) {
	deadline, limited := t.Deadline()
	if !limited {
		deadline = time.Now().Add(time.Hour)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Deadline:           deadline.Add(-time.Minute), // below the time limit of a package, so that processes are ended
		Setup: func(env *testscript.Env) error {
			home, err := sandbox.Make()
			if err != nil {
				return err
			}
			env.Defer(func() {
				if err := home.Remove(context.Background()); err != nil { // the script's time may be over
					env.T().Fatal(err)
				}
			})
			env.Setenv("SKUPPER_HOME", home.Dir)
			env.Setenv("PROGRAM", program)
			env.Setenv("SKUPPER_PLATFORM", map[string]string{"podman": "linux"}[host]) // whatever engines there are
			env.Setenv("GORACE", home.RaceReports())
			env.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+env.Getenv("PATH"))
			return more(env)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "podman", "kube":
				return cond == host, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"skupper": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec(program, args...)
				if code := exitCode(ts, err); neg == (code == 0) {
					ts.Fatalf("skupper ended with exit code %d", code)
				}
			},
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				want, err := strconv.Atoi(first(args))
				if neg || err != nil {
					ts.Fatalf("usage: exits CODE ARG…")
				}
				if code := exitCode(ts, ts.Exec(program, args[1:]...)); code != want {
					ts.Fatalf("skupper ended with exit code %d, want %d", code, want)
				}
			},
			"eventually": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: eventually COMMAND ARG… REGEXP")
				}
				want, err := regexp.Compile("(?m)" + args[len(args)-1])
				ts.Check(err)
				name := args[0]
				if name == "skupper" {
					name = program
				}
				for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
					err := ts.Exec(name, args[1:len(args)-1]...)
					if err == nil && want.MatchString(ts.ReadFile("stdout")) {
						return
					}
					if time.Now().After(end) {
						ts.Fatalf("not within %v: %s", patience, want)
					}
				}
			},
			"fails": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 {
					ts.Fatalf("usage: fails COMMAND ARG…")
				}
				name := args[0]
				if name == "skupper" {
					name = program
				}
				for end := time.Now().Add(patience); ts.Exec(name, args[1:]...) == nil; time.Sleep(200 * time.Millisecond) {
					if time.Now().After(end) {
						ts.Fatalf("did not begin to fail within %v", patience)
					}
				}
			},
			"let": func(ts *testscript.TestScript, neg bool, args []string) {
				value := strings.TrimSpace(ts.ReadFile("stdout"))
				if neg || len(args) != 1 || value == "" {
					ts.Fatalf("usage: let NAME, after a command that printed something")
				}
				ts.Setenv(args[0], value)
			},
			"port": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					ts.Check(err)
					defer l.Close() // only at the end, so that no port is given twice
					ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
				}
			},
		},
	})
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// exitCode is that of a program that ended by itself: one that could not be run or was killed fails the script.
func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	ts.Fatalf("run skupper: %v", err)
	return -1
}
