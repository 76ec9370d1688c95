//go:build unix

package agent_test

import (
	"context"
	"errors"
	"os"
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
