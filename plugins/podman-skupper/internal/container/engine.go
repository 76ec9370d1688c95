package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/procid"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
)

const (
	askWait    = 10 * time.Second // for a question that an engine answers by itself
	endWait    = 40 * time.Second // for the end of a container
	grace      = 10 * time.Second // from SIGTERM to SIGKILL
	quickEnd   = 3                // restarts by the engine after which a container is taken for one that does not start
	logLines   = 5
	logTries   = 5 // for a log that is still empty
	logPause   = 100 * time.Millisecond
	settleTime = 4 * time.Second // after a container that ran was removed or stopped by somebody, before it is made again
	sinceBoot  = "unseen"        // start of a process that cannot be seen from here
)

// Options of an Engine.
type Options struct {
	Namespace  string
	Platform   string // engineapi.Podman or Docker
	ConfigFile string // of the router; its directory is seen by it
	CertDir    string // of the TLS profiles
	ProxyDir   string // of the proxy profiles
	PIDFile    string // see supervise.Record
	// Settings says how the container is made, each time anew.
	Settings    func() (Settings, error)
	Credentials Credentials
	// Open reaches an engine; nil: engineapi.Open.
	Open func(ctx context.Context, endpoint string) (API, error)
	Log  zerolog.Logger
	// Enforced tells whether SELinux is enforced; nil: it is looked up.
	Enforced func() bool
	// Found is told of the image of a container that is about to be removed, before the settings are asked for the next one: another tool
	// may have made it. Nil: nobody wants to know.
	Found func(image string) error
	// Quadlet starts a container that systemd is to run, where the settings say so; nil: the engine runs it.
	Quadlet func(context.Context, engineapi.Spec) error
}

// Engine is a supervise.Engine on containers.
type Engine struct {
	opts Options

	api      API // that was opened last; nil: none
	endpoint string
	told     string // what was logged last of the image
	ran      bool   // the container was seen to run, and not ended here
	before   string // image of the container that was removed last
	unsure   bool   // an engine was cut off while it made a container, and may go on making it
}

var (
	_ supervise.Engine   = (*Engine)(nil)
	_ supervise.Preparer = (*Engine)(nil)
)

// New makes the engine. A container that runs already is adopted.
func New(o Options) *Engine {
	if o.Open == nil {
		o.Open = func(ctx context.Context, endpoint string) (API, error) {
			return engineapi.Open(ctx, o.Platform, endpoint)
		}
	}
	if o.Enforced == nil {
		o.Enforced = selinuxEnforced
	}
	return &Engine{opts: o}
}

func (e *Engine) name() string { return Name(e.opts.Namespace) }

// what it is, for people.
func (e *Engine) what() string { return e.opts.Platform + " container " + e.name() }

// reach gives the engine, and the settings.
func (e *Engine) reach(ctx context.Context) (API, Settings, error) {
	s, err := e.opts.Settings()
	if err != nil {
		return nil, s, err
	}
	if e.api != nil && e.endpoint == s.Endpoint {
		return e.api, s, nil
	}
	api, err := e.opts.Open(ctx, s.Endpoint)
	if err != nil {
		return nil, s, err
	}
	e.api, e.endpoint = api, s.Endpoint
	return api, s, nil
}

// State implements supervise.Engine. While the process lives that is in the record, the engine is not asked.
func (e *Engine) State(ctx context.Context) supervise.State {
	r, err := supervise.ReadRecord(e.opts.PIDFile)
	if err == nil && r.Alive() {
		e.ran = true
		return supervise.State{Running: true, PID: r.PID, Since: r.Since, Detail: e.what()}
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	api, _, err := e.reach(ctx)
	if err != nil {
		return supervise.State{Detail: oneLine(err), Err: err}
	}
	c, err := e.find(ctx, api)
	switch {
	case fault.Is(err, fault.Missing):
		return supervise.State{Detail: "there is no " + e.what()}
	case err != nil:
		return supervise.State{Detail: oneLine(err), Err: err}
	case e.foreign(c) != nil:
		return supervise.State{Detail: oneLine(e.foreign(c))}
	case !c.Running || c.PID <= 0:
		return supervise.State{Detail: e.ended(ctx, api, c)}
	case c.Restarts >= quickEnd && time.Since(c.Started) < grace:
		return supervise.State{Detail: e.explain(e.describe(c)+" ends again and again"+e.lastWords(ctx, api, c), c.Image)}
	}
	st := e.note(c)
	if c.Restarts > 0 && time.Since(c.Started) < grace {
		st.Detail += ", which has ended before" + e.lastWords(ctx, api, c)
	}
	return st
}

// note puts the process of a running container on record.
func (e *Engine) note(c engineapi.Container) supervise.State {
	e.ran = true
	id, err := procid.Of(c.PID)
	if err != nil {
		id = procid.ID{PID: c.PID, Start: sinceBoot} // never alive: the engine is asked each time
	}
	since := c.Started.UTC().Truncate(time.Second)
	if err := supervise.WriteRecord(e.opts.PIDFile, supervise.Record{ID: id, Since: since, Program: e.describe(c)}); err != nil {
		e.opts.Log.Error().Err(err).Msg("router.record")
	}
	return supervise.State{Running: true, PID: c.PID, Since: since, Detail: e.describe(c)}
}

// ended says how a container ended.
func (e *Engine) ended(ctx context.Context, api API, c engineapi.Container) string {
	if c.Started.IsZero() || c.Status == "created" || c.Status == "configured" {
		return e.describe(c) + " was never started"
	}
	return e.explain(fmt.Sprintf("%s has exited with code %d%s", e.describe(c), c.ExitCode, e.lastWords(ctx, api, c)), c.Image)
}

// explain adds to why a container does not run what that may be due to.
func (e *Engine) explain(detail, image string) string {
	if fix := otherMachine(detail, image); fix != "" {
		return detail + "; " + fix
	}
	if fix := e.denied(detail); fix != "" {
		return detail + "; " + fix
	}
	return detail
}

// lastWords is the end of the container's log. An engine may know that a container has ended before it knows what that said.
func (e *Engine) lastWords(ctx context.Context, api API, c engineapi.Container) string {
	for range logTries {
		lines, err := api.Logs(ctx, e.called(c), logLines)
		if err == nil && len(lines) > 0 {
			return "; its log ends with: " + strings.Join(lines, " | ")
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(logPause):
		}
	}
	return ""
}

// foreign says why a container of our name is not ours, or nil: it is ours if it is labelled for this site, or has this
// namespace's configuration.
func (e *Engine) foreign(c engineapi.Container) error {
	if c.Labels["application"] == labelApplication {
		if c.Source(configPath) == e.configDir() {
			return nil
		}
		if id, err := siteID(e.opts.ConfigFile); err == nil && c.Labels[labelSite] == id {
			return nil
		}
	}
	of := "is no router of Skupper"
	if dir := c.Source(configPath); dir != "" {
		of = "is the router of another installation, with its configuration in " + dir
	}
	return fault.New(fault.Conflict, fmt.Sprintf("there is a container %s already, and it %s", e.name(), of),
		fmt.Sprintf("use another --namespace, or remove it: %s rm -f %s", e.opts.Platform, e.name()))
}

// Free tells whether the container's name is free or the container that has it is ours.
func (e *Engine) Free(ctx context.Context, api API) error {
	c, err := api.Inspect(ctx, e.name())
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.foreign(c)
}

// Image is the image of the container; fault.Missing if there is no container.
func (e *Engine) Image(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	api, _, err := e.reach(ctx)
	if err != nil {
		return "", err
	}
	c, err := e.find(ctx, api)
	if err == nil {
		err = e.foreign(c)
	}
	return c.Image, err
}

// Log is the end of what the router in the container wrote.
func (e *Engine) Log(ctx context.Context, lines int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	api, _, err := e.reach(ctx)
	if err != nil {
		return nil, err
	}
	c, err := e.find(ctx, api)
	if err == nil {
		err = e.foreign(c)
	}
	if err != nil {
		return nil, err
	}
	all, err := api.Logs(ctx, e.called(c), lines)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return []byte(strings.Join(all, "\n") + "\n"), nil
}

// Start implements supervise.Engine.
func (e *Engine) Start(ctx context.Context) error {
	if e.State(ctx).Running {
		return nil
	}
	api, s, err := e.reach(ctx)
	if err != nil {
		return err
	}
	c, err := api.Inspect(ctx, e.name()) // one that was renamed and does not run may be kept by somebody until another one does
	if e.ran && (fault.Is(err, fault.Missing) || err == nil && e.foreign(c) == nil) {
		if back, err := e.settle(ctx); back || err != nil {
			return err
		}
		c, err = api.Inspect(ctx, e.name())
	}
	old := ""
	switch {
	case fault.Is(err, fault.Missing):
	case err != nil:
		return err
	case e.foreign(c) != nil:
		return e.foreign(c)
	default: // made again and not started again: image or directories may be others by now
		if s, err = e.found(c); err != nil {
			return err
		}
		old = e.called(c)
	}
	spec, err := e.obtain(ctx, api, s)
	if err != nil {
		return err
	}
	if old != "" { // not before there is what takes its place
		if err := api.Remove(ctx, old, 0); err != nil {
			return err
		}
		e.before = c.Image
	}
	if err := e.make(ctx, api, s, spec); err != nil {
		return e.started(err, spec.Image)
	}
	e.opts.Log.Info().Str("container", e.name()).Str("image", spec.Image).Msg("container.started")
	if e.before != spec.Image { // made of another version of this program, perhaps
		_ = e.drop(ctx, api, e.before) // one that is left hurts nobody
	}
	if st := e.State(ctx); !st.Running {
		return fault.New(fault.Failed, "the router of namespace "+e.opts.Namespace+" does not run: "+st.Detail, e.opts.Platform+" logs "+e.name())
	}
	return nil
}

// settle waits after somebody removed or stopped a container that ran, who may be about to remove the namespace or to make another
// container, having put that one aside: it tells whether one runs by now.
func (e *Engine) settle(ctx context.Context) (back bool, err error) {
	e.ran = false
	t := time.NewTimer(settleTime)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-t.C:
	}
	if _, err := os.Stat(e.opts.ConfigFile); err != nil {
		return false, fault.Wrap(fault.Failed, "make the "+e.what()+" again", err, "")
	}
	return e.State(ctx).Running, nil
}

// obtain gets the image, and gives the container as it is to be.
func (e *Engine) obtain(ctx context.Context, api API, s Settings) (spec engineapi.Spec, err error) {
	id, err := siteID(e.opts.ConfigFile)
	if err != nil {
		return spec, err
	}
	image, err := s.Obtain(ctx, api, e.opts.Credentials, func(line string) { e.opts.Log.Info().Str("what", line).Msg("image.pull") })
	if err != nil {
		return spec, err
	}
	if image.Why != "" && image.Why != e.told {
		e.told = image.Why
		e.opts.Log.Warn().Str("image", image.Ref).Str("why", image.Why).Msg("image.embedded")
	}
	return e.spec(s, image.Ref, id), nil
}

// Prepare implements supervise.Preparer: it gets the image of the next container.
func (e *Engine) Prepare(ctx context.Context) error {
	api, s, err := e.reach(ctx)
	if err != nil {
		return err
	}
	if c, err := e.find(ctx, api); err == nil && e.foreign(c) == nil {
		if s, err = e.found(c); err != nil {
			return err
		}
	}
	_, err = e.obtain(ctx, api, s)
	return err
}

// Spec is the container as it is to be, whose image is there then.
func (e *Engine) Spec(ctx context.Context) (engineapi.Spec, error) {
	api, s, err := e.reach(ctx)
	if err != nil {
		return engineapi.Spec{}, err
	}
	return e.obtain(ctx, api, s)
}

// ByQuadlet tells whether systemd is to run the container, by a file of which Podman makes the unit.
func (e *Engine) ByQuadlet() bool {
	s, err := e.opts.Settings()
	return err == nil && s.Quadlet && e.opts.Quadlet != nil
}

// Stop implements supervise.Engine. The container is removed: one that is only stopped starts again with its engine.
func (e *Engine) Stop(ctx context.Context) error {
	e.ran = false
	ctx, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	api, _, err := e.reach(ctx)
	if err != nil {
		if r, rerr := supervise.ReadRecord(e.opts.PIDFile); errors.Is(rerr, os.ErrNotExist) || rerr == nil && !r.Alive() && r.Start != sinceBoot && engineGone(err) {
			return nil // nothing runs, and there is nobody who could start it again
		}
		return fault.Wrap(fault.KindOf(err), "stop the "+e.what(), err, fault.Hint(err))
	}
	all, err := e.ours(ctx, api) // of others none is ours to end
	for _, c := range all {
		if e.called(c) == e.name() {
			if _, ferr := e.found(c); ferr != nil {
				err = errors.Join(err, ferr)
				continue
			}
		}
		err = errors.Join(err, api.Remove(ctx, e.called(c), grace))
		e.before = c.Image
	}
	if len(all) > 0 {
		e.unsure = false
	}
	return err
}

// found tells of a container of ours before it goes, and gives the settings of the next one.
func (e *Engine) found(c engineapi.Container) (Settings, error) {
	if e.opts.Found != nil {
		if err := e.opts.Found(c.Image); err != nil {
			return Settings{}, err
		}
	}
	return e.opts.Settings()
}

// engineGone tells whether an engine does not answer, as against one that refuses us.
func engineGone(err error) bool { return fault.Is(err, fault.Engine) }

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
