//go:build !unix

package supervise

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Process is not available here.
type Process struct{}

// NewProcess makes an engine that starts nothing.
func NewProcess(Spec, zerolog.Logger) *Process { return &Process{} }

// errHere says what to do instead.
func errHere() error {
	return fault.New(fault.Failed, "a local site cannot run on this operating system",
		"run it on Linux, for instance in WSL, or use kubectl skupper for a site in a cluster")
}

// Start implements Engine.
func (*Process) Start(context.Context) error { return errHere() }

// Stop implements Engine.
func (*Process) Stop(context.Context) error { return nil }

// State implements Engine.
func (*Process) State(context.Context) State { return State{Detail: errHere().Error()} }

// Remove implements Engine.
func (*Process) Remove(context.Context) error { return nil }

// Detach starts nothing here.
func Detach(string, []string, []string, string) (int, error) { return 0, errHere() }

// Reap collects nothing here.
func Reap(int) bool { return true }
