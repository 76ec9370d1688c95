package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long an engine may take to start, and what it leaves at work to end.
const patience = time.Minute

// Engine is a container engine with a store of its own.
type Engine struct {
	Kind  string // podman or docker
	Dir   string // for all that it keeps
	enter []string
	cmd   *exec.Cmd
	log   *os.File
}

// Conf are settings with which containers run in containers too: crun refuses mixed control groups, and limits cannot be
// raised there.
const Conf = `[containers]
default_ulimits = ["nofile=20000:20000","nproc=32768:32768"]
[engine]
runtime = "runc"
events_logger = "file"
cgroup_manager = "cgroupfs"
`

// Start starts an engine of a kind in a directory, short as it holds sockets. The words of enter stand before each of its commands,
// such as those that enter another network.
func Start(ctx context.Context, kind, dir string, enter ...string) (*Engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "containers.conf"), []byte(Conf), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	e := &Engine{Kind: kind, Dir: dir, enter: enter, log: log}
	return e, e.Up(ctx)
}

// Socket is the file at which the engine answers; Endpoint says so as clients want it.
func (e *Engine) Socket() string { return filepath.Join(e.Dir, "s.sock") }

// Endpoint is a value for CONTAINER_ENDPOINT.
func (e *Engine) Endpoint() string { return "unix://" + e.Socket() }

// Store are the flags of podman for this store.
func (e *Engine) Store() []string {
	return []string{"--root", filepath.Join(e.Dir, "root"), "--runroot", filepath.Join(e.Dir, "run"), "--tmpdir", filepath.Join(e.Dir, "tmp"), "--storage-driver", "vfs"}
}

// Env is the environment of the engine.
func (e *Engine) Env() []string {
	return append(os.Environ(), "CONTAINERS_CONF="+filepath.Join(e.Dir, "containers.conf"))
}

// command is one in the network of the engine, with its settings.
func (e *Engine) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	words := append(append(append([]string(nil), e.enter...), program), args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = e.Env()
	return cmd
}

// Up runs the engine, and returns when it answers.
func (e *Engine) Up(ctx context.Context) error {
	if e.Kind == "docker" {
		e.cmd = e.command(ctx, "dockerd", "--data-root", filepath.Join(e.Dir, "data"), "--exec-root", filepath.Join(e.Dir, "x"), "-p", filepath.Join(e.Dir, "pid"),
			"-H", e.Endpoint(), "--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false", "--default-ulimit", "nofile=20000:20000")
	} else {
		e.cmd = e.command(ctx, "podman", append(e.Store(), "system", "service", "--time=0", e.Endpoint())...)
	}
	e.cmd.Stdout, e.cmd.Stderr = e.log, e.log
	if err := e.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		d := net.Dialer{Timeout: time.Second}
		c, err := d.DialContext(ctx, "unix", e.Socket())
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(e.log.Name())
			return errors.Join(fmt.Errorf("%s does not start: %w\n%s", e.Kind, err, text), e.Down())
		}
	}
}

// Down ends the engine. Its containers run on.
func (e *Engine) Down() error {
	if e.cmd == nil {
		return nil
	}
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { defer close(done); _ = e.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = e.cmd.Process.Kill()
		<-done
	}
	e.cmd = nil
	if err := os.Remove(e.Socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Kill ends the engine as if it had crashed. Its containers run on.
func (e *Engine) Kill() error {
	if err := e.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = e.cmd.Wait() // it was killed
	e.cmd = nil
	gone := []string{e.Socket()}
	if e.Kind == "docker" { // else the next one waits for its containerd, which went with it
		for _, left := range []string{"*.pid", "*.sock"} {
			found, err := filepath.Glob(filepath.Join(e.Dir, "x", "containerd", left))
			if err != nil {
				return err
			}
			gone = append(gone, found...)
		}
		gone = append(gone, filepath.Join(e.Dir, "pid"))
	}
	for _, path := range gone {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Remove ends the engine with all that it has. That something was left of the tests is an error.
func (e *Engine) Remove(ctx context.Context) error {
	left, err := e.Try(ctx, "ps", "-a", "--format", "{{.Names}}")
	if err == nil && strings.TrimSpace(left) != "" {
		err = fmt.Errorf("containers are left: %s", left)
		_, rmErr := e.Try(ctx, append([]string{"rm", "-f"}, strings.Fields(left)...)...)
		err = errors.Join(err, rmErr)
	}
	err = errors.Join(err, e.Down(), e.log.Close())
	e.endOrphans()
	for _, mount := range mountsBelow(e.Dir) {
		err = errors.Join(err, syscall.Unmount(mount, 0))
	}
	return errors.Join(err, RemoveAll(e.Dir))
}

// endOrphans ends what an engine that was killed while it made a container has forgotten: who looks after the container, told by the engine's directory on its
// command line, and what that was about to start.
func (e *Engine) endOrphans() {
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well-formed
	for _, file := range found {
		text, _ := os.ReadFile(file)
		if !bytes.Contains(text, []byte(e.Dir+"/")) {
			continue
		}
		process := filepath.Dir(file)
		children, _ := os.ReadFile(filepath.Join(process, "task", filepath.Base(process), "children"))
		for _, word := range append(strings.Fields(string(children)), filepath.Base(process)) {
			if pid, err := strconv.Atoi(word); err == nil && pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have gone by itself
			}
		}
	}
}

// RemoveAll removes a directory in which what cleans up after containers may still be at work.
func RemoveAll(dir string) (err error) {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if err = os.RemoveAll(dir); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// mountsBelow are the mounts in a directory, the innermost first.
func mountsBelow(dir string) (all []string) {
	text, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			all = append([]string{f[1]}, all...)
		}
	}
	return all
}

// Try runs the engine's own command line.
func (e *Engine) Try(ctx context.Context, args ...string) (string, error) {
	cmd := e.command(ctx, "podman", append(e.Store(), args...)...)
	if e.Kind == "docker" {
		cmd = e.command(ctx, "/usr/bin/docker", append([]string{"-H", e.Endpoint()}, args...)...)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %v: %w: %s", e.Kind, args, err, errs.String())
	}
	return out.String(), nil
}

// Left tells of the containers, and the images of ours, that the engine has; nil if there is none.
func (e *Engine) Left(ctx context.Context) error {
	containers, err := e.Try(ctx, "ps", "-a", "--format", "{{.Names}}")
	if err != nil {
		return err
	}
	images, err := e.Try(ctx, "images", "--format", "{{.Repository}}")
	if err != nil {
		return err
	}
	if strings.TrimSpace(containers) != "" {
		err = fmt.Errorf("containers are left: %s", containers)
	}
	if strings.Contains(images, "podman-skupper-router") {
		err = errors.Join(err, fmt.Errorf("images are left: %s", images))
	}
	return err
}
