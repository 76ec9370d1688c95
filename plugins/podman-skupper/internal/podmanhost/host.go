// Package podmanhost makes the shared verbs a tool in podman's manner: its words, its flags, its output, and local sites
// as what they work on.
package podmanhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/claim"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/doctor"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/remote"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// Host is podman as a host of the shared verbs.
type Host struct {
	version string
	getenv  func(string) string
	now     func() time.Time
	called  called
	sent    *remote.Request // by whom the program was called from another machine; nil: it was called on this one
}

var (
	_ host.Host      = Host{}
	_ host.Commander = Host{}
	_ host.Follower  = Host{}
	_ host.Remote    = Host{}
)

// New makes the host of a program of that version.
func New(version string) Host { return Host{version: version, getenv: os.Getenv, now: time.Now} }

// Command implements host.Host.
func (h Host) Command() string { return h.called.words() }

// Version implements host.Host.
func (h Host) Version() string { return h.version }

// Capabilities implements host.Host.
func (h Host) Capabilities() host.Capabilities {
	can := host.Capabilities{System: true, ListenerHost: "0.0.0.0", ConnectorHost: "localhost", Settled: op.WaitConfigured}
	if h.sent != nil {
		can.Carried = []string{"connection", "url", "identity", "remote"}
	}
	return can
}

// Flags implements host.Host.
func (Host) Flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "namespace", Usage: "`NAMESPACE` of the site (default: " + filestore.DefaultNamespace + ")"},
		&cli.StringFlag{Name: "platform", Aliases: []string{"p"}, Usage: "`PLATFORM` that runs the router: podman, docker or linux (default: $SKUPPER_PLATFORM, or that of the site, or podman if it answers, or linux)"},
		&cli.StringFlag{Name: "engine", Usage: "`ROUTER` of a new site: embedded (the one in this program, which needs no registry); in a container also image ($SKUPPER_ROUTER_IMAGE) or auto (default: $SKUPPER_ENGINE, or auto); on linux also skrouterd ($SKUPPER_ROUTER, or the one in $PATH)"},
		&cli.BoolFlag{Name: "quadlet", Usage: "have systemd run the container of a new site, by a Quadlet file (Podman 4.4 or later)"},
	}, connectionFlags()...)
}

// CheckFlags implements host.Host.
func (h Host) CheckFlags(c *cli.Context) error {
	return multierr.Combine(h.checkOwnFlags(c), checkOutput(c))
}

// checkOwnFlags finds what is wrong with the flags of Flags.
func (h Host) checkOwnFlags(c *cli.Context) (err error) {
	if c.IsSet("namespace") {
		err = filestore.CheckNamespace(c.String("namespace"))
	}
	asked, bad := h.asked(c)
	if c.IsSet("engine") {
		err = multierr.Append(err, checkEngine(c.String("engine"), asked))
	}
	if c.Bool("quadlet") && asked != "" && asked != engineapi.Podman {
		err = multierr.Append(err, errors.New("quadlet is for the platform podman"))
	}
	return multierr.Combine(err, bad, checkConnection(c, asked))
}

// checkEngine finds what is wrong with the choice of a router for a platform; empty if that is not known yet.
func checkEngine(choice, platform string) error {
	switch {
	case platform == filestore.PlatformLinux && choice != string(container.Embedded) && choice != daemon.Skrouterd:
		return fmt.Errorf("engine is %q, want embedded or skrouterd: on linux the router is no container", choice)
	case platform == filestore.PlatformLinux, platform == "" && choice == daemon.Skrouterd:
		return nil
	}
	return container.CheckChoice("engine", choice)
}

// Namespace implements host.Host.
func (Host) Namespace(c *cli.Context) string {
	if ns := c.String("namespace"); ns != "" {
		return ns
	}
	return filestore.DefaultNamespace
}

// Open implements host.Host.
func (h Host) Open(ctx context.Context, c *cli.Context) (*host.Site, error) {
	if err := daemon.CheckSystem(); err != nil {
		return nil, err
	}
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return nil, err
	}
	dir := paths.Namespace(h.Namespace(c))
	store := filestore.Open(dir, h.now)
	platform, why, err := h.platform(ctx, c, dir)
	if err != nil {
		return nil, err
	}
	h.revive(ctx, c, paths)
	look := lookAt(dir, platform, h.now)
	sys := system{h: h, paths: paths, dir: dir, store: store, look: look, platform: platform}
	binder := binding{Store: store, h: h, platform: platform, why: why, choice: c.String("engine"), quadlet: c.Bool("quadlet"), engine: h.chosenEngine(c), say: c.App.ErrWriter,
		systemd: func(ctx context.Context) *supervise.Systemd { return daemon.Systemd(ctx, paths, h.getenv) },
		split:   func() bool { return os.Getuid() == 0 || doctor.UnifiedGroups("") }}
	binder.made = &made{}
	within := inside{h: h, paths: paths, dir: dir, system: sys}
	if platform != filestore.PlatformLinux {
		within.container = daemon.ContainerEngine(dir, platform, nop())
	}
	return &host.Site{
		Ports: op.Ports{
			Store: binder, Observer: observer{look, dir}, Redeemer: redeemer{claim.Redeemer{Store: store, Now: h.now}}, Prober: prober{},
			Links: links{store, h.now}, System: sys, Diagnostics: within, Components: within,
		},
		Namespace: dir.Name(), Platform: platform, Close: func() error { binder.made.drop(ctx, dir); return look.Close() },
	}, nil
}

// lookAt observes the router of a namespace. It starts nothing.
func lookAt(dir filestore.Dir, platform string, now func() time.Time) *supervise.Local {
	var engine supervise.Engine = supervise.NewProcess(supervise.Spec{Namespace: dir.Name(), PIDFile: dir.RouterPID(), Log: dir.RouterLog()}, nop())
	if platform != filestore.PlatformLinux {
		engine = daemon.ContainerEngine(dir, platform, nop())
	}
	return supervise.NewLocal(supervise.Options{
		Engine: engine, ConfigFile: dir.RouterConfig(), CertDir: dir.RuntimeCerts(), Log: nop(), Now: now, Variables: container.Variables,
	})
}
