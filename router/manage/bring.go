package manage

import (
	"context"
	"fmt"

	"github.com/skupper-plugins/suite/router/config"
)

// Plan says what a router is to become. It is given the configuration that the router has and returns the part of it that
// may be changed, with what that part is to be.
type Plan func(live *config.Config) (from, to *config.Config)

// All is the plan of who owns the whole router.
func All(want *config.Config) Plan {
	return func(live *config.Config) (from, to *config.Config) { return live, want }
}

// Bring makes a running router what plan says, and returns the changes that were needed for that. If some of them need a
// restart it changes nothing: RestartNeeded then says which. It goes on after a refusal, as [Client.Apply] does.
func (c *Client) Bring(ctx context.Context, plan Plan) (config.Changes, error) {
	live, err := c.Config(ctx)
	if err != nil {
		return config.Changes{}, fmt.Errorf("read the router's configuration: %w", err)
	}
	changes := config.Diff(plan(live))
	if changes.Empty() || len(changes.RestartNeeded) > 0 {
		return changes, nil
	}
	if err := c.Apply(ctx, changes); err != nil {
		return changes, fmt.Errorf("change the running router: %w", err)
	}
	return changes, nil
}

// Done is closed when the connection is over.
func (c *Client) Done() <-chan struct{} { return c.conn.Done() }
