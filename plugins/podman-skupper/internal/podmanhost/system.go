package podmanhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// system is the op.System of a namespace.
type system struct {
	h        Host
	paths    filestore.Paths
	dir      filestore.Dir
	store    *filestore.Store
	look     *supervise.Local
	platform string
}

var _ op.System = system{}

// goneWait bounds how long the end of the agent is waited for.
const goneWait = 60 * time.Second

func (s system) client() *agent.Client { return agent.NewClient(s.paths.AgentSocket()) }

// Start implements op.System.
func (s system) Start(ctx context.Context) error {
	if err := os.Remove(s.dir.Stopped()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Failed, "start the site", err, "")
	}
	return s.reconcile(ctx)
}

// Reload implements op.System.
func (s system) Reload(ctx context.Context) ([]string, error) {
	rep, err := s.pass(ctx, true)
	if err != nil {
		return nil, err
	}
	if len(rep.Broken) > 0 {
		return nil, fault.New(fault.Failed, "this cannot be applied, all else is: "+strings.Join(rep.Broken, "; "), "correct it; it is read again by itself")
	}
	return rep.Faults, nil
}

func (s system) reconcile(ctx context.Context) error {
	_, err := s.pass(ctx, false)
	return err
}

// pass has the agent, started if need be, do a pass, and returns what came of it. An agent that ends meanwhile, by
// whatever hand, is started once more: a pass can be done again.
func (s system) pass(ctx context.Context, reload bool) (rep agent.Report, err error) {
	for range 2 {
		if _, err = daemon.EnsureAgent(ctx, s.paths); err != nil {
			return rep, err
		}
		if rep, err = s.client().Reconcile(ctx, s.dir.Name(), reload); !errors.Is(err, agent.ErrNoAgent) {
			break
		}
	}
	if err != nil {
		return rep, err
	}
	return rep, rep.Err()
}

// Stop implements op.System.
func (s system) Stop(ctx context.Context) error {
	if !s.store.Exists() {
		return nil
	}
	if err := filestore.MakeDir(s.dir.Internal(), 0o755); err != nil {
		return err
	}
	// First, so that whoever looks after the site does not start it again.
	if err := atomicfile.Write(s.dir.Stopped(), 0o644, nil); err != nil {
		return err
	}
	rep, err := s.client().Reconcile(ctx, s.dir.Name(), false)
	switch {
	case err == nil:
		return rep.Err()
	case !errors.Is(err, agent.ErrNoAgent):
		return err
	}
	return s.engine(ctx).Stop(ctx)
}

// engine runs the router without the agent.
func (s system) engine(ctx context.Context) supervise.Engine {
	return daemon.Engine(daemon.Units(ctx, s.paths, s.h.getenv), "", nop())(s.dir)
}

// Status implements op.System.
func (s system) Status(ctx context.Context) (op.SystemStatus, error) {
	out := op.SystemStatus{Namespace: s.dir.Name(), Platform: s.platform, Home: s.dir.Root(), Stopped: exists(s.dir.Stopped())}
	in, err := s.store.Load()
	if err != nil {
		return out, err
	}
	for _, o := range in.Objects {
		if v2alpha1.KindOf(o) == v2alpha1.KindSite {
			out.Site = o.GetName()
		}
	}
	for _, f := range in.Faults {
		out.Notes = append(out.Notes, f.Error())
	}
	h, err := s.client().Health(ctx)
	switch {
	case err == nil:
		out.Agent = op.Process{Running: true, PID: h.PID, Since: h.Since, Version: h.Version}
		if h.Version != s.h.version {
			out.Notes = append(out.Notes, fmt.Sprintf("the agent is of version %s, this program of %s: end it (process %d), the next command starts the new one", h.Version, s.h.version, h.PID))
		}
	case errors.Is(err, agent.ErrNoAgent):
		out.Agent.Detail = s.whoStarts(ctx)
	default:
		out.Agent.Detail = strings.Join(strings.Fields(err.Error()), " ")
	}
	st := s.look.State(ctx)
	out.Router = op.Process{Running: st.Running, PID: st.PID, Since: st.Since, Detail: st.Detail}
	if !st.Running {
		out.Router.Detail = because(st.Detail, h.Failed[s.dir.Name()])
	}
	if out.Stopped && !st.Running {
		out.Router.Detail = "stopped by the user"
	}
	if st.Running {
		if why := s.look.WhySilent(ctx); why != "" {
			out.Notes = append(out.Notes, why)
		}
	}
	s.systemdStatus(ctx, &out)
	return out, nil
}

// because is how it is that a router does not run, and why the agent could not start it, which may say the same.
func because(detail, why string) string {
	why = strings.Join(strings.Fields(why), " ")
	switch {
	case strings.Contains(why, detail):
		return why
	case why == "" || strings.Contains(detail, why):
		return detail
	}
	return detail + ": " + why
}

// whoStarts tells how an agent that does not run comes back.
func (s system) whoStarts(ctx context.Context) string {
	switch died := agent.Died(s.paths); {
	case died && s.platform == filestore.PlatformLinux && s.look.State(ctx).Running:
		return "has died; the router starts it again"
	case died:
		return "has died; next: " + s.h.again(s.dir.Name())
	}
	return "the next command that changes something starts it"
}

// systemdStatus adds what only systemd knows.
func (s system) systemdStatus(ctx context.Context, out *op.SystemStatus) {
	sd := daemon.Systemd(ctx, s.paths, s.h.getenv)
	if sd == nil {
		return
	}
	out.Installed = sd.Has(daemon.AgentUnit)
	if st := s.engine(ctx).State(ctx); st.Running {
		out.Router.Detail = st.Detail
	}
	unit := supervise.UnitName(s.dir.Name())
	if s.platform != filestore.PlatformLinux && out.Router.Running && !out.Stopped && !sd.Has(unit) && !sd.HasQuadlet(s.dir.Name()) {
		out.Notes = append(out.Notes, "there is no "+sd.Name()+" "+unit+", which starts the router with the machine; to make it: "+strings.Replace(s.h.again(s.dir.Name()), " system start", " system reload", 1))
	}
	if me, err := user.Current(); err == nil && out.Installed && !sd.Lingers(me.Username) {
		out.Notes = append(out.Notes, lingerNote(me.Username))
	}
}

func lingerNote(user string) string {
	return "sites end when you log out, unless: loginctl enable-linger " + user
}

// Install implements op.System.
func (s system) Install(ctx context.Context) error {
	sd := daemon.Systemd(ctx, s.paths, s.h.getenv)
	if sd == nil {
		hint := "have `system start` run when the machine starts, for instance by an @reboot line in crontab"
		if s.paths.Private() {
			return fault.New(fault.Failed, "an installation in SKUPPER_HOME is not made known to systemd", hint)
		}
		return fault.New(fault.Failed, "there is no systemd that works for this user", hint)
	}
	program, err := daemon.Program()
	if err != nil {
		return err
	}
	if !sd.Has(daemon.AgentUnit) { // an agent that runs without its unit makes room
		if err := s.endAgent(ctx); err != nil {
			return err
		}
	}
	if err := filestore.MakeDir(s.paths.Agent(), 0o700); err != nil {
		return err
	}
	return sd.Ensure(ctx, daemon.Unit(program))
}

// Uninstall implements op.System.
func (s system) Uninstall(ctx context.Context, force bool) error {
	hold, err := daemon.HoldAgent(ctx, s.paths) // else routers start one that died while we end the rest
	if err != nil {
		return err
	}
	defer hold.Release()
	names, err := s.paths.List()
	if err != nil {
		return err
	}
	units := daemon.Units(ctx, s.paths, s.h.getenv)
	for _, name := range names {
		if !units.Reachable() && units.Sets(name) {
			return units.Away(name) // before anything is ended
		}
	}
	var running []system
	var which []string
	for _, name := range names {
		other := s.in(name)
		if st := other.look.State(ctx); st.Running || st.Err != nil { // of one that nobody knows of, it may run
			if running = append(running, other); !st.Running {
				name += " (perhaps: " + st.Detail + ")"
			}
			which = append(which, name)
		}
	}
	if len(running) > 0 && !force {
		return fault.New(fault.Conflict, "sites run in "+strings.Join(which, ", "), "`system stop` in each of them, or --force")
	}
	for _, other := range running {
		if err := other.Stop(ctx); err != nil {
			return err
		}
	}
	if units.Reachable() {
		for _, name := range names { // whether it runs or not
			if err := units.Release(ctx, name); err != nil {
				return err
			}
		}
		if err := units.Remove(ctx, daemon.AgentUnit); err != nil {
			return err
		}
	}
	if err := s.endAgent(ctx); err != nil {
		return err
	}
	return agent.Forget(s.paths)
}

// in is the same for another namespace.
func (s system) in(name string) system {
	s.dir = s.paths.Namespace(name)
	s.store = filestore.Open(s.dir, s.h.now)
	s.platform, _ = s.dir.ReadPlatform() // linux where it is bound to none
	s.look = lookAt(s.dir, s.platform, s.h.now)
	return s
}

// endAgent ends the agent if it runs, and returns when it is gone.
func (s system) endAgent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goneWait)
	defer cancel()
	err := s.client().Shutdown(ctx)
	if errors.Is(err, agent.ErrNoAgent) {
		return nil
	}
	for err == nil {
		if _, herr := s.client().Health(ctx); errors.Is(herr, agent.ErrNoAgent) && !agent.Lives(s.paths) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(fault.Late, "the agent does not end", ctx.Err(), "")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
