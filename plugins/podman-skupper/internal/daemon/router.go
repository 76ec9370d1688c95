package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/fault"
)

// RouterEnv names another router's program, such as skrouterd, to run instead of the one in this program.
const RouterEnv = "SKUPPER_ROUTER"

// standing is how often a router looks whether its namespace and its agent are still there.
const standing = 2 * time.Second

// Router is one run of a router.
type Router struct {
	Config  string // file
	PIDFile string // see supervise.Claim; empty: it makes no claim
	Log     string // log file; empty: standard error
	Program string // see RouterEnv; empty: the router in this program
	// ProgramFile names another program in the place of Program, where it is there; see KeepRouterProgram.
	ProgramFile string
	Version     string
	Revive      *filestore.Paths // installation whose agent it starts again when that died; nil: none, as systemd does it
}

// Run is the router until ctx ends. With another program it does not return unless that cannot be started.
func (r Router) Run(ctx context.Context, stderr io.Writer) (err error) {
	out := stderr
	if r.Log != "" {
		// What the runtime itself says, as in a panic, goes to standard error: that is the log too.
		file, err := logfile.Open(r.Log, sendOutputTo)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		out = file
	}
	journal := &router.Journal{}
	log := zerolog.New(zerolog.MultiLevelWriter(out, journal)).With().Timestamp().Logger()
	defer func() {
		if err != nil {
			log.Error().Err(err).Msg("router.failed")
		}
	}()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if r.ProgramFile != "" {
		kept, err := KeptRouterProgram(r.ProgramFile)
		if err != nil {
			return err
		}
		if kept != "" {
			r.Program = kept
		}
	}
	var claim *supervise.Claim
	if r.PIDFile != "" {
		program := r.Program
		if program == "" {
			program = "podman-skupper router"
		}
		if claim, err = supervise.Take(ctx, r.PIDFile, program, time.Now()); err != nil {
			return err
		}
		defer claim.Release()
	}
	if r.Program != "" {
		if claim != nil {
			if err := claim.Inherit(); err != nil {
				return err
			}
		}
		return become(r.Program, []string{r.Program, "-c", r.Config})
	}
	cfg, err := config.LoadExpanded(r.Config, func(name string) (string, bool) {
		if name != container.BaseVariable { // of a container; nothing else of the environment is anybody's business
			return "", false
		}
		return os.LookupEnv(name)
	})
	if err != nil {
		return fault.Wrap(fault.Failed, "read the router's configuration", err, "")
	}
	engine, err := router.New(cfg, router.Options{Log: log, Version: r.Version, Journal: journal})
	if err != nil {
		return fmt.Errorf("make the router: %w", err)
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop()
	if claim != nil {
		watching.Go(func() { r.watch(ctx, claim, stop, log) })
	}
	log.Info().Str("config", r.Config).Int("pid", os.Getpid()).Msg("router.started")
	err = engine.Run(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	log.Info().Msg("router.ended")
	return err
}

// watch ends a router that nobody can find any more, and keeps the agent running.
func (r Router) watch(ctx context.Context, c *supervise.Claim, stop context.CancelFunc, log zerolog.Logger) {
	var agent *reviver
	if r.Revive != nil {
		agent = newReviver(*r.Revive, log)
	}
	t := time.NewTicker(standing)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			if !c.Standing() {
				log.Warn().Msg("router.namespace-removed")
				stop()
				return
			}
			if agent != nil {
				agent.look(ctx, now)
			}
		}
	}
}
