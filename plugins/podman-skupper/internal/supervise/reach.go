package supervise

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// LookForSystemd gives the service manager of this user; one that cannot be reached from here has files all the same. It is nil
// where there is no place for those.
func LookForSystemd(ctx context.Context, getenv func(string) string) *Systemd {
	s := place(getenv)
	if s != nil {
		s.away = !s.answers(ctx)
	}
	return s
}

// SystemdIn is the same for a user whose units and Quadlet files are in these directories.
func SystemdIn(ctx context.Context, units, quadlets string) *Systemd {
	s := &Systemd{user: true, dir: units, quadlets: quadlets}
	s.away = !s.answers(ctx)
	return s
}

// Reachable tells whether it can be told anything. Nothing can be told to nil.
func (s *Systemd) Reachable() bool { return s != nil && !s.away }

// Sets tells whether there is a unit or a Quadlet file for a namespace's router.
func (s *Systemd) Sets(namespace string) bool {
	return s != nil && (s.runsRouter(namespace) || s.HasQuadlet(namespace))
}

// Starts tells whether such a file lets the router start with the machine.
func (s *Systemd) Starts(namespace string) bool {
	if !s.Sets(namespace) {
		return false
	}
	_, err := os.Lstat(filepath.Join(s.dir, "default.target.wants", UnitName(namespace)))
	return err == nil || s.HasQuadlet(namespace)
}

// Away says that what concerns a namespace is systemd's, which cannot be told from here.
func (s *Systemd) Away(namespace string) error {
	hint := "start systemd, or remove what is its: " + strings.Join(s.files(namespace), " and ")
	if s.user {
		name := strconv.Itoa(os.Getuid())
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
		hint = "log in as " + name + " with ssh or loginctl, not with su or sudo; then export XDG_RUNTIME_DIR=/run/user/" + strconv.Itoa(os.Getuid())
	}
	return fault.New(fault.Failed, "systemd runs the router of namespace "+namespace+", and cannot be reached from here", hint)
}

// files are those that let systemd run the router of a namespace.
func (s *Systemd) files(namespace string) (all []string) {
	for _, path := range []string{filepath.Join(s.dir, UnitName(namespace)), s.quadletFile(namespace)} {
		if _, err := os.Lstat(path); err == nil {
			all = append(all, path)
		}
	}
	if len(all) == 0 { // gone by now, or never to be seen
		all = []string{s.dir, s.quadlets}
	}
	return all
}

// Release ends the router of a namespace as far as systemd runs it, and removes its unit and its Quadlet file. That there are
// none is no error.
func (s *Systemd) Release(ctx context.Context, namespace string) error {
	if !s.Sets(namespace) {
		return nil
	}
	if !s.Reachable() {
		return s.Away(namespace)
	}
	var removed error
	if s.runsRouter(namespace) {
		removed = s.Remove(ctx, UnitName(namespace))
	}
	return errors.Join(removed, s.RemoveQuadlet(ctx, namespace))
}
