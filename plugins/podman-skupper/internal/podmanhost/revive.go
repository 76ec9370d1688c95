package podmanhost

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
)

// revive starts an agent that died before a status is shown, which would be an old one: routers start it on plain Linux and systemd
// starts it where there is one, but nobody does where there are containers only. What changes something starts it anyway, and
// system status tells of it. That it cannot be started does not keep anything from being shown.
func (h Host) revive(ctx context.Context, c *cli.Context, paths filestore.Paths) {
	if !showsStatus(c) || !agent.Died(paths) {
		return
	}
	if _, err := daemon.EnsureAgent(ctx, paths); err != nil {
		fmt.Fprintf(c.App.ErrWriter, "the agent has died, so this may be old, and it cannot be started: %s; next: %s\n", strings.Join(strings.Fields(err.Error()), " "), h.again(h.Namespace(c)))
		return
	}
	fmt.Fprintln(c.App.ErrWriter, "the agent had died, and was started again")
}

// showsStatus tells whether a command is the status verb of something that the agent keeps the status of.
func showsStatus(c *cli.Context) bool {
	if c.Command == nil || c.Command.Name != "status" {
		return false
	}
	for _, outer := range c.Lineage() {
		if outer.Command != nil && outer.Command.Name == "system" {
			return false
		}
	}
	return true
}
