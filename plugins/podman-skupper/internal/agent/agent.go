package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Options of an agent.
type Options struct {
	Paths   filestore.Paths
	Version string
	Log     zerolog.Logger
	Now     func() time.Time
	// Engine makes what runs the router of a namespace.
	Engine func(filestore.Dir) supervise.Engine
	// Again says that it takes the place of an agent that died: it makes no home where there is none any more.
	Again bool
}

// Agent looks after all namespaces of an installation.
type Agent struct {
	opts   Options
	since  time.Time
	grants *grants
	stop   context.CancelFunc
	lock   *lockfile.Lock
	told   atomic.Bool // to end

	mu         sync.Mutex
	namespaces map[string]*namespace
	running    sync.WaitGroup // of the namespaces' goroutines

	ports portClaims

	choosing sync.Mutex // held while a namespace chooses the ports of its site and writes them down
}

// Run is an agent until ctx ends, or somebody asks it to end. Routers run on. It fails with a fault.Conflict if there
// is another agent.
func Run(ctx context.Context, o Options) error {
	if !o.Again {
		if err := filestore.MakeDir(o.Paths.Agent(), 0o700); err != nil {
			return err
		}
	}
	lock, err := lockfile.Try(o.Paths.AgentLock())
	if errors.Is(err, lockfile.ErrHeld) {
		return fault.New(fault.Conflict, "another agent runs for "+o.Paths.Data(), "")
	}
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := sayWho(lock.File()); err != nil {
		return err
	}
	if err := filestore.MakeDir(o.Paths.Namespaces(), 0o755); err != nil {
		return err
	}
	atomicfile.Sweep(o.Paths.Agent(), o.Now())
	ln, err := listen(o.Paths.AgentSocket())
	if err != nil {
		return err
	}
	if dir := filepath.Dir(o.Paths.AgentSocket()); dir != o.Paths.Agent() {
		defer os.Remove(dir) //nolint:errcheck // a directory made for the socket alone; where another agent has one in it, it stays
	}
	outer := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a := &Agent{opts: o, since: o.Now(), stop: stop, lock: lock, namespaces: map[string]*namespace{}}
	a.grants = newGrants(a)
	o.Log.Info().Str("home", o.Paths.Data()).Int("pid", os.Getpid()).Str("version", o.Version).Msg("agent.started")
	var all sync.WaitGroup
	all.Go(func() { a.serve(ctx, ln) })
	all.Go(func() { a.grants.run(ctx) })
	all.Go(func() { a.watchLock(ctx) })
	a.look(ctx)
	all.Wait()
	a.running.Wait()
	if outer.Err() != nil || a.told.Load() {
		_ = lock.File().Truncate(0) // else a router starts it again, which is no harm
	}
	o.Log.Info().Msg("agent.ended")
	return nil
}

// standing is how often the agent looks whether its home is still there.
const standing = 2 * time.Second

// watchLock ends an agent that nobody could find any more: its home was removed, or its socket, as by who cleans up
// temporary directories. In that case the next one is found again.
func (a *Agent) watchLock(ctx context.Context) {
	t := time.NewTicker(standing)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if a.homeless() {
				return
			}
			if _, err := os.Lstat(a.opts.Paths.AgentSocket()); errors.Is(err, os.ErrNotExist) {
				a.opts.Log.Warn().Msg("agent.socket-removed")
				a.stop()
				return
			}
		}
	}
}

// homeless tells whether the agent's home was removed, and ends it then: what is in the place of the home by now is another agent's.
func (a *Agent) homeless() bool {
	if a.lock.Standing() {
		return false
	}
	if !a.told.Swap(true) {
		a.opts.Log.Warn().Msg("agent.home-removed")
	}
	a.stop()
	return true
}

// listen opens the agent's socket for its user only. The lock is held, so a socket that is there is a dead agent's.
func listen(path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := filestore.MakeDir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fault.Wrap(fault.Failed, "remove the socket of an agent that ended", err, "")
	}
	ln, err := net.Listen("unix", path) //nolint:noctx // it does not wait
	if err != nil {
		return nil, fault.Wrap(fault.Failed, "open the agent's socket "+path, err, "")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// private refuses a directory in which others could put a socket of theirs.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ownedByUs(info) {
		return fault.New(fault.Failed, fmt.Sprintf("%s can be written by others", dir), "remove it, or set SKUPPER_HOME to another directory")
	}
	return nil
}

// look keeps one goroutine for each namespace that there is, until ctx ends.
func (a *Agent) look(ctx context.Context) {
	for range filestore.WatchDir(ctx, a.opts.Paths.Namespaces()) {
		names, err := a.opts.Paths.List()
		if err != nil {
			a.opts.Log.Error().Err(err).Msg("namespaces.unreadable")
			continue
		}
		for _, name := range names {
			a.namespace(ctx, name)
		}
	}
}

// namespace gives the owner of a namespace, starting it if it is new. It is nil for a name that no namespace can have,
// and while the agent ends.
func (a *Agent) namespace(ctx context.Context, name string) *namespace {
	if filestore.CheckNamespace(name) != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.namespaces[name]; n != nil {
		return n
	}
	if ctx.Err() != nil {
		return nil
	}
	n := newNamespace(a, name)
	a.namespaces[name] = n
	a.running.Go(func() {
		n.run(ctx)
		a.mu.Lock()
		delete(a.namespaces, name)
		a.mu.Unlock()
		close(n.ended)
		if ctx.Err() == nil && n.store.Exists() { // it was made anew while what there was of it was ended
			a.namespace(ctx, name)
		}
	})
	return n
}

// all gives the namespaces looked after now.
func (a *Agent) all() []*namespace {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]*namespace, 0, len(a.namespaces))
	for _, n := range a.namespaces {
		out = append(out, n)
	}
	return out
}

// serve answers on the socket until ctx ends.
func (a *Agent) serve(ctx context.Context, ln net.Listener) {
	srv := &http.Server{Handler: a.handler(ctx), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case <-ctx.Done():
	case err := <-done:
		a.opts.Log.Error().Err(err).Msg("socket.failed")
		a.stop() // an agent that nobody can talk to makes room for one that works
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if srv.Shutdown(last) != nil {
		_ = srv.Close()
	}
	<-done
}
