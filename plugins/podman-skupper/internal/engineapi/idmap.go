package engineapi

import "context"

// OneID tells whether the Podman of a user has no more ids than that user's own, so that it cannot make containers in which the user
// is the user: nobody gave the user others, in /etc/subuid or elsewhere. To know it takes a second or so.
func (c *Client) OneID(ctx context.Context) (bool, error) {
	var out struct {
		Host struct {
			Security   struct{ Rootless bool }
			IDMappings struct {
				UIDMap, GIDMap []struct{ Size int64 }
			}
		}
	}
	if c.platform != Podman {
		return false, nil
	}
	if err := c.info(ctx, &out); err != nil {
		return false, err
	}
	m := out.Host.IDMappings
	return out.Host.Security.Rootless && (len(m.UIDMap) == 1 || len(m.GIDMap) == 1), nil
}
