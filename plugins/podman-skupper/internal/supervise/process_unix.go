//go:build unix

package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/logfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/procid"
	"github.com/skupper-plugins/suite/shared/fault"
)

// How long a router gets.
const (
	startWait = 10 * time.Second // from its start until it has its claim
	termWait  = 10 * time.Second // from SIGTERM until it is gone
	killWait  = 5 * time.Second  // from SIGKILL until it is gone
	lookAgain = 20 * time.Millisecond
)

// Process is the Engine without systemd: the router is a process in a session of its own.
type Process struct {
	spec  Spec
	log   zerolog.Logger
	child int    // number of the last process started here that is not reaped yet; 0 for none
	ended string // how the last child ended
}

// NewProcess makes the engine of spec. A router that runs already is adopted.
func NewProcess(spec Spec, log zerolog.Logger) *Process { return &Process{spec: spec, log: log} }

// State implements Engine.
func (p *Process) State(context.Context) State {
	p.reap()
	r, err := ReadRecord(p.spec.PIDFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return State{Detail: p.ended}
	case err != nil:
		return State{Detail: err.Error()}
	case !r.Alive():
		p.reap() // it may have ended just now
		detail := p.ended
		if detail == "" {
			detail = fmt.Sprintf("process %d has ended", r.PID)
		}
		return State{Detail: detail}
	}
	return State{Running: true, PID: r.PID, Since: r.Since, Detail: "process of its own, kept running by the agent"}
}

// Start implements Engine.
func (p *Process) Start(ctx context.Context) error {
	if p.State(ctx).Running {
		return nil
	}
	pid, err := Detach(p.spec.Program, p.spec.Args, p.spec.Env, p.spec.Log)
	if err != nil {
		return fault.Wrap(fault.Failed, "start the router of namespace "+p.spec.Namespace, err, "")
	}
	p.child, p.ended = pid, ""
	p.log.Info().Int("pid", pid).Msg("router started")
	deadline := time.Now().Add(startWait)
	for {
		if r, err := ReadRecord(p.spec.PIDFile); err == nil && r.Alive() {
			return nil
		}
		p.reap()
		if p.child == 0 {
			return fault.New(fault.Failed, "the router of namespace "+p.spec.Namespace+" "+p.ended, "see "+p.spec.Log)
		}
		if time.Now().After(deadline) {
			return p.failed(fmt.Sprintf("the router of namespace %s does not come up within %v", p.spec.Namespace, startWait), nil)
		}
		if err := pause(ctx, lookAgain); err != nil {
			return p.failed("wait for the router of namespace "+p.spec.Namespace, err)
		}
	}
}

// failed is an error with the end of the log.
func (p *Process) failed(msg string, err error) error {
	return fault.Wrap(fault.Failed, msg+p.lastWords(), err, "see "+p.spec.Log)
}

// lastWords is the end of the log, which tells why better than anything here could.
func (p *Process) lastWords() string {
	lines := logfile.Tail(p.spec.Log, 5)
	if len(lines) == 0 {
		return ""
	}
	return "; its log ends with: " + strings.Join(lines, " | ")
}

// Stop implements Engine.
func (p *Process) Stop(ctx context.Context) error {
	r, err := ReadRecord(p.spec.PIDFile)
	if err != nil || !r.Alive() {
		p.reap()
		return nil
	}
	for _, try := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGTERM, termWait}, {syscall.SIGKILL, killWait}} {
		if err := r.Signal(try.sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fault.Wrap(fault.Failed, "stop the router of namespace "+p.spec.Namespace, err, "")
		}
		ok, err := p.awaitEnd(ctx, r.ID, try.wait)
		if ok || err != nil {
			return err
		}
	}
	return fault.New(fault.Late, fmt.Sprintf("router process %d of namespace %s does not end", r.PID, p.spec.Namespace), "try again")
}

func (p *Process) awaitEnd(ctx context.Context, id procid.ID, wait time.Duration) (bool, error) {
	deadline := time.Now().Add(wait)
	for {
		p.reap()
		if !id.Alive() {
			return true, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		if err := pause(ctx, lookAgain); err != nil {
			return false, err
		}
	}
}

// Remove implements Engine: there is nothing outside.
func (p *Process) Remove(context.Context) error { return nil }

// reap collects the child if it has ended, so that it does not stay a zombie. A goroutine in Wait would do too, but
// would outlive the engine, as the child is meant to.
func (p *Process) reap() {
	if p.child == 0 {
		return
	}
	var ws syscall.WaitStatus
	pid, err := syscall.Wait4(p.child, &ws, syscall.WNOHANG, nil)
	switch {
	case errors.Is(err, syscall.ECHILD):
		p.child = 0
	case err != nil || pid != p.child:
		return
	case ws.Signaled():
		p.child, p.ended = 0, fmt.Sprintf("was ended by signal %v", ws.Signal())
	default:
		p.child, p.ended = 0, fmt.Sprintf("has exited with code %d", ws.ExitStatus())
		if ws.ExitStatus() != 0 {
			p.ended += p.lastWords()
		}
	}
	if p.child == 0 {
		p.log.Warn().Int("pid", pid).Str("how", p.ended).Msg("router ended")
	}
}

// Reap collects a process that was started by Detach if it has ended, and tells whether it has.
func Reap(pid int) bool {
	var ws syscall.WaitStatus
	got, err := syscall.Wait4(pid, &ws, syscall.WNOHANG, nil)
	return got == pid || errors.Is(err, syscall.ECHILD)
}

// Detach starts a program that outlives this one: in a session of its own, in the root directory, without standard
// input, and with its output appended to the file log. It returns the process's number.
func Detach(program string, args, env []string, log string) (int, error) {
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(program, args...) //nolint:noctx // it is not to end with any context of this process
	cmd.Env = env
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	_ = cmd.Process.Release() // reaped by number, see reap
	return pid, nil
}
