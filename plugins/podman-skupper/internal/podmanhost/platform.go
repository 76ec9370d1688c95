package podmanhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/doctor"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/shim"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// platforms are those that can run a router here.
var platforms = []string{engineapi.Podman, engineapi.Docker, filestore.PlatformLinux}

// answerWait bounds the look for an engine that nobody asked for.
const answerWait = 2 * time.Second

// asked is the platform that the user named; empty if none.
func (h Host) asked(c *cli.Context) (string, error) {
	name, from := c.String("platform"), "platform"
	if !c.IsSet("platform") {
		if h.sent != nil { // what counts is said by who sent for it: Host.implied
			return "", nil
		}
		if name, from = h.getenv("SKUPPER_PLATFORM"), "SKUPPER_PLATFORM"; name == "" {
			return "", nil
		}
	}
	switch name {
	case engineapi.Podman, engineapi.Docker, filestore.PlatformLinux:
		return name, nil
	case "kubernetes":
		return "", fmt.Errorf("%s is %q, which is what kubectl skupper is for: want podman, docker or linux", from, name)
	}
	return "", fmt.Errorf("%s is %q, want podman, docker or linux", from, name)
}

// platformFrom is what said which platform is asked for.
func (h Host) platformFrom(c *cli.Context) string {
	if c.IsSet("platform") {
		return "--platform"
	}
	return "$SKUPPER_PLATFORM"
}

// platform is the one of a namespace's site, or else the one that a new site gets; why it gets that is empty if there is no
// need to say.
func (h Host) platform(ctx context.Context, c *cli.Context, dir filestore.Dir) (name, why string, err error) {
	asked, err := h.asked(c)
	if err != nil {
		return "", "", err
	}
	has, err := bound(ctx, dir)
	switch {
	case err != nil:
		return "", "", err
	case has != "" && asked != "" && has != asked:
		return "", "", fault.New(fault.Conflict, fmt.Sprintf("existing namespace uses %q platform and it cannot change to %q", has, asked),
			"leave "+h.platformFrom(c)+" out, use another --namespace, or `site delete --platform "+has+"` first")
	case has != "":
		return has, "", h.sameEngine(dir, has, h.chosenEngine(c))
	case asked != "":
		return asked, "", nil
	}
	if name := h.implied(h.chosenEngine(c)); name != "" {
		return name, "", nil
	}
	name, why = h.chosen(ctx)
	return name, why, nil
}

// bound is the platform that a namespace is bound to; empty if it is free. What somebody wrote who then made no site binds
// nothing.
func bound(ctx context.Context, dir filestore.Dir) (string, error) {
	name, err := dir.ReadPlatform()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	}
	if _, err := os.Stat(dir.RouterConfig()); err == nil {
		return name, nil
	}
	if sites, err := filestore.Open(dir, time.Now).List(ctx, v2alpha1.KindSite); err == nil && len(sites) == 0 {
		return "", nil
	}
	return name, nil
}

// chosen is the platform of a site that nobody named one for: Podman where it can run a router now, else plain Linux.
func (h Host) chosen(ctx context.Context) (name, why string) {
	settings, err := h.settings(engineapi.Podman, connection.Choice{})
	if err != nil {
		return filestore.PlatformLinux, "platform linux: " + err.Error()
	}
	soon, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	if !engineapi.Answers(soon, engineapi.Podman, settings.Endpoint) {
		return filestore.PlatformLinux, "platform linux, as no Podman answers at " + engineapi.SocketPath(settings.Endpoint) + h.rouse(settings.Endpoint)
	}
	client, err := engineapi.Open(soon, engineapi.Podman, settings.Endpoint)
	if err == nil {
		err = ownIDs(ctx, doctor.Here(h.getenv), client) // which may take an engine longer
	}
	if err != nil {
		return filestore.PlatformLinux, "platform linux: " + err.Error()
	}
	if container.Embeddable() == nil && settings.Router != container.FromName {
		return engineapi.Podman, "platform podman, as it answers at " + engineapi.SocketPath(settings.Endpoint)
	}
	if _, err := client.Image(soon, settings.Image); err != nil {
		return filestore.PlatformLinux, "platform linux, as Podman has no image " + settings.Image
	}
	return engineapi.Podman, "platform podman, as it answers and has image " + settings.Image
}

// rouse is how a Podman that is here, and does not answer at its usual place, could run the router; empty if there is none.
func (h Host) rouse(endpoint string) string {
	if !engineapi.Usual(engineapi.Podman, endpoint, os.Getuid(), h.getenv) {
		return ""
	}
	_, self, err := shim.Self()
	if err == nil {
		_, err = shim.Real(shim.Podman, h.getenv("PATH"), self)
	}
	if err != nil {
		return ""
	}
	return "; to have the router of a new site in a container, before that: " + engineapi.Rouse(os.Getuid())
}
