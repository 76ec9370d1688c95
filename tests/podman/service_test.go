//go:build podman

package podman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// engine is the one that tests use. They do not run side by side.
var engine *service

// service is a container engine with a store of its own.
type service struct {
	kind string
	dir  string
	cmd  *exec.Cmd
	log  *os.File
}

// conf are settings with which containers run in containers too: crun refuses mixed control groups, and limits cannot be
// raised there.
const conf = `[containers]
default_ulimits = ["nofile=20000:20000","nproc=32768:32768"]
[engine]
runtime = "runc"
events_logger = "file"
cgroup_manager = "cgroupfs"
`

// start starts an engine.
func start(ctx context.Context, kind, dir string) (*service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "containers.conf"), []byte(conf), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	s := &service{kind: kind, dir: dir, log: log}
	return s, s.up(ctx)
}

func (s *service) socket() string   { return filepath.Join(s.dir, "s.sock") }
func (s *service) endpoint() string { return "unix://" + s.socket() }

// store are the flags of podman for this store.
func (s *service) store() []string {
	return []string{"--root", filepath.Join(s.dir, "root"), "--runroot", filepath.Join(s.dir, "run"), "--tmpdir", filepath.Join(s.dir, "tmp"), "--storage-driver", "vfs"}
}

func (s *service) env() []string {
	return append(os.Environ(), "CONTAINERS_CONF="+filepath.Join(s.dir, "containers.conf"))
}

// up runs the engine, and returns when it answers.
func (s *service) up(ctx context.Context) error {
	if s.kind == "docker" {
		s.cmd = exec.CommandContext(ctx, "dockerd", "--data-root", filepath.Join(s.dir, "data"), "--exec-root", filepath.Join(s.dir, "x"), "-p", filepath.Join(s.dir, "pid"),
			"-H", s.endpoint(), "--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false", "--default-ulimit", "nofile=20000:20000")
	} else {
		s.cmd = exec.CommandContext(ctx, "podman", append(s.store(), "system", "service", "--time=0", s.endpoint())...)
	}
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env(), s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		d := net.Dialer{Timeout: time.Second}
		c, err := d.DialContext(ctx, "unix", s.socket())
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(s.log.Name())
			return errors.Join(fmt.Errorf("%s does not start: %w\n%s", s.kind, err, text), s.down())
		}
	}
}

// mustUp runs an engine that was ended again, beyond the end of the test.
func (s *service) mustUp(t *testing.T) {
	t.Helper()
	if err := s.up(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// down ends the engine. Its containers run on.
func (s *service) down() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { defer close(done); _ = s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
	s.cmd = nil
	if err := os.Remove(s.socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// remove ends the engine with all that it has. That something was left of the tests is an error.
func (s *service) remove(ctx context.Context) error {
	left, err := s.try(ctx, "ps", "-a", "--format", "{{.Names}}")
	if err == nil && strings.TrimSpace(left) != "" {
		err = fmt.Errorf("containers are left: %s", left)
		_, rmErr := s.try(ctx, "rm", "-f", strings.Fields(left)[0])
		err = errors.Join(err, rmErr)
	}
	err = errors.Join(err, s.down(), s.log.Close())
	for _, mount := range mountsBelow(s.dir) {
		err = errors.Join(err, syscall.Unmount(mount, 0))
	}
	return errors.Join(err, removeAll(s.dir))
}

// removeAll removes a directory in which what cleans up after containers may still be at work.
func removeAll(dir string) (err error) {
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

// try runs the engine's own command line.
func (s *service) try(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "podman", append(s.store(), args...)...)
	if s.kind == "docker" {
		cmd = exec.CommandContext(ctx, "/usr/bin/docker", append([]string{"-H", s.endpoint()}, args...)...)
	}
	cmd.Env = s.env()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %v: %w: %s", s.kind, args, err, errs.String())
	}
	return out.String(), nil
}

// do is try for what must succeed.
func (s *service) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.try(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// nothingLeft checks that the engine has no container and no image of ours.
func (s *service) nothingLeft(t *testing.T) {
	t.Helper()
	if all := s.do(t, "ps", "-a", "--format", "{{.Names}}"); all != "" {
		t.Errorf("containers are left: %s", all)
	}
	if all := s.do(t, "images", "--format", "{{.Repository}}"); strings.Contains(all, "podman-skupper-router") {
		t.Errorf("images are left: %s", all)
	}
}
