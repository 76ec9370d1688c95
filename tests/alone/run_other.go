//go:build !linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// run knows no networks to make: the command shares the machine's.
func run(args []string) (int, error) {
	if args[0] == "-check" {
		return 1, errors.New("only Linux has network namespaces")
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // whoever ends this ends both
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 127, fmt.Errorf("run %s: %w", args[0], err)
	}
	return 0, nil
}
