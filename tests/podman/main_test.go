//go:build podman

package podman

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/podman/container"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// program is the path of podman-skupper.
var program string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if why := missing(); len(why) > 0 {
		fmt.Fprintln(os.Stderr, "SKIPPED, NOTHING WAS TESTED: missing:", strings.Join(why, ", "))
		return 0, nil
	}
	dir, err := os.MkdirTemp("", "sk") // short, as it holds sockets
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if other := os.Getenv("PODMAN"); other != "" {
		if err := preferPodman(dir, other); err != nil {
			return 1, err
		}
	}
	// An image is made of it, so it must need nothing of this system.
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		return 1, err
	}
	if program, err = sandbox.Build(context.Background(), dir, "plugins/podman-skupper"); err != nil {
		return 1, err
	}
	for _, kind := range []string{"podman", "docker"} {
		if only := os.Getenv("SKUPPER_TEST_ENGINE"); only != "" && only != kind {
			continue
		}
		if _, err := exec.LookPath("dockerd"); kind == "docker" && err != nil {
			fmt.Fprintln(os.Stderr, "NOT TESTED: there is no dockerd")
			continue
		}
		fmt.Println("engine:", kind)
		if engine.Engine, err = container.Start(context.Background(), kind, filepath.Join(dir, kind[:1])); err != nil {
			return 1, err
		}
		code = max(code, m.Run())
		if err := engine.Remove(context.Background()); err != nil {
			return 1, err
		}
	}
	return code, nil
}

// preferPodman makes another Podman the one that is found by its name.
func preferPodman(dir, program string) error {
	bin := filepath.Join(dir, "bin")
	program, err := filepath.Abs(program)
	if err == nil {
		err = os.Mkdir(bin, 0o755)
	}
	if err == nil {
		err = os.Symlink(program, filepath.Join(bin, "podman"))
	}
	if err != nil {
		return err
	}
	out, err := exec.Command("podman", "--version").CombinedOutput()
	if err == nil {
		err = os.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	}
	if err == nil { // a Podman 5 would begin all that it says with a word on the machine's cgroups
		err = os.Setenv("PODMAN_IGNORE_CGROUPSV1_WARNING", "1")
	}
	fmt.Printf("PODMAN: %s, where there is %s", program, out)
	return err
}

// missing is what is not here and is needed.
func missing() (all []string) {
	if os.Getuid() != 0 {
		all = append(all, "root")
	}
	for _, p := range []string{"podman", "runc"} {
		if _, err := exec.LookPath(p); err != nil {
			all = append(all, p)
		}
	}
	return all
}
