package supervise

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// UnitName is the unit of a namespace's router.
func UnitName(namespace string) string { return "skupper-" + namespace + ".service" }

// UnitEngine is the Engine on systemd: it restarts the router after a crash and when the machine starts.
type UnitEngine struct {
	systemd *Systemd
	spec    Spec
}

// NewUnitEngine makes the engine of spec. A unit that is there already is taken over.
func NewUnitEngine(s *Systemd, spec Spec) *UnitEngine { return &UnitEngine{s, spec} }

func (e *UnitEngine) name() string { return UnitName(e.spec.Namespace) }

// State implements Engine.
func (e *UnitEngine) State(context.Context) State {
	what := e.systemd.Name() + " " + e.name()
	r, err := ReadRecord(e.spec.PIDFile)
	if err != nil || !r.Alive() {
		return State{Detail: what + " does not run"}
	}
	return State{Running: true, PID: r.PID, Since: r.Since, Detail: what}
}

// Start implements Engine.
func (e *UnitEngine) Start(ctx context.Context) error {
	if e.State(ctx).Running {
		return nil
	}
	err := e.systemd.Ensure(ctx, Unit{
		Name: e.name(), Description: RouterDescription(e.spec.Namespace),
		Program: e.spec.Program, Args: e.spec.Args, Env: e.spec.Env,
	})
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); !e.State(ctx).Running; {
		if time.Now().After(deadline) {
			msg := fmt.Sprintf("%s %s does not come up", e.systemd.Name(), e.name())
			if lines := logfile.Tail(e.spec.Log, 5); len(lines) > 0 {
				msg += "; its log ends with: " + strings.Join(lines, " | ")
			}
			return fault.New(fault.Failed, msg, "systemctl status "+e.name())
		}
		t := time.NewTimer(50 * time.Millisecond)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}

// Stop implements Engine. The unit is disabled too: a stopped site stays stopped when the machine starts.
func (e *UnitEngine) Stop(ctx context.Context) error {
	return e.systemd.Disable(ctx, e.name())
}

// Remove implements Engine.
func (e *UnitEngine) Remove(ctx context.Context) error { return e.systemd.Remove(ctx, e.name()) }
