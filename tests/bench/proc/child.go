// Package proc starts the processes of a measurement, ends them by their ids, and reads from /proc what they use.
package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// grace is how long a process may take to end by itself after SIGTERM.
const grace = 10 * time.Second

// maxTail is how much of a log [Child.Tail] returns, in octets.
const maxTail = 8 << 10

// Child is a process that was started here.
type Child struct {
	Name string
	Log  string // the file with what it wrote on either stream

	cmd  *exec.Cmd
	done chan struct{}
	err  error // why it ended; after done
}

// Start runs a program. Its log is NAME.log in dir.
func Start(dir, name, path string, args ...string) (*Child, error) {
	c := &Child{Name: name, Log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	c.cmd = exec.Command(path, args...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go c.wait()
	return c, nil
}

func (c *Child) wait() {
	c.err = c.cmd.Wait()
	close(c.done)
}

// PID is the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Running is nil while the process runs, and tells why it does not any more.
func (c *Child) Running() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s has ended by itself (%w); the end of its log:\n%s", c.Name, ended(c.err), c.Tail())
	default:
		return nil
	}
}

var errCleanly = errors.New("exit status 0")

func ended(err error) error {
	if err == nil {
		return errCleanly
	}
	return err
}

// Stop ends the process as an operator would. It is an error if it had ended before, if it has to be killed, and if it
// does not end with status 0.
func (c *Child) Stop() error {
	if err := c.Running(); err != nil {
		return err
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", c.Name, err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.Kill()
		return fmt.Errorf("%s had to be killed: it did not stop within %v", c.Name, grace)
	}
	if c.err != nil {
		return fmt.Errorf("%s ended with %w; the end of its log:\n%s", c.Name, c.err, c.Tail())
	}
	return nil
}

// Kill ends the process at once and waits for it.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill() // it fails only if the process has ended
	<-c.done
}

// Tail is the end of the log.
func (c *Child) Tail() string {
	f, err := os.Open(c.Log)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > maxTail {
		if _, err := f.Seek(-maxTail, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTail))
	if err != nil {
		return err.Error()
	}
	return string(b)
}
