package container

import (
	"context"
	"errors"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/shared/fault"
)

// find is the container of the router: the one of its name, or, if that is none of ours, one that runs and that somebody has given
// another name. It is fault.Missing if there is neither. One that is not ours is given as it is.
func (e *Engine) find(ctx context.Context, api API) (engineapi.Container, error) {
	c, err := api.Inspect(ctx, e.name())
	if err == nil && e.foreign(c) == nil || err != nil && !fault.Is(err, fault.Missing) {
		return c, err
	}
	all, lerr := e.renamed(ctx, api)
	for _, other := range all {
		if other.Running {
			return other, nil
		}
	}
	if lerr != nil {
		return engineapi.Container{}, lerr
	}
	return c, err
}

// ours are all containers of the router, whatever their names, and whether they run or not.
func (e *Engine) ours(ctx context.Context, api API) ([]engineapi.Container, error) {
	all, err := e.renamed(ctx, api)
	c, ierr := api.Inspect(ctx, e.name())
	switch {
	case ierr == nil && e.foreign(c) == nil:
		all = append(all, c)
	case ierr != nil && !fault.Is(ierr, fault.Missing):
		err = errors.Join(err, ierr)
	}
	return all, err
}

// renamed are those that have this namespace's configuration under another name.
func (e *Engine) renamed(ctx context.Context, api API) (all []engineapi.Container, err error) {
	ids, err := api.Labelled(ctx, map[string]string{"application": labelApplication})
	for _, id := range ids {
		c, ierr := api.Inspect(ctx, id)
		switch {
		case fault.Is(ierr, fault.Missing): // it went meanwhile
		case ierr != nil:
			err = errors.Join(err, ierr)
		case c.Name != e.name() && c.Source(configPath) == e.configDir():
			all = append(all, c)
		}
	}
	return all, err
}

// called is the name by which the engine knows our container.
func (e *Engine) called(c engineapi.Container) string {
	if c.Name == "" {
		return e.name()
	}
	return c.Name
}

// describe is what the container is, for people.
func (e *Engine) describe(c engineapi.Container) string {
	if name := e.called(c); name != e.name() {
		return e.opts.Platform + " container " + name + ", which was named " + e.name()
	}
	return e.what()
}

// WhySilent implements supervise.Explainer.
func (e *Engine) WhySilent(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	api, _, err := e.reach(ctx)
	if err != nil {
		return ""
	}
	c, err := e.find(ctx, api)
	if err != nil || c.Status != paused {
		return ""
	}
	return "the " + e.describe(c) + " is paused: " + e.opts.Platform + " unpause " + e.called(c)
}

// paused is the state of a container whose processes are frozen.
const paused = "paused"
