//go:build unix

package agent_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// reluctant is an engine that removes nothing the first time.
type reluctant struct{ tries atomic.Int32 }

func (*reluctant) Start(context.Context) error           { return nil }
func (*reluctant) Stop(context.Context) error            { return nil }
func (*reluctant) State(context.Context) supervise.State { return supervise.State{} }
func (r *reluctant) Remove(context.Context) error {
	if r.tries.Add(1) == 1 {
		return errors.New("not now")
	}
	return nil
}

// The router of a namespace whose directory was removed is ended though that fails at first.
func TestAbandonedAgain(t *testing.T) {
	w := newWorld(t)
	w.stop()
	engine := &reluctant{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- agent.Run(ctx, agent.Options{Paths: w.paths, Version: "test", Log: zerolog.New(w.log), Now: time.Now, Engine: func(filestore.Dir) supervise.Engine { return engine }})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	root := w.paths.Namespace("west").Root()
	if err := filestore.MakeDir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	w.eventually("a pass", func() error {
		_, err := w.client().Reconcile(t.Context(), "west", false)
		return err
	})
	w.eventually("the directory to be gone", func() error { return os.RemoveAll(root) })
	w.eventually("another try", func() error {
		if n := engine.tries.Load(); n < 2 {
			return errors.New("not yet")
		}
		return nil
	})
}

// unkept is an engine that cannot see to its own things.
type unkept struct{ supervise.Engine }

func (unkept) Keep(context.Context) error { return errors.New("no room for units") }

// Only who has everything looked at anew hears that a router which runs does not start with the machine.
func TestReloadTellsOfSupervision(t *testing.T) {
	w := newWorld(t)
	w.stop()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	log := zerolog.New(w.log)
	go func() {
		done <- agent.Run(ctx, agent.Options{Paths: w.paths, Version: "test", Log: log, Now: time.Now, Engine: func(d filestore.Dir) supervise.Engine { return unkept{daemon.Engine(nil, os.Args[0], log)(d)} }})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	w.create("west", loopbackSite("west")...)
	w.ready("west", v2alpha1.KindSite, "west")
	for _, reload := range []bool{true, false} {
		rep, err := w.client().Reconcile(t.Context(), "west", reload)
		if err != nil || (rep.Error == "no room for units") != reload || !reload && rep.Error != "" {
			t.Errorf("reload %v: %+v, %v", reload, rep, err)
		}
	}
}

// slow is an engine whose removal takes until it is told.
type slow struct {
	reluctant
	log *lockedBuffer
	end chan struct{}
	cut atomic.Bool // it was told to give up
}

func (s *slow) Remove(ctx context.Context) error {
	if _, err := s.log.Write([]byte("removal began\n")); err != nil {
		return err
	}
	<-s.end
	s.cut.Store(ctx.Err() != nil)
	return nil
}

// The end of the agent, as when its whole home is removed, does not keep the router of a namespace that is gone from being ended: no other
// agent would know of it.
func TestAbandonedAtTheEnd(t *testing.T) {
	for name, end := range map[string]func(w *world, stop func()){
		"namespace": func(w *world, stop func()) {
			w.eventually("the namespace to be gone", func() error { return os.RemoveAll(w.paths.Namespace("west").Root()) })
			w.eventually("the removal", func() error { return w.logs("removal began") })
			stop()
		},
		"home": func(w *world, _ func()) {
			w.eventually("the home to be gone", func() error { return os.RemoveAll(w.paths.Data()) })
			if err := filestore.MakeDir(w.paths.Namespace("west").Root(), 0o755); err != nil { // for another agent
				w.t.Fatal(err)
			}
			w.eventually("the agent to see it", func() error { return w.logs("agent.home-removed") })
			w.eventually("the removal", func() error { return w.logs("removal began") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.stop()
			engine := &slow{log: w.log, end: make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() {
				done <- agent.Run(ctx, agent.Options{Paths: w.paths, Version: "test", Log: zerolog.New(w.log), Now: time.Now, Engine: func(filestore.Dir) supervise.Engine { return engine }})
			}()
			if err := filestore.MakeDir(w.paths.Namespace("west").Root(), 0o755); err != nil {
				t.Fatal(err)
			}
			w.eventually("a pass", func() error {
				_, err := w.client().Reconcile(t.Context(), "west", false)
				return err
			})
			end(w, cancel)
			close(engine.end)
			if err := <-done; err != nil || engine.cut.Load() {
				t.Errorf("got %v, cut off %v", err, engine.cut.Load())
			}
		})
	}
}

// logs tells whether the agent has logged an event.
func (w *world) logs(event string) error {
	if !strings.Contains(w.log.String(), event) {
		return errors.New("no " + event)
	}
	return nil
}

// What binds a namespace to a platform stays for a site that is about to be made, and goes where none came.
func TestBoundInVain(t *testing.T) {
	w := newWorld(t)
	dir := w.paths.Namespace("west")
	if err := errors.Join(filestore.MakeDir(dir.Internal(), 0o755), dir.BindPlatform(filestore.PlatformLinux)); err != nil {
		t.Fatal(err)
	}
	for _, long := range []bool{false, true} {
		if then := time.Now().Add(-time.Hour); long {
			if err := os.Chtimes(dir.Platform(), then, then); err != nil {
				t.Fatal(err)
			}
		}
		if rep, err := w.client().Reconcile(t.Context(), "west", false); err != nil || rep.Error != "" {
			t.Fatal(rep, err)
		}
		if _, err := os.Stat(dir.Platform()); (err != nil) != long {
			t.Errorf("bound for long: %v, and then: %v", long, err)
		}
	}
}
