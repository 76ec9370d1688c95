package sandbox

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Build builds the program of a package directory, given from the root of the checkout ("plugins/podman-skupper"), into
// dir and returns its path. Under the race detector the program has it too, so that a race in a real process is seen.
func Build(ctx context.Context, dir, pkg string) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	program := filepath.Join(dir, filepath.Base(pkg))
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	args := []string{"build", "-buildvcs=false", "-o", program}
	if raced {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = filepath.Join(filepath.Dir(here), "..", "..", filepath.FromSlash(pkg))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return program, nil
}
