package supervise

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// quadletFile is the file that Podman makes the unit of a namespace of.
func (s *Systemd) quadletFile(namespace string) string {
	return filepath.Join(s.quadlets, "skupper-"+namespace+".container")
}

// HasQuadlet tells whether Podman makes the unit of a namespace.
func (s *Systemd) HasQuadlet(namespace string) bool {
	_, err := os.Stat(s.quadletFile(namespace))
	return err == nil
}

// WriteQuadlet writes the file that Podman makes the unit of a namespace of, instead of a unit of ours.
func (s *Systemd) WriteQuadlet(ctx context.Context, namespace string, text []byte) error {
	if err := s.Remove(ctx, UnitName(namespace)); err != nil { // it would hide the other
		return err
	}
	if err := os.MkdirAll(s.quadlets, 0o755); err != nil {
		return fault.Wrap(fault.Failed, "make the directory of Quadlet files", err, "")
	}
	changed, err := atomicfile.WriteChanged(s.quadletFile(namespace), 0o644, text)
	if err != nil || !changed {
		return err
	}
	return s.run(ctx, "daemon-reload")
}

// StartQuadlet starts the container of such a file.
func (s *Systemd) StartQuadlet(ctx context.Context, namespace string) error {
	return s.end(ctx, "restart", UnitName(namespace))
}

// RemoveQuadlet ends the container of such a file and removes the file: a unit that is made of a file cannot be disabled.
func (s *Systemd) RemoveQuadlet(ctx context.Context, namespace string) error {
	if !s.HasQuadlet(namespace) {
		return nil
	}
	var stopped error
	if Reserved(namespace) == nil { // else the unit is not this file's
		stopped = s.end(ctx, "stop", UnitName(namespace)) // it may not be known yet
	}
	if err := os.Remove(s.quadletFile(namespace)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(stopped, fault.Wrap(fault.Failed, "remove the Quadlet file", err, ""))
	}
	if Reserved(namespace) != nil {
		return s.run(ctx, "daemon-reload")
	}
	return s.forget(ctx, UnitName(namespace))
}
