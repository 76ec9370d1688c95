package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Systemd is the service manager of the machine (for root) or of the user.
type Systemd struct {
	user bool
	dir  string // where unit files go

	quadlets string // where files of containers go, of which Podman makes units
	away     bool   // it cannot be reached from here; only its files can be looked at
}

// What bounds a call of systemctl, and one that ends a unit: systemd itself gives units 70 seconds (TimeoutStopSec).
const (
	systemctlTimeout = 30 * time.Second
	stopTimeout      = 80 * time.Second
)

// FindSystemd gives the service manager that works for this user, or false. That systemctl is installed says nothing:
// in a container or without a user session it cannot reach a manager.
func FindSystemd(ctx context.Context, getenv func(string) string) (*Systemd, bool) {
	s := place(getenv)
	if s == nil || !s.answers(ctx) {
		return nil, false
	}
	return s, true
}

// place is where the files of this user's service manager are; nil: nowhere.
func place(getenv func(string) string) *Systemd {
	s := &Systemd{user: os.Getuid() != 0, dir: "/etc/systemd/system", quadlets: "/etc/containers/systemd"}
	if s.user {
		conf := getenv("XDG_CONFIG_HOME")
		if !filepath.IsAbs(conf) {
			home := getenv("HOME")
			if home == "" {
				return nil
			}
			conf = filepath.Join(home, ".config")
		}
		s.dir, s.quadlets = filepath.Join(conf, "systemd", "user"), filepath.Join(conf, "containers", "systemd")
	}
	return s
}

// answers tells whether the manager can be reached.
func (s *Systemd) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a machine that starts is slow, and who asks goes by the answer for long
	defer cancel()
	out, _ := s.command(ctx, "is-system-running").Output() // degraded is an error and still a running manager
	switch strings.TrimSpace(string(out)) {
	case "running", "degraded", "starting", "initializing":
		return true
	}
	return false
}

// Name is what people call it.
func (s *Systemd) Name() string {
	if s.user {
		return "systemd user unit"
	}
	return "systemd unit"
}

func (s *Systemd) command(ctx context.Context, args ...string) *exec.Cmd {
	if s.user {
		args = append([]string{"--user"}, args...)
	}
	return exec.CommandContext(ctx, "systemctl", args...)
}

// run calls systemctl and makes its complaint the error.
func (s *Systemd) run(ctx context.Context, args ...string) error {
	return s.runFor(ctx, systemctlTimeout, args...)
}

// end is run for what ends a unit.
func (s *Systemd) end(ctx context.Context, args ...string) error {
	return s.runFor(ctx, stopTimeout, args...)
}

func (s *Systemd) runFor(ctx context.Context, limit time.Duration, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := s.command(ctx, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	why := strings.TrimSpace(string(out))
	if why == "" {
		why = err.Error()
	}
	return fault.Wrap(fault.Failed, "systemctl "+strings.Join(args, " "), errors.New(why), "")
}

// Ensure writes the unit file if it differs, enables and starts the unit.
func (s *Systemd) Ensure(ctx context.Context, u Unit) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fault.Wrap(fault.Failed, "make the directory of units", err, "")
	}
	changed, err := atomicfile.WriteChanged(filepath.Join(s.dir, u.Name), 0o644, u.Text())
	if err != nil {
		return err
	}
	if changed {
		if err := s.run(ctx, "daemon-reload"); err != nil {
			return err
		}
	}
	if err := s.run(ctx, "enable", u.Name); err != nil {
		return err
	}
	return s.run(ctx, "start", u.Name)
}

// Stop stops a unit; that it does not exist is no error.
func (s *Systemd) Stop(ctx context.Context, name string) error {
	if !s.Has(name) {
		return nil
	}
	return s.end(ctx, "stop", name)
}

// Has tells whether the unit's file is there.
func (s *Systemd) Has(name string) bool {
	_, err := os.Stat(filepath.Join(s.dir, name))
	return err == nil
}

// Disable stops a unit and lets it not start with the machine any more; that it does not exist is no error.
func (s *Systemd) Disable(ctx context.Context, name string) error {
	if !s.Has(name) {
		return nil
	}
	return s.end(ctx, "disable", "--now", name)
}

// Remove stops and disables a unit and removes its file.
func (s *Systemd) Remove(ctx context.Context, name string) error {
	if !s.Has(name) {
		return nil
	}
	if err := s.end(ctx, "disable", "--now", name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Failed, "remove unit", err, "")
	}
	return s.forget(ctx, name)
}

// forget lets systemd not list a unit any more whose file was removed, though it may have failed.
func (s *Systemd) forget(ctx context.Context, name string) error {
	err := s.run(ctx, "daemon-reload")
	_ = s.run(ctx, "reset-failed", name) // that it has not failed is an error too
	return err
}

// Lingers tells whether the user's units go on when the user is logged out. Root's always do.
func (s *Systemd) Lingers(user string) bool {
	if !s.user {
		return true
	}
	_, err := os.Stat(filepath.Join("/var/lib/systemd/linger", user))
	return err == nil
}
