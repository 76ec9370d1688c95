package podmanhost

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/remote"
	"github.com/skupper-plugins/suite/shared/host"
)

// Sent is the host of a program that another machine called with a request.
func (h Host) Sent(req remote.Request) Host {
	h = h.As(req.Tool, req.Command)
	h.sent = &req
	return h
}

// Machine implements host.Remote: as podman itself goes to the engine that its user chose, all that is done with sites is done where
// that engine is. A site on plain Linux has none, and is here.
func (h Host) Machine(c *cli.Context) (host.Machine, error) {
	platform, err := h.asked(c)
	if err != nil || h.sent != nil || platform == filestore.PlatformLinux {
		return nil, err
	}
	choice := flaggedEngine(c)
	if platform == "" {
		platform = h.implied(choice)
	}
	elsewhere := choice.Elsewhere
	if platform == engineapi.Docker {
		elsewhere = choice.DockerElsewhere
	} else {
		platform = engineapi.Podman
	}
	place, ok, err := elsewhere(h.getenv)
	if err != nil || !ok {
		return nil, err
	}
	m := remote.Machine{Place: place, Request: remote.Request{Tool: h.called.tool, Command: h.called.command, Platform: platform, Engine: place.Engine}}
	if program, err := os.Executable(); err == nil {
		m.Program = program
	}
	return m, nil
}
