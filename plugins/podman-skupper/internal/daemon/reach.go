package daemon

import (
	"context"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// mayStart says why a router cannot be started from here, as it is systemd's, or its name another's; nil: it can.
func (b *byPlatform) mayStart() error {
	name := b.dir.Name()
	if b.units == nil {
		return nil
	}
	if err := supervise.Reserved(name); err != nil {
		return err
	}
	if !b.units.Reachable() && (b.units.Sets(name) || b.wantsQuadlet()) {
		return b.units.Away(name)
	}
	return nil
}

// wantsQuadlet tells whether the namespace's container is to be run by a Quadlet file.
func (b *byPlatform) wantsQuadlet() bool {
	s, ok, err := container.ReadSettings(b.dir.Container())
	return err == nil && ok && s.Quadlet && b.platform == engineapi.Podman
}

// mayEnd says why a router cannot be ended from here, where systemd has a hand in it: it would start it again. What there is of
// a namespace whose name is another's by now is removed first, as nothing else does.
func (b *byPlatform) mayEnd(ctx context.Context, has bool) error {
	switch {
	case !has || b.systemd != nil:
		return nil // nothing of systemd's, or the engine sees to it
	case !b.units.Reachable():
		return b.units.Away(b.dir.Name())
	}
	return b.units.Release(ctx, b.dir.Name())
}
