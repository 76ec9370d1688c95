package routertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
)

// stopTimeout is how long a router may take to stop.
const stopTimeout = 15 * time.Second

var errStuck = fmt.Errorf("the router has not stopped within %v", stopTimeout)

// Program runs routers as processes: Path -c FILE. The environment is the test's own, with Env added.
type Program struct {
	Path string
	Env  []string
	Dir  string // where configurations are written
	// Files bounds how many files the process may have open; 0: as many as the test. It needs a shell.
	Files int
}

// childEnv makes a test program a router, see [Child].
const childEnv = "ROUTERTEST_CHILD"

// Self is a Program that runs routers of ours: the test's own program, whose TestMain calls [Child].
func Self(dir string) Program {
	return Program{Path: os.Args[0], Env: []string{childEnv + "=1"}, Dir: dir}
}

// Child runs a router if this process was started for that by [Self]. TestMain calls it first and, if child is set, exits with code.
func Child() (code int, child bool) {
	if os.Getenv(childEnv) == "" {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // this is a program's beginning
	defer stop()
	cfg, err := config.Load(os.Args[len(os.Args)-1])
	if err == nil {
		var r *router.Router
		journal := &router.Journal{}
		log := zerolog.New(zerolog.MultiLevelWriter(os.Stderr, journal)).With().Timestamp().Logger()
		if r, err = router.New(cfg, router.Options{Log: log, Version: "test", Journal: journal}); err == nil {
			err = r.Run(ctx)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// Start writes the configuration and starts the process.
func (p Program) Start(cfg *config.Config, log io.Writer) (Running, error) {
	b, err := cfg.Marshal()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.Dir, cfg.Router.ID+".json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.Path, "-c", file)
	if p.Files > 0 { // the runtime raises the soft limit, so that it takes the hard one
		cmd = exec.Command("/bin/sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, p.Files), p.Path, "-c", file)
	}
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &process{cmd: cmd, done: make(chan struct{})}
	go func() { r.err = cmd.Wait(); close(r.done) }()
	return r, nil
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // after done
}

// Ended is closed when the process has been waited for.
func (p *process) Ended() <-chan struct{} { return p.done }

// Err is the exit code that is not 0; the log says more.
func (p *process) Err() error { return p.err }

// Stop sends SIGTERM.
func (p *process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-time.After(stopTimeout):
		return errors.Join(errStuck, p.Kill())
	}
}

// PID is the process' id.
func (p *process) PID() int { return p.cmd.Process.Pid }

// Signal sends one.
func (p *process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Kill sends SIGKILL.
func (p *process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}
