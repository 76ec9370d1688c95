package command

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/site"
)

// lookAgain is how often a local site is looked at while it is followed: what its router says no store announces.
const lookAgain = time.Second

// follow shows a listing, and then what changes of it, until ctx ends, which is no error.
func (s *session) follow(ctx context.Context, v verb, do job, show func(host.View) error) error {
	opened, err := s.open(ctx)
	if err != nil {
		return err
	}
	var again <-chan time.Time
	if opened.System != nil {
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
		again = tick.C
	}
	var events <-chan site.Event
	for first := true; ; first = false {
		view, err := do(ctx, s)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (first || !fault.Is(err, fault.Missing)): // what was shown may be gone, and come back
			return err
		case err != nil:
			view = host.View{Kind: view.Kind, Columns: []host.Column{}}
		case view.Columns == nil: // nothing that changes
			return s.host.Print(s.c, s.streams, view)
		}
		if err := show(view); err != nil {
			return err
		}
		if first { // what cannot be listed need not be watched
			kinds := append([]string{v2alpha1.KindSite}, v.kinds...)
			if events, err = site.Watch(ctx, opened.Store, kinds...); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-events:
			if !open && ctx.Err() == nil {
				return fault.New(fault.Failed, "the watch ended", "")
			}
		case <-again:
		}
	}
}
