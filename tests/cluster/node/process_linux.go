package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a program of the cluster.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// run starts a program in the network of the node; what it says goes to NAME.log.
func (c *Cluster) run(name, program string, args ...string) error {
	log, err := os.OpenFile(c.path(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	// No context: it outlives the start, and kill ends it.
	words := append(append(c.host.Enter(), program), args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended its log tells
		close(p.ended)
	}()
	c.processes[name] = p
	return nil
}

// runKube starts a program of Kubernetes.
func (c *Cluster) runKube(name string, args ...string) error {
	return c.run(name, c.assets+"/"+name, args...)
}

// kill ends a program at once.
func (c *Cluster) kill(name string) error {
	p := c.processes[name]
	if p == nil {
		return nil
	}
	delete(c.processes, name)
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", name, err)
	}
	<-p.ended
	return nil
}

// restart ends a program at once and starts it again as it was.
func (c *Cluster) restart(name string) error {
	p := c.processes[name]
	if p == nil {
		return fmt.Errorf("%s does not run", name)
	}
	args := p.cmd.Args[len(c.host.Enter()):]
	if err := c.kill(name); err != nil {
		return err
	}
	return c.run(name, args[0], args[1:]...)
}

// withInput gives a command text to read.
func withInput(cmd *exec.Cmd, text string) *exec.Cmd {
	if text != "" {
		cmd.Stdin = strings.NewReader(text)
	}
	return cmd
}

// reaches tries to connect.
func reaches(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
