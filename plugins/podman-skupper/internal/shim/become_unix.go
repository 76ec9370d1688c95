//go:build unix

package shim

import (
	"os"
	"syscall"
)

// Become turns this process into the real tool, called as this program was. It returns only if that fails.
func Become(argv []string) (code int, err error) {
	_, self, err := Self()
	if err != nil {
		return notRun, err
	}
	found, err := Real(Podman, os.Getenv("PATH"), self)
	if err != nil {
		return notFound, err
	}
	return notRun, &os.PathError{Op: "run", Path: found, Err: syscall.Exec(found, argv, syscall.Environ())}
}
