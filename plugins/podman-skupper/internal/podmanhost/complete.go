package podmanhost

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/host"
)

var _ host.Completer = Host{}

// CompleteFlag implements host.Completer.
func (h Host) CompleteFlag(_ context.Context, _ *cli.Context, flag string) (values []string, known bool) {
	switch flag {
	case "namespace":
		return h.namespaces(), true
	case "platform":
		return platforms, true
	case "connection":
		return connection.Names(), true
	case "engine":
		return container.Choices, true
	case "format":
		return []string{"json", "table"}, true
	case "reload-type":
		return []string{"auto", "manual"}, true
	}
	return nil, false
}

// namespaces are those that have a directory.
func (h Host) namespaces() (names []string) {
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return nil
	}
	if names, err = paths.List(); err != nil {
		return nil
	}
	return names
}
