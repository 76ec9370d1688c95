package daemon

import (
	"context"
	"errors"
	"os"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// Engine makes what runs the router of a namespace: a container on the platforms that have them; on plain Linux a unit of
// systemd, if there is one, else a process of its own. Of a systemd that cannot be reached only the files are looked at.
func Engine(s *supervise.Systemd, program string, log zerolog.Logger) func(filestore.Dir) supervise.Engine {
	return func(d filestore.Dir) supervise.Engine {
		works := s
		if !s.Reachable() || supervise.Reserved(d.Name()) != nil {
			works = nil
		}
		return &byPlatform{dir: d, systemd: works, units: s, process: processEngine(works, program, log, d), log: log.With().Str("namespace", d.Name()).Logger()}
	}
}

func processEngine(s *supervise.Systemd, program string, log zerolog.Logger, d filestore.Dir) supervise.Engine {
	spec := supervise.Spec{
		Namespace: d.Name(), Program: program, PIDFile: d.RouterPID(), Log: d.RouterLog(),
		Args: []string{"router", "-c", d.RouterConfig(), "--pid", d.RouterPID(), "--log", d.RouterLog(), "--program-file", d.RouterProgram()},
	}
	if s != nil {
		spec.Env = unitEnv(os.LookupEnv)
		return supervise.NewUnitEngine(s, spec)
	}
	spec.Env, spec.Args = os.Environ(), append(spec.Args, "--revive")
	return supervise.NewProcess(spec, log.With().Str("namespace", d.Name()).Logger())
}

// ContainerEngine makes what runs the router of a namespace in a container, and nothing that starts that with the machine.
func ContainerEngine(d filestore.Dir, platform string, log zerolog.Logger) *container.Engine {
	return container.New(containerOptions(d, platform, log))
}

func containerOptions(d filestore.Dir, platform string, log zerolog.Logger) container.Options {
	var last *container.Settings // those that were written down, for when the directory is removed
	return container.Options{
		Namespace: d.Name(), Platform: platform, Log: log,
		ConfigFile: d.RouterConfig(), CertDir: d.RuntimeCerts(), ProxyDir: d.RuntimeProxies(), PIDFile: d.RouterPID(),
		Settings: func() (container.Settings, error) {
			s, ok, err := container.ReadSettings(d.Container())
			switch {
			case ok:
				last = &s
				return s, nil
			case err != nil:
				return s, err
			case last != nil:
				return *last, nil
			}
			return Settings(platform, connection.Choice{}, os.Getuid(), os.Getenv)
		},
		Found:       func(image string) error { return keepImage(d, platform, image, os.Getenv) },
		Credentials: func(ref string) engineapi.Credentials { return engineapi.CredentialsFor(ref, os.Getuid(), os.Getenv) },
	}
}

// keepImage writes down the image of a container that another tool made, so that its site goes on with it; unless the environment names one.
func keepImage(d filestore.Dir, platform, image string, getenv func(string) string) error {
	for _, name := range []string{"SKUPPER_ROUTER_IMAGE", "SKUPPER_IMAGE_REGISTRY", "SKUPPER_ENGINE"} {
		if getenv(name) != "" {
			return nil
		}
	}
	if _, ok, err := container.ReadSettings(d.Container()); ok || err != nil || image == "" {
		return err
	}
	if _, err := os.Stat(d.Root()); errors.Is(err, os.ErrNotExist) {
		return nil // it goes with its site
	}
	s, err := Settings(platform, connection.Choice{}, os.Getuid(), getenv)
	if err != nil {
		return err
	}
	s.Router, s.Image = container.FromName, image
	if err := filestore.MakeDir(d.Internal(), 0o755); err != nil {
		return err
	}
	return s.Write(d.Container())
}

// byPlatform is the engine of a namespace whose platform may be another from one site to the next. It is used by one
// goroutine at a time, as every engine.
type byPlatform struct {
	dir     filestore.Dir
	systemd *supervise.Systemd // what runs routers; nil: nothing does
	units   *supervise.Systemd // what has files for them, though it may be out of reach; nil: there is no place for files
	process supervise.Engine
	log     zerolog.Logger

	platform string // of the last use; empty: none yet
	engine   supervise.Engine
	left     supervise.Engine // that of a platform which the namespace left without Remove, as when its directory is removed bit by bit
}

var _ supervise.Engine = (*byPlatform)(nil)

// now is the engine of the platform that the namespace has now. Where that is not known any more, as the directory was
// removed, it is the last one.
func (b *byPlatform) now() supervise.Engine {
	platform, err := b.dir.ReadPlatform()
	switch {
	case errors.Is(err, os.ErrNotExist) && b.engine != nil, platform == b.platform && b.engine != nil:
		return b.engine
	}
	if b.engine != nil && b.left == nil {
		b.left = b.engine
	}
	switch platform {
	case engineapi.Podman, engineapi.Docker:
		b.engine = newSupervised(b.systemd, b.dir, platform, b.log)
	default:
		b.engine = b.process
	}
	b.platform = platform
	return b.engine
}

// Start implements supervise.Engine.
func (b *byPlatform) Start(ctx context.Context) error {
	e := b.now()
	if err := b.mayStart(); err != nil {
		return err
	}
	if err := b.leave(ctx); err != nil {
		return err
	}
	return e.Start(ctx)
}

// Keep implements supervise.Keeper.
func (b *byPlatform) Keep(ctx context.Context) error {
	if k, ok := b.now().(supervise.Keeper); ok {
		return k.Keep(ctx)
	}
	return nil
}

// Prepare implements supervise.Preparer.
func (b *byPlatform) Prepare(ctx context.Context) error {
	if p, ok := b.now().(supervise.Preparer); ok {
		return p.Prepare(ctx)
	}
	return nil
}

// leave ends what still runs on a platform that was left.
func (b *byPlatform) leave(ctx context.Context) error {
	if b.left == nil {
		return nil
	}
	if err := b.left.Remove(ctx); err != nil {
		return err
	}
	b.left = nil
	return nil
}

// Stop implements supervise.Engine.
func (b *byPlatform) Stop(ctx context.Context) error {
	e := b.now()
	if err := b.mayEnd(ctx, b.units.Starts(b.dir.Name()) || b.units.Sets(b.dir.Name()) && e.State(ctx).Running); err != nil {
		return err
	}
	return e.Stop(ctx)
}

// WhySilent implements supervise.Explainer.
func (b *byPlatform) WhySilent(ctx context.Context) string {
	if e, ok := b.now().(supervise.Explainer); ok {
		return e.WhySilent(ctx)
	}
	return ""
}

// State implements supervise.Engine.
func (b *byPlatform) State(ctx context.Context) supervise.State { return b.now().State(ctx) }

// Remove implements supervise.Engine.
func (b *byPlatform) Remove(ctx context.Context) error {
	e := b.now()
	err := b.mayEnd(ctx, b.units.Sets(b.dir.Name()))
	if err == nil {
		err = e.Remove(ctx)
	}
	if err == nil {
		err = b.leave(ctx)
	}
	if err == nil {
		b.engine = nil // the next site may be elsewhere
	}
	return err
}
