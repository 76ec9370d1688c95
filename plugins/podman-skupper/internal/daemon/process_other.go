//go:build !unix

package daemon

import (
	"errors"
	"os"

	"github.com/skupper-plugins/suite/shared/fault"
)

func sendOutputTo(*os.File) {}

func become(string, []string) error { return errors.ErrUnsupported }

// CheckSystem tells whether local sites can run on this system.
func CheckSystem() error {
	return fault.New(fault.Failed, "a local site cannot run on this operating system",
		"run it on Linux, for instance in WSL, or use kubectl skupper for a site in a cluster")
}
