package container

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// enforceFile is where Linux says whether SELinux is enforced.
const enforceFile = "/sys/fs/selinux/enforce"

// denials are what engines, runtimes and routers say, in small letters, when they are kept from files, by SELinux or otherwise. None of
// them knows which.
var denials = []string{"permission denied", "operation not permitted", "eacces"}

// labelling is what they say, in small letters, when files cannot be given a label.
var labelling = []string{"relabel", "lsetxattr", "setting label", "set label", "selinux"}

// Denied tells whether a text says that SELinux, which is enforced, keeps a container from the files in dir, and gives what to do about
// it; empty if not.
func Denied(text, dir string, enforced bool) (fix string) {
	if !enforced {
		return ""
	}
	has := func(all []string) bool {
		text := strings.ToLower(text)
		for _, s := range all {
			if strings.Contains(text, s) {
				return true
			}
		}
		return false
	}
	switch {
	case has(labelling):
		return "SELinux is enforced, and the files in " + dir + ", which the container is to see by mounts with :z, cannot be labelled for containers: " +
			"put the home on a file system that keeps labels and belongs to this user (SKUPPER_HOME), and outside of system directories"
	case has(denials):
		return "SELinux is enforced, and may keep the container from the files in " + dir + " (ausearch -m avc -ts recent): " +
			"its mounts have :z, which labels them when the container is made: system reload; or chcon -R -t container_file_t " + dir +
			" (restorecon -R takes that away again)"
	}
	return ""
}

// selinuxEnforced tells whether this machine's SELinux denies what is not allowed.
func selinuxEnforced() bool {
	b, err := os.ReadFile(enforceFile)
	return err == nil && strings.TrimSpace(string(b)) == "1"
}

// denied is Denied for what keeps a container here from running.
func (e *Engine) denied(text string) string {
	return Denied(text, filepath.Dir(e.opts.CertDir), e.opts.Enforced())
}

// started explains why an engine could not start the container.
func (e *Engine) started(err error, image string) error {
	if err == nil {
		return nil
	}
	if fix := otherMachine(err.Error(), image); fix != "" {
		return fault.Wrap(fault.Failed, "start the "+e.what(), err, fix)
	}
	if fix := e.denied(err.Error()); fix != "" {
		return fault.Wrap(fault.KindOf(err), "start the "+e.what(), err, fix)
	}
	return err
}
