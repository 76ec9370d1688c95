package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// AgentUnit is the agent's unit.
const AgentUnit = "skupper-agent.service"

// startWait is how long an agent may take until it answers.
const startWait = 15 * time.Second

// startTries is how often an agent is started that ends at once: somebody may have killed it.
const startTries = 3

// lookAgain is how often it is asked.
const lookAgain = 20 * time.Millisecond

// EnsureAgent starts the agent unless it answers, and returns when it does.
func EnsureAgent(ctx context.Context, paths filestore.Paths) (agent.Health, error) {
	client := agent.NewClient(paths.AgentSocket())
	h, err := client.Health(ctx)
	if err == nil {
		return h, nil
	}
	if !errors.Is(err, agent.ErrNoAgent) {
		return h, fault.Wrap(fault.Failed, "the agent does not answer", err, "see "+paths.AgentLog())
	}
	if err := CheckSystem(); err != nil {
		return h, err
	}
	if err := filestore.MakeDir(paths.Agent(), 0o700); err != nil {
		return h, err
	}
	wait, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	var starting *lockfile.Lock // held from the start until it answers, so that one agent is started and not many
	defer func() { starting.Release() }()
	pid := 0
	for tries := 0; ; {
		if h, err = client.Health(wait); err == nil {
			return h, nil
		}
		if starting == nil {
			if starting, err = lockfile.Try(paths.AgentStart()); err != nil && !errors.Is(err, lockfile.ErrHeld) {
				return h, fault.Wrap(fault.Failed, "start the agent", err, "see "+paths.AgentLog())
			}
		}
		if starting != nil && pid != 0 && supervise.Reap(pid) {
			pid = 0
			if tries == startTries && !agent.Lives(paths) {
				return h, logged(paths, fault.Failed, "the agent ends right after its start")
			}
		}
		if starting != nil && pid == 0 && tries < startTries && !agent.Lives(paths) { // one that lost its socket ends soon
			tries++
			if pid, err = startAgent(ctx, paths, false); err != nil {
				return h, fault.Wrap(fault.Failed, "start the agent", err, "see "+paths.AgentLog())
			}
			if pid == 0 {
				tries = startTries // systemd starts it again
			}
		}
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return h, ctx.Err()
			}
			return h, logged(paths, fault.Late, fmt.Sprintf("the agent does not answer %v after its start", startWait))
		case <-time.After(lookAgain):
		}
	}
}

// logged is a fault with the end of the agent's log, which may tell why.
func logged(paths filestore.Paths, kind fault.Kind, msg string) error {
	if lines := logfile.Tail(paths.AgentLog(), 5); len(lines) > 0 {
		msg += "; its log ends with: " + strings.Join(lines, " | ")
	}
	if err := room(paths.Agent()); atomicfile.Full(err) { // then it could not even say so
		return fault.Wrap(kind, msg, err, fault.Hint(err))
	}
	return fault.New(kind, msg, "see "+paths.AgentLog())
}

// room says why nothing can be written to a directory, or nil.
func room(dir string) error {
	probe := filepath.Join(dir, "room")
	if err := atomicfile.Write(probe, 0o600, make([]byte, 8<<10)); err != nil {
		return err
	}
	return os.Remove(probe)
}

// HoldAgent keeps everybody from starting the agent until the lock is released. Where there never was an agent it holds
// nothing.
func HoldAgent(ctx context.Context, paths filestore.Paths) (*lockfile.Lock, error) {
	if _, err := os.Stat(paths.Agent()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing is held, and releasing that is no error
	}
	ctx, cancel := context.WithTimeout(ctx, 2*startWait)
	defer cancel()
	return lockfile.Take(ctx, paths.AgentStart())
}

// startAgent starts the agent, as a unit where there is a systemd for it, and gives the number of its process if it is
// one of ours. The agent's directory is there.
func startAgent(ctx context.Context, paths filestore.Paths, again bool) (pid int, err error) {
	program, err := Program()
	if err != nil {
		return 0, err
	}
	if s := Systemd(ctx, paths, os.Getenv); s != nil {
		return 0, s.Ensure(ctx, Unit(program))
	}
	args := []string{"agent", "--detached"}
	if again {
		args = append(args, "--again")
	}
	return supervise.Detach(program, args, paths.Environ(os.Environ()), paths.AgentLog())
}

// Unit is the agent as a unit of systemd.
func Unit(program string) supervise.Unit {
	return supervise.Unit{Name: AgentUnit, Description: "Skupper agent for local sites", Program: program,
		Args: []string{"agent", "--detached"}, Env: unitEnv(os.LookupEnv)}
}
