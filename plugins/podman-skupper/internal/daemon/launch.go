package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
)

// AgentUnit is the agent's unit.
const AgentUnit = "skupper-agent.service"

// startWait is how long an agent may take until it answers.
const startWait = 15 * time.Second

// dyingTime is how long an agent that gives no answer may be one that is just ending.
const dyingTime = 2 * time.Second

// EnsureAgent starts the agent unless it answers, and returns when it does.
func EnsureAgent(ctx context.Context, paths filestore.Paths) (agent.Health, error) {
	client := agent.NewClient(paths.AgentSocket())
	h, err := client.Health(ctx)
	// One that was killed this very moment takes connections and ends them.
	for end := time.Now().Add(dyingTime); err != nil && !errors.Is(err, agent.ErrNoAgent) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(20 * time.Millisecond)
		h, err = client.Health(ctx)
	}
	if err == nil {
		return h, nil
	}
	if !errors.Is(err, agent.ErrNoAgent) {
		return h, fault.Wrap(fault.Failed, "the agent does not answer", err, "see "+paths.AgentLog())
	}
	if err := CheckSystem(); err != nil {
		return h, err
	}
	if err := startAgent(ctx, paths); err != nil {
		return h, fault.Wrap(fault.Failed, "start the agent", err, "see "+paths.AgentLog())
	}
	wait, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		if h, err = client.Health(wait); err == nil {
			return h, nil
		}
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return h, ctx.Err()
			}
			msg := fmt.Sprintf("the agent does not answer %v after its start", startWait)
			if lines := logfile.Tail(paths.AgentLog(), 5); len(lines) > 0 {
				msg += "; its log ends with: " + strings.Join(lines, " | ")
			}
			return h, fault.New(fault.Late, msg, "see "+paths.AgentLog())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// startAgent starts the agent, as a unit where there is a systemd for it.
func startAgent(ctx context.Context, paths filestore.Paths) error {
	program, err := Program()
	if err != nil {
		return err
	}
	if err := filestore.MakeDir(paths.Agent(), 0o700); err != nil {
		return err
	}
	if s := Systemd(ctx, paths, os.Getenv); s != nil {
		return s.Ensure(ctx, Unit(program))
	}
	_, err = supervise.Detach(program, []string{"agent", "--detached"}, os.Environ(), paths.AgentLog())
	return err
}

// Unit is the agent as a unit of systemd.
func Unit(program string) supervise.Unit {
	return supervise.Unit{Name: AgentUnit, Description: "Skupper agent for local sites", Program: program,
		Args: []string{"agent", "--detached"}, Env: unitEnv(os.LookupEnv)}
}
