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
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
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
