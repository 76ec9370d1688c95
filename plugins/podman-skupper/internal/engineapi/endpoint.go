package engineapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Endpoint is where the engine of a platform is, from the environment: $CONTAINER_ENDPOINT, what the host tool itself goes
// by ($CONTAINER_HOST, $DOCKER_HOST), or the place where its socket usually is.
func Endpoint(platform string, uid int, getenv func(string) string) string {
	own := map[string]string{Podman: "CONTAINER_HOST", Docker: "DOCKER_HOST"}[platform]
	for _, name := range []string{"CONTAINER_ENDPOINT", own} {
		if v := getenv(name); v != "" {
			return v
		}
	}
	if platform == Docker {
		return "unix:///run/docker.sock"
	}
	run := "/run"
	if uid != 0 {
		if run = getenv("XDG_RUNTIME_DIR"); !filepath.IsAbs(run) {
			run = filepath.Join("/run/user", strconv.Itoa(uid))
		}
	}
	return "unix://" + filepath.Join(run, "podman", "podman.sock")
}

// Usual tells whether an endpoint is where this user's own engine usually is, which is where the host tool itself looks.
func Usual(platform, endpoint string, uid int, getenv func(string) string) bool {
	return SocketPath(endpoint) == SocketPath(Endpoint(platform, uid, usual(getenv)))
}

// usual is the environment without what says where an engine is.
func usual(getenv func(string) string) func(string) string {
	return func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return getenv(name)
		}
		return ""
	}
}

// socketPath is the path of an endpoint. An engine on another machine is of no use: its network is not this host's.
func socketPath(endpoint string) (string, error) {
	if filepath.IsAbs(endpoint) {
		return endpoint, nil
	}
	path, ok := strings.CutPrefix(endpoint, "unix://")
	if !ok || !filepath.IsAbs(path) {
		return "", fault.New(fault.Usage, fmt.Sprintf("the engine's endpoint is %q, want unix:///PATH: the router of a local site is on this machine's own network", endpoint),
			"set CONTAINER_ENDPOINT to a socket of this machine, or run the command on the other one")
	}
	return path, nil
}

// Answers tells whether an engine is to be had at an endpoint, without waiting for what is not there.
func Answers(ctx context.Context, platform, endpoint string) bool {
	path, err := socketPath(endpoint)
	if err != nil {
		return false
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	_, err = Open(ctx, platform, endpoint)
	return err == nil
}

// unreachable says why an engine did not answer, and what to do about it.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Engine, "there is no "+c.platform+" at "+c.path, c.start())
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.New(fault.Engine, "nobody answers at "+c.path+": "+c.platform+" does not run", c.start())
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fault.New(fault.Denied, "this user may not use the "+c.platform+" at "+c.path, c.admit())
	case isTimeout(err), ctx.Err() != nil:
		return fault.New(fault.Late, "the "+c.platform+" at "+c.path+" does not answer in time", "restart it")
	case brokenOff(err):
		return fault.New(fault.Engine, "the "+c.platform+" at "+c.path+" broke off in the middle of an answer: it ended, or was ended", c.start()+"; then do this again")
	}
	if u := (*url.Error)(nil); errors.As(err, &u) { // its address is a made up one
		err = u.Err
	}
	return fault.Wrap(fault.Engine, "talk to the "+c.platform+" at "+c.path, err, "")
}

// brokenOff tells whether an engine hung up, as one does that is killed.
func brokenOff(err error) bool {
	for _, one := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// start is how an engine is started.
func (c *Client) start() string {
	if c.platform == Podman {
		return Rouse(os.Getuid())
	}
	return "systemctl start docker"
}

// Rouse is how a user gets the Podman that is installed to answer where it usually does.
func Rouse(uid int) string {
	if uid == 0 {
		return "systemctl enable --now podman.socket (without systemd: podman system service --time=0 &)"
	}
	how := "systemctl --user enable --now podman.socket (without systemd: podman system service --time=0 &)"
	if _, err := exec.LookPath(mapper); err != nil {
		how = "install " + mapper + " (package uidmap, or shadow-utils), without which no Podman of a user starts; then " + how
	}
	return how
}

// mapper is the program by which a user's Podman gets more than one id.
const mapper = "newuidmap"

// admit is how one gets the rights to use it.
func (c *Client) admit() string {
	if c.platform == Docker {
		return "become a member of the group docker and log in again, or use --platform podman, which needs no rights"
	}
	return "unset CONTAINER_HOST and CONTAINER_ENDPOINT to use your own Podman: systemctl --user enable --now podman.socket"
}

// SocketPath is the path of an endpoint's socket; empty if it has none.
func SocketPath(endpoint string) string {
	path, err := socketPath(endpoint)
	if err != nil {
		return ""
	}
	return path
}
