// Package podmanhost makes the shared verbs a tool in podman's manner: its words, its flags, its output, and local sites
// as what they work on.
package podmanhost

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/claim"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// Host is podman as a host of the shared verbs.
type Host struct {
	version string
	getenv  func(string) string
	now     func() time.Time
	called  called
}

var (
	_ host.Host      = Host{}
	_ host.Commander = Host{}
	_ host.Follower  = Host{}
)

// New makes the host of a program of that version.
func New(version string) Host { return Host{version: version, getenv: os.Getenv, now: time.Now} }

// Command implements host.Host.
func (h Host) Command() string { return h.called.words() }

// Version implements host.Host.
func (h Host) Version() string { return h.version }

// Capabilities implements host.Host.
func (Host) Capabilities() host.Capabilities {
	return host.Capabilities{System: true, ListenerHost: "0.0.0.0", ConnectorHost: "localhost", Settled: op.WaitConfigured}
}

// Flags implements host.Host.
func (Host) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "namespace", Usage: "`NAMESPACE` of the site (default: " + filestore.DefaultNamespace + ")"},
		&cli.StringFlag{Name: "platform", Aliases: []string{"p"}, Usage: "`PLATFORM` that runs the router: linux (default: $SKUPPER_PLATFORM, or linux)"},
	}
}

// CheckFlags implements host.Host.
func (h Host) CheckFlags(c *cli.Context) (err error) {
	if c.IsSet("namespace") {
		err = filestore.CheckNamespace(c.String("namespace"))
	}
	_, bad := h.platform(c)
	return multierr.Combine(err, bad, checkOutput(c))
}

// platform is the one chosen.
func (h Host) platform(c *cli.Context) (string, error) {
	name, from := c.String("platform"), "platform"
	if !c.IsSet("platform") {
		if name, from = h.getenv("SKUPPER_PLATFORM"), "SKUPPER_PLATFORM"; name == "" {
			return "linux", nil
		}
	}
	switch name {
	case "linux":
		return name, nil
	case "podman", "docker":
		return "", fmt.Errorf("%s is %q, on which this version cannot run sites: want linux", from, name)
	case "kubernetes":
		return "", fmt.Errorf("%s is %q, which is what kubectl skupper is for: want linux", from, name)
	}
	return "", fmt.Errorf("%s is %q, want linux", from, name)
}

// Namespace implements host.Host.
func (Host) Namespace(c *cli.Context) string {
	if ns := c.String("namespace"); ns != "" {
		return ns
	}
	return filestore.DefaultNamespace
}

// Open implements host.Host.
func (h Host) Open(_ context.Context, c *cli.Context) (*host.Site, error) {
	if err := daemon.CheckSystem(); err != nil {
		return nil, err
	}
	platform, err := h.platform(c)
	if err != nil {
		return nil, err
	}
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return nil, err
	}
	dir := paths.Namespace(h.Namespace(c))
	store := filestore.Open(dir, h.now)
	if err := bound(dir, platform); err != nil {
		return nil, err
	}
	look := lookAt(dir, h.now)
	sys := system{h: h, paths: paths, dir: dir, store: store, look: look, platform: platform}
	within := inside{h: h, paths: paths, dir: dir, system: sys}
	return &host.Site{
		Ports: op.Ports{
			Store: store, Observer: observer{look, dir}, Redeemer: redeemer{claim.Redeemer{Store: store, Now: h.now}}, Prober: prober{},
			Links: links{store, h.now}, System: sys, Diagnostics: within, Components: within,
		},
		Namespace: dir.Name(), Platform: platform, Close: look.Close,
	}, nil
}

// lookAt observes the router of a namespace. It starts nothing, and so needs no way to.
func lookAt(dir filestore.Dir, now func() time.Time) *supervise.Local {
	return supervise.NewLocal(supervise.Options{
		Engine:     supervise.NewProcess(supervise.Spec{Namespace: dir.Name(), PIDFile: dir.RouterPID(), Log: dir.RouterLog()}, nop()),
		ConfigFile: dir.RouterConfig(), CertDir: dir.RuntimeCerts(), Log: nop(), Now: now,
	})
}

// bound refuses a namespace whose site runs on another platform.
func bound(dir filestore.Dir, platform string) error {
	b, err := os.ReadFile(dir.Platform())
	if err != nil {
		return nil //nolint:nilerr // none yet; one that cannot be read will be noticed by who has to write there
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "platform:")
	if name = strings.TrimSpace(name); !ok || name == platform {
		return nil
	}
	return fault.New(fault.Conflict, fmt.Sprintf("existing namespace uses %q platform and it cannot change to %q", name, platform),
		"use another --namespace")
}
