package daemon

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// Program is the absolute path of this program, of the file that replaced it if it was upgraded meanwhile.
func Program() (string, error) {
	path, err := os.Executable()
	return strings.TrimSuffix(path, " (deleted)"), err
}

// Systemd gives the service manager that is to run agent and routers, or nil: an installation of its own
// (SKUPPER_HOME) does not touch it.
func Systemd(ctx context.Context, paths filestore.Paths, getenv func(string) string) *supervise.Systemd {
	if paths.Private() {
		return nil
	}
	s, ok := supervise.FindSystemd(ctx, getenv)
	if !ok {
		return nil
	}
	return s
}

// Units gives the service manager of agent and routers too where it cannot be reached, for the files that it has. It is nil for
// an installation of its own.
func Units(ctx context.Context, paths filestore.Paths, getenv func(string) string) *supervise.Systemd {
	if paths.Private() {
		return nil
	}
	return supervise.LookForSystemd(ctx, getenv)
}

// unitEnv is what a unit gets of this process's environment.
func unitEnv(lookup func(string) (string, bool)) (env []string) {
	for _, name := range []string{RouterEnv, "XDG_DATA_HOME", "GOMEMLIMIT", "GOGC"} {
		if v, ok := lookup(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// Agent is one run of an agent.
type Agent struct {
	Paths    filestore.Paths
	Version  string
	Detached bool // it logs to the agent's file
	Again    bool // it takes the place of one that died, and makes no home where there is none any more
}

// Run is the agent until ctx ends.
func (a Agent) Run(ctx context.Context, stderr io.Writer) (err error) {
	if err := CheckSystem(); err != nil {
		return err
	}
	out := stderr
	if a.Detached {
		if !a.Again {
			if err := filestore.MakeDir(a.Paths.Agent(), 0o700); err != nil {
				return err
			}
		}
		file, err := logfile.Open(a.Paths.AgentLog(), sendOutputTo)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		out = file
	}
	log := zerolog.New(out).With().Timestamp().Logger()
	defer func() {
		if err != nil {
			log.Error().Err(err).Msg("agent.failed")
		}
	}()
	program, err := Program()
	if err != nil {
		return err
	}
	s := Units(ctx, a.Paths, os.Getenv)
	return agent.Run(ctx, agent.Options{Paths: a.Paths, Version: a.Version, Log: log, Now: time.Now,
		Engine: Engine(s, program, log), Again: a.Again})
}
