package container

import (
	"context"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

const (
	dropTime  = 20 * time.Second       // for an image that nobody is seen to use, and that is in use all the same
	lateTime  = 10 * time.Second       // for a container to come of which an engine was told, and whose making was cut off
	dropPause = 250 * time.Millisecond // between two tries
)

// Remove implements supervise.Engine. An image that was made here goes too, unless another site uses it.
//
// An engine may still be at work on a container that it does not tell of: one that it removes, or one that it makes for somebody
// who was cut off. Until that is over the image cannot go, and the container comes when it is thought to be gone. So both are looked at
// again until the image is gone, another site is seen to use it, or it has taken too long.
func (e *Engine) Remove(ctx context.Context) error {
	if err := e.Stop(ctx); err != nil {
		return err
	}
	api, _, err := e.reach(ctx)
	if err != nil {
		return nil //nolint:nilerr // there is nothing but perhaps an image, which hurts nobody
	}
	began := time.Now()
	for {
		kept := e.dropAll(ctx, api)
		age := time.Since(began)
		switch {
		case kept == nil && (!e.unsure || age > lateTime):
			e.unsure = false
			return nil
		case kept != nil && age > dropTime:
			if _, err := api.Inspect(ctx, e.name()); err != nil && !fault.Is(err, fault.Missing) {
				return err // the engine has gone, and who looks after the namespace tries again
			}
			e.opts.Log.Warn().Err(kept).Msg("image.kept")
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(dropPause):
		}
		if err := e.Stop(ctx); err != nil {
			return err
		}
	}
}

// Drop removes the images that were made here, unless a site uses them: no container of this site was made yet. For so long one that an
// engine is still making may come.
func (e *Engine) Drop(ctx context.Context, late time.Duration) {
	api, _, err := e.reach(ctx)
	if err != nil {
		return
	}
	for began := time.Now(); e.dropAll(ctx, api) != nil || time.Since(began) < late; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(dropPause):
		}
	}
}

// dropAll removes the images that were made here for this site, unless another site uses them. An error says that one is left which
// nobody is seen to use.
func (e *Engine) dropAll(ctx context.Context, api API) error {
	refs := []string{e.before}
	if ref, err := embeddedRef(); err == nil && ref != e.before {
		refs = append(refs, ref)
	}
	var kept error
	for _, ref := range refs {
		if err := e.drop(ctx, api, ref); err != nil && !e.used(ctx, api, ref) {
			kept = err
		}
	}
	return kept
}

// drop removes an image that was made of a program.
func (e *Engine) drop(ctx context.Context, api API, ref string) error {
	if !strings.HasPrefix(ref, embeddedName+":") {
		return nil
	}
	err := api.RemoveImage(ctx, ref)
	if err != nil {
		e.opts.Log.Debug().Err(err).Str("image", ref).Msg("image.kept")
	}
	return err
}

// used tells whether a container that is not this site's has an image. All containers of such an image have its label.
func (e *Engine) used(ctx context.Context, api API, ref string) bool {
	ids, err := api.Labelled(ctx, map[string]string{"application": labelApplication})
	if err != nil {
		return false
	}
	for _, id := range ids {
		c, err := api.Inspect(ctx, id)
		if err == nil && c.Image == ref && c.Source(configPath) != e.configDir() && (c.Name != e.name() || e.foreign(c) != nil) {
			return true
		}
	}
	return false
}
