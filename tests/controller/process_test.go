//go:build kube

package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a running controller.
type process struct {
	cmd     *exec.Cmd
	ended   chan error
	log     string
	health  string // address
	metrics string // address
}

// startController runs one as a user, with everything it writes in dir, and waits until it is ready.
func startController(ctx context.Context, dir, user string, args ...string) (*process, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "kubeconfig")
	if err := server.Kubeconfig(config, user, "default"); err != nil {
		return nil, err
	}
	p := &process{ended: make(chan error, 1), log: filepath.Join(dir, "log")}
	if err := freeAddresses(&p.health, &p.metrics); err != nil {
		return nil, err
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	p.cmd = exec.Command(program, append([]string{"-kubeconfig", config, "-metrics-address", p.metrics, "-health-address", p.health}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	return p, p.awaitReady(ctx)
}

// freeAddresses are such that nobody listens on now. Somebody else may take one before we do: then the controller says so.
func freeAddresses(into ...*string) error {
	for _, address := range into {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // only held so that the next one differs
		*address = l.Addr().String()
	}
	return nil
}

func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.health+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("the controller ended: %w\n%s", err, p.words())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the controller is not ready\n%s", p.words()), p.stop())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop asks it to end, and waits.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		return err
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("the controller did not end in time\n%s", p.words())
	}
}

// words are the last ones.
func (p *process) words() string {
	const most = 6000 // octets
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
