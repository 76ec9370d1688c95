package podmanhost

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
)

const (
	dropTime = 10 * time.Second // for an image to go
	cutTime  = 3 * time.Second  // for an engine to make the image though whoever asked for it has gone
)

// made is what a command has an engine make before there is a site, in whose name somebody would take it away again.
type made struct {
	engine *container.Engine // nil: nothing was made
	cut    bool              // the engine was cut off, and may go on
}

// begin is called before the image of a site's router is got.
func (m *made) begin(dir filestore.Dir, platform string, s container.Settings) {
	if s.Router == container.FromName {
		return
	}
	m.cut = true
	m.engine = container.New(container.Options{Namespace: dir.Name(), Platform: platform, ConfigFile: dir.RouterConfig(), Log: nop(),
		Settings: func() (container.Settings, error) { return s, nil }})
}

// drop takes away what was made in vain, as the command was ended or the namespace removed before there was a site. That it cannot
// be is no error: an image hurts nobody.
func (m *made) drop(ctx context.Context, dir filestore.Dir) {
	if m.engine == nil || exists(dir.Platform()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
	defer cancel()
	late := time.Duration(0)
	if m.cut {
		late = cutTime
	}
	m.engine.Drop(ctx, late)
}
