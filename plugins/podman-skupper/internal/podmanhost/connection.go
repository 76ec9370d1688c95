package podmanhost

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/shim"
	"github.com/skupper-plugins/suite/shared/fault"
)

// connectionFlags are podman's own that choose an engine.
func connectionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "connection", Aliases: []string{"c"}, Usage: "`NAME` of podman's connection, or docker's context, that leads to the engine of the site; over ssh, all runs there (default: $CONTAINER_CONNECTION, or containers.conf; $DOCKER_CONTEXT)"},
		&cli.StringFlag{Name: "url", Usage: "`ADDRESS` of the engine of the site, unix:///PATH or ssh://USER@HOST/PATH (default: $CONTAINER_HOST, or $DOCKER_HOST, or its usual socket)"},
		&cli.StringFlag{Name: "identity", Usage: "`FILE` of the key to log in with over ssh (default: $CONTAINER_SSHKEY, or that of the connection, or ssh's own)"},
		&cli.BoolFlag{Name: "remote", Usage: "the engine is that of podman's default connection"},
	}
}

// flaggedEngine is what the flags of connectionFlags say.
func flaggedEngine(c *cli.Context) connection.Choice {
	return connection.Choice{URL: c.String("url"), Connection: c.String("connection"), Remote: c.Bool("remote"), Identity: c.String("identity")}
}

// chosenEngine is what the user chose, of this machine.
func (h Host) chosenEngine(c *cli.Context) connection.Choice {
	if h.sent != nil { // the flags are what led here
		return connection.Choice{URL: h.sent.Engine}
	}
	return flaggedEngine(c)
}

// checkConnection finds what is wrong with the flags of connectionFlags, on the platform that was asked for.
func checkConnection(c *cli.Context, platform string) error {
	switch e := flaggedEngine(c); {
	case !e.Given():
	case platform == filestore.PlatformLinux:
		return fmt.Errorf("url and connection are for the platforms podman and docker: on linux there is no engine")
	case e.URL != "" && e.Connection != "":
		return fmt.Errorf("url and connection cannot be given both")
	}
	return nil
}

// engineOf is the engine of a platform that the user chose, or else has.
func (h Host) engineOf(platform string, choice connection.Choice) (connection.Engine, error) {
	return daemon.EngineOf(platform, choice, os.Getuid(), h.getenv)
}

// settings are how the container of a new site is made.
func (h Host) settings(platform string, choice connection.Choice) (container.Settings, error) {
	return daemon.Settings(platform, choice, os.Getuid(), h.getenv)
}

// implied is the platform that the manner of the call implies; empty if none.
func (h Host) implied(choice connection.Choice) string {
	switch {
	case h.sent != nil:
		return h.sent.Platform
	case h.called.tool == shim.Docker:
		return engineapi.Docker
	case choice.Given():
		return engineapi.Podman
	}
	return ""
}

// sameEngine refuses another engine than the one that runs the site of a namespace.
func (h Host) sameEngine(dir filestore.Dir, platform string, choice connection.Choice) error {
	if !choice.Given() {
		return nil
	}
	e, err := h.engineOf(platform, choice)
	if err != nil {
		return err
	}
	if s, ok, err := container.ReadSettings(dir.Container()); err != nil || !ok || s.Endpoint == e.URL {
		return err
	}
	return fault.New(fault.Conflict, fmt.Sprintf("existing namespace has its router at another engine than %s, and it cannot change", e.URL),
		"leave --url and --connection out, or use another --namespace")
}
