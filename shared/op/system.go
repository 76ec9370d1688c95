package op

import (
	"context"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// StartSystem starts the site of a namespace and waits until it is ready.
type StartSystem struct{ Wait Wait }

// StopSystem stops the router of a namespace. Resources, certificates and keys stay.
type StopSystem struct{}

// ReloadSystem has all resources read and applied anew.
type ReloadSystem struct{ Timeout time.Duration }

// InstallSystem makes sites start by themselves.
type InstallSystem struct{}

// UninstallSystem undoes InstallSystem.
type UninstallSystem struct{ Force bool }

// LookAtSystem says what runs.
type LookAtSystem struct{}

// Check finds everything wrong with the fields.
func (c StartSystem) Check() error {
	var f faults
	c.Wait.check(&f)
	return f.err
}

// Check finds everything wrong with the fields.
func (c ReloadSystem) Check() error {
	var f faults
	f.lasts("timeout", c.Timeout, minTimeout)
	return f.err
}

// Run starts the site. Starting one that runs does nothing.
func (c StartSystem) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	s, err := theSite(ctx, p.Store, "")
	if err != nil {
		return Changed{}, err
	}
	if err := start(ctx, p, s.Name, c.Wait, say); err != nil {
		return Changed{}, fmt.Errorf("start site %s: %w", s.Name, err)
	}
	did := Changed{Did: "started", Kind: v2alpha1.KindSite, Name: s.Name, Object: s}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// Run stops the router. Stopping one that does not run does nothing.
func (c StopSystem) Run(ctx context.Context, p Ports) (Changed, error) {
	did := Changed{Did: "stopped", Kind: v2alpha1.KindSite}
	s, err := theSite(ctx, p.Store, "")
	switch {
	case err == nil:
		did.Name, did.Object = s.Name, s
	case !fault.Is(err, fault.Missing): // without a site there may still be a router
		return did, err
	}
	if stopErr := p.System.Stop(ctx); stopErr != nil {
		return did, fmt.Errorf("stop the site of namespace %s: %w", p.Store.Namespace(), stopErr)
	}
	return did, err
}

// Run reloads the site.
func (c ReloadSystem) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	s, err := theSite(ctx, p.Store, "")
	if err != nil {
		return Changed{}, err
	}
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	say.say("site " + s.Name + " to reload")
	notes, err := p.System.Reload(within)
	if err != nil {
		if within.Err() != nil && ctx.Err() == nil {
			return Changed{}, fault.Wrap(fault.Late, fmt.Sprintf("site %s is not reloaded after %s", s.Name, Span(c.Timeout)), err, "`system status`")
		}
		return Changed{}, fmt.Errorf("reload site %s: %w", s.Name, err)
	}
	if now, err := p.System.Status(within); err == nil && now.Stopped { // that it is so changes nothing
		notes = append(notes, "the site is stopped: this takes effect when it is started")
	}
	return Changed{Did: "reloaded", Kind: v2alpha1.KindSite, Name: s.Name, Object: s, Notes: notes}, nil
}

// Run installs.
func (InstallSystem) Run(ctx context.Context, p Ports) error { return p.System.Install(ctx) }

// Run uninstalls.
func (c UninstallSystem) Run(ctx context.Context, p Ports) error {
	return p.System.Uninstall(ctx, c.Force)
}

// Run looks.
func (LookAtSystem) Run(ctx context.Context, p Ports) (SystemStatus, error) {
	return p.System.Status(ctx)
}

// start starts what the site needs, within the time to wait.
func start(ctx context.Context, p Ports, name string, w Wait, say Progress) error {
	within, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	say.say("the processes of site " + name + " to start")
	err := p.System.Start(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil { // our time, not the caller's
		return fault.Wrap(fault.Late, fmt.Sprintf("its processes have not started after %s", Span(w.Timeout)), err, "`system status`")
	}
	return err
}
