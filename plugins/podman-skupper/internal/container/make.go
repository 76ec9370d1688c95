package container

import (
	"context"
	"os"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/shared/fault"
)

const (
	makeTries = 3               // to make a container whose image goes again and again
	undoTime  = 5 * time.Second // to see what came of a request that was cut off, and to undo it
)

// make has the container made and started. An image that another site, which went in this moment, took along is made or pulled again.
// Of a namespace that went meanwhile nothing stays: its directory is not there to tell anybody of the container.
func (e *Engine) make(ctx context.Context, api API, s Settings, spec engineapi.Spec) error {
	run := api.Run
	if s.Quadlet && e.opts.Quadlet != nil {
		run = e.opts.Quadlet
	}
	if err := e.standing(); err != nil { // Docker would make the directories again
		return err
	}
	err := run(ctx, spec)
	for try := 1; err != nil && try < makeTries && ctx.Err() == nil; try++ {
		if _, gone := api.Image(ctx, spec.Image); !fault.Is(gone, fault.Missing) {
			break
		}
		again, oerr := e.obtain(ctx, api, s)
		if oerr != nil {
			return oerr
		}
		spec.Image = again.Image
		err = run(ctx, spec)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	if err != nil {
		_, ierr := api.Inspect(last, e.name())
		e.unsure = ctx.Err() != nil || ierr != nil && !fault.Is(ierr, fault.Missing)
		return err
	}
	if err := e.standing(); err != nil {
		_ = api.Remove(last, e.name(), 0) // where this fails it is tried again by who looks after the namespace
		return err
	}
	return nil
}

// standing tells whether the namespace still is there.
func (e *Engine) standing() error {
	if _, err := os.Stat(e.opts.ConfigFile); err != nil {
		return fault.Wrap(fault.Failed, "make the "+e.what(), err, "")
	}
	return nil
}
