//go:build unix

package daemon

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/skupper-plugins/suite/shared/fault"
)

// sendOutputTo makes a file standard output and error.
func sendOutputTo(f *os.File) {
	_ = unix.Dup2(int(f.Fd()), 1) // if it fails, they go where they went
	_ = unix.Dup2(int(f.Fd()), 2)
}

// become replaces this program by another, which keeps the process's number.
func become(program string, argv []string) error {
	if err := syscall.Exec(program, argv, os.Environ()); err != nil { //nolint:gosec // the user's own choice of a router
		return fault.Wrap(fault.Failed, "run the router "+program, err, "correct "+RouterEnv)
	}
	return nil
}

// CheckSystem tells whether local sites can run on this system.
func CheckSystem() error { return nil }
