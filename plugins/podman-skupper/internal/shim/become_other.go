//go:build !unix

package shim

import (
	"os"
)

// Become runs the real tool, called as this program was, with this program's streams, and returns its exit code: here a process
// cannot become another.
func Become(argv []string) (code int, err error) {
	_, self, err := Self()
	if err != nil {
		return notRun, err
	}
	found, err := Real(Podman, os.Getenv("PATH"), self)
	if err != nil {
		return notFound, err
	}
	proc, err := os.StartProcess(found, argv, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return notRun, err
	}
	state, err := proc.Wait()
	if err != nil {
		return notRun, err
	}
	return state.ExitCode(), nil
}
