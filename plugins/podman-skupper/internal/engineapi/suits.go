package engineapi

import (
	"context"
	"slices"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Suits tells why no router can run in a container of this engine, or nil. To ask it may take a second.
func (c *Client) Suits(ctx context.Context) error {
	if c.platform != Docker {
		return nil
	}
	var info struct{ SecurityOptions []string }
	if err := c.info(ctx, &info); err != nil {
		return err
	}
	if slices.Contains(info.SecurityOptions, "name=rootless") { // its "host" network is one that it made for itself
		return fault.New(fault.Engine, "the Docker at "+c.path+" is rootless: its containers never have the network of this machine, which a router needs",
			"use --platform linux, which needs no engine, or --platform podman, whose containers have it without root too")
	}
	return nil
}
