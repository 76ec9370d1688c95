package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// supervised is a router in a container that starts with the machine: by the namespace's scripts, which a unit of systemd
// runs where there is one, or by a unit that Podman makes. The agent, which starts after those units and ends before them,
// finds the container running.
type supervised struct {
	*container.Engine
	systemd  *supervise.Systemd // nil: there is none for this installation
	dir      filestore.Dir
	platform string
}

var (
	_ supervise.Engine = (*supervised)(nil)
	_ supervise.Keeper = (*supervised)(nil)
)

// Names in the directory of scripts, as other tools know them.
const (
	startScript = "start.sh"
	stopScript  = "stop.sh"
)

func newSupervised(s *supervise.Systemd, d filestore.Dir, platform string, log zerolog.Logger) *supervised {
	out := &supervised{systemd: s, dir: d, platform: platform}
	o := containerOptions(d, platform, log)
	if s != nil && platform == engineapi.Podman {
		o.Quadlet = out.quadlet
	}
	out.Engine = container.New(o)
	return out
}

// quadlet has systemd run the container.
func (s *supervised) quadlet(ctx context.Context, spec engineapi.Spec) error {
	if err := s.writeQuadlet(ctx, spec); err != nil {
		return err
	}
	return s.systemd.StartQuadlet(ctx, s.dir.Name())
}

func (s *supervised) writeQuadlet(ctx context.Context, spec engineapi.Spec) error {
	return s.systemd.WriteQuadlet(ctx, s.dir.Name(), container.Quadlet(s.dir.Name(), spec, AgentUnit))
}

// Keep implements supervise.Keeper.
func (s *supervised) Keep(ctx context.Context) error {
	start, stop, err := s.Scripts(os.Getuid(), os.Getenv)
	if err != nil {
		return err
	}
	if err := filestore.MakeDir(s.dir.Scripts(), 0o755); err != nil {
		return err
	}
	for name, text := range map[string][]byte{startScript: start, stopScript: stop} {
		if _, err := atomicfile.WriteChanged(s.script(name), 0o755, text); err != nil {
			return err
		}
	}
	switch {
	case s.systemd == nil:
		return nil
	case s.ByQuadlet():
		spec, err := s.Spec(ctx)
		if err != nil {
			return err
		}
		return s.writeQuadlet(ctx, spec)
	}
	return s.systemd.Ensure(ctx, s.unit())
}

func (s *supervised) script(name string) string { return filepath.Join(s.dir.Scripts(), name) }

// unit is the unit that runs the scripts.
func (s *supervised) unit() supervise.Unit {
	u := supervise.Unit{
		Name: supervise.UnitName(s.dir.Name()), Description: supervise.RouterDescription(s.dir.Name()) + " in a container",
		Program: "/bin/sh", Args: []string{s.script(startScript)}, Stop: []string{"/bin/sh", s.script(stopScript)},
		Before: []string{AgentUnit},
	}
	if s.platform == engineapi.Docker {
		u.After = []string{"docker.service"}
	} else {
		u.Mounts = filepath.Join(runtimeDir(os.Getuid(), os.Getenv), "containers") // where Podman knows what runs
	}
	return u
}

// Stop implements supervise.Engine.
func (s *supervised) Stop(ctx context.Context) error {
	var unset error
	if s.systemd != nil {
		unset = errors.Join(s.systemd.Disable(ctx, supervise.UnitName(s.dir.Name())), s.systemd.RemoveQuadlet(ctx, s.dir.Name()))
	}
	return errors.Join(unset, s.Engine.Stop(ctx)) // whatever systemd says, the container ends
}

// Remove implements supervise.Engine.
func (s *supervised) Remove(ctx context.Context) error {
	var unset error
	if s.systemd != nil {
		unset = s.systemd.Release(ctx, s.dir.Name())
	}
	if err := errors.Join(unset, s.Engine.Remove(ctx)); err != nil {
		return err // with the scripts: the unit that is left uses them
	}
	for _, name := range []string{startScript, stopScript} {
		if err := os.Remove(s.script(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Failed, "remove what starts the container", err, "")
		}
	}
	return nil
}
