package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Skrouterd is the choice of the router that is installed on this machine, where the router is no container.
const Skrouterd = "skrouterd"

// RouterProgram is the program of another router that a new site on plain Linux is to run; empty: the one in this program. The
// choice may be empty: then RouterEnv has it.
func RouterProgram(choice string, getenv func(string) string) (string, error) {
	name, from := getenv(RouterEnv), RouterEnv
	switch {
	case choice == string(container.Embedded) && name != "":
		return "", fault.New(fault.Usage, fmt.Sprintf("engine is embedded, and %s is %q, which is another router", RouterEnv, name), "unset "+RouterEnv)
	case choice == Skrouterd && name == "":
		name, from = Skrouterd, "engine"
	case choice != Skrouterd && name == "":
		return "", nil
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fault.Wrap(fault.Missing, fmt.Sprintf("%s is %q", from, name), errors.Unwrap(err),
			"install skupper-router, or export "+RouterEnv+"=/path/to/skrouterd, or leave --engine out: this program has a router")
	}
	return path, nil
}

// KeepRouterProgram writes down which program a namespace's router is, so that it is that whoever starts it. Empty: the one in this
// program, whatever was there before.
func KeepRouterProgram(d filestore.Dir, program string) error {
	if program == "" {
		if err := os.Remove(d.RouterProgram()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return atomicfile.Explain("forget the router", d.RouterProgram(), err)
		}
		return nil
	}
	if err := filestore.MakeDir(d.Internal(), 0o755); err != nil {
		return err
	}
	_, err := atomicfile.WriteChanged(d.RouterProgram(), 0o644, []byte(program+"\n"))
	return err
}

// KeptRouterProgram is the program that the file says; empty: none, as where there is no file.
func KeptRouterProgram(file string) (string, error) {
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fault.Wrap(fault.Failed, "read which router is to run", err, "")
	}
	program := strings.TrimSpace(string(b))
	if !filepath.IsAbs(program) {
		return "", fault.New(fault.Failed, fmt.Sprintf("%s names %q, which is no path of a router", file, program), "write the absolute path of skrouterd into it, or remove it")
	}
	return program, nil
}
