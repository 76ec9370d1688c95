package routertest

import (
	"context"
	"fmt"
	"time"
)

// Conversation is what an odd, or a wrong, client says to a router.
type Conversation struct {
	Name string
	say  func(c *raw)
	// End is how it has to end: what the router says last. It is empty where nothing is wrong: what comes of that is what comes of it with a real router.
	End string
}

// Hold has the conversation with the router whose listener is at addr, and returns what came of it: a line for each step, and whether the connection can be used
// after. quiet is how long nothing has to come before a step is over; a router that is slower seems to say less.
func (v Conversation) Hold(ctx context.Context, addr string, quiet time.Duration) ([]string, error) {
	c, done, err := dialRaw(ctx, addr, quiet)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.Name, err)
	}
	defer done()
	v.say(c)
	c.step()
	c.answers()
	if c.err != nil {
		return c.all, fmt.Errorf("%s: %w", v.Name, c.err)
	}
	return c.all, nil
}
