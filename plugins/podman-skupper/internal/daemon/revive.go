package daemon

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

const (
	firstPause   = 5 * time.Second // after a start, before the next
	longestPause = 5 * time.Minute
)

// reviver starts the agent again when it died. Each router has one: the agent starts routers that died, and they start
// it, so that only the end of both needs somebody to come.
type reviver struct {
	paths filestore.Paths
	log   zerolog.Logger
	start func(context.Context) (pid int, err error)

	child int // number of the agent that was started here and not reaped yet; 0 for none
	next  time.Time
	pause time.Duration
}

func newReviver(paths filestore.Paths, log zerolog.Logger) *reviver {
	return &reviver{paths: paths, log: log, start: func(ctx context.Context) (int, error) { return startAgent(ctx, paths, true) }}
}

// look starts the agent if it died. It returns when the agent answers, or not in time.
func (r *reviver) look(ctx context.Context, now time.Time) {
	if r.child != 0 && supervise.Reap(r.child) {
		r.child = 0
	}
	if !agent.Died(r.paths) {
		return
	}
	if early := r.next.Sub(now); early > 0 && early <= longestPause { // more: the clock was set back
		return
	}
	lock, err := lockfile.Try(r.paths.AgentStart()) // not to be waited for: whoever has it starts the agent
	if err != nil {
		return
	}
	defer lock.Release()
	if !agent.Died(r.paths) || !lock.Standing() {
		return
	}
	r.pause = min(max(2*r.pause, firstPause), longestPause)
	r.next = now.Add(r.pause)
	pid, err := r.start(ctx)
	if err != nil {
		r.log.Error().Err(err).Dur("pause", r.pause).Msg("agent.not-started")
		return
	}
	r.child = pid
	r.log.Warn().Int("pid", pid).Msg("agent.started-again")
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for client := agent.NewClient(r.paths.AgentSocket()); ; {
		if _, err := client.Health(ctx); err == nil {
			r.pause = 0
			return
		}
		if r.child != 0 && supervise.Reap(r.child) {
			r.child = 0
			r.log.Error().Dur("pause", r.pause).Msg("agent.ended-at-once")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}
