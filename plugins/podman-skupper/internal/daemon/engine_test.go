package daemon

import (
	"context"
	"os"
	"testing"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// counted is an engine that counts its removals.
type counted struct{ removed int }

func (*counted) Start(context.Context) error           { return nil }
func (*counted) Stop(context.Context) error            { return nil }
func (*counted) State(context.Context) supervise.State { return supervise.State{} }
func (c *counted) Remove(context.Context) error        { c.removed++; return nil }

// What runs on a platform is removed there, though the namespace says another one, or none, by then.
func TestPlatformLeft(t *testing.T) {
	d := filestore.Under(t.TempDir()).Namespace("west")
	process, container := &counted{}, &counted{}
	b := &byPlatform{dir: d, process: process, log: zerolog.Nop(), platform: "podman", engine: container}
	if err := d.BindPlatform("linux"); err != nil { // a pass that found half of the directory
		t.Fatal(err)
	}
	_ = b.State(t.Context())
	if err := os.RemoveAll(d.Root()); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context()); err != nil || container.removed != 1 || process.removed != 1 {
		t.Errorf("removed %d containers, %d processes, %v", container.removed, process.removed, err)
	}
	b = &byPlatform{dir: d, process: process, log: zerolog.Nop(), platform: "podman", engine: container}
	if err := d.BindPlatform("linux"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Start(t.Context()); err != nil || container.removed != 2 {
			t.Errorf("started elsewhere: removed %d containers, %v", container.removed, err)
		}
	}
}
