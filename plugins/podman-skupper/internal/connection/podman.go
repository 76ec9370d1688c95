package connection

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/containers/common/pkg/config"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Podman is the engine that podman would talk to as a remote client: of the command line, the environment
// (CONTAINER_ENDPOINT, which Skupper's own tools go by, CONTAINER_CONNECTION, CONTAINER_HOST), the default connection if
// containers.conf says that podman is remote, and else the socket of this user's own. What containers.conf says is read from
// where podman has it.
func Podman(c Choice, uid int, getenv func(string) string) (Engine, error) {
	f, ok, err := podman(c, getenv)
	switch {
	case err != nil:
		return Engine{}, err
	case ok:
		return f.engine()
	}
	run := "/run"
	if uid != 0 {
		if run = getenv("XDG_RUNTIME_DIR"); !filepath.IsAbs(run) {
			run = filepath.Join("/run/user", strconv.Itoa(uid))
		}
	}
	return Engine{URL: "unix://" + filepath.Join(run, "podman", "podman.sock")}, nil
}

func podman(c Choice, getenv func(string) string) (f found, ok bool, err error) {
	if f, ok = named("url", c.URL); ok {
		return f, true, nil
	}
	if c.Connection != "" {
		f, err = connection("connection", c.Connection)
		return f, true, err
	}
	if f, ok = named("CONTAINER_ENDPOINT", getenv("CONTAINER_ENDPOINT")); ok {
		return f, true, nil
	}
	if name := getenv("CONTAINER_CONNECTION"); name != "" {
		f, err = connection("CONTAINER_CONNECTION", name)
		return f, true, err
	}
	if f, ok = named("CONTAINER_HOST", getenv("CONTAINER_HOST")); ok {
		return f, true, nil
	}
	conf, err := read()
	if err != nil || !conf.Engine.Remote && !c.Remote {
		return found{}, false, err
	}
	d, err := conf.GetConnection("", true)
	if err != nil {
		return found{}, false, nil //nolint:nilerr // remote, and nothing says where: the usual socket
	}
	return found{url: d.URI, from: fmt.Sprintf("podman's default connection %q", d.Name), machine: d.IsMachine, key: d.Identity}, true, nil
}

// connection is one of podman's connections.
func connection(from, name string) (found, error) {
	conf, err := read()
	if err != nil {
		return found{}, err
	}
	d, err := conf.GetConnection(name, false)
	if err != nil {
		return found{}, fault.New(fault.Missing, fmt.Sprintf("%s is %q, and podman has no connection of that name", from, name),
			"podman system connection list")
	}
	return found{url: d.URI, from: fmt.Sprintf("podman's connection %q", name), machine: d.IsMachine, key: d.Identity}, nil
}

// Names are those of podman's connections.
func Names() []string {
	conf, err := read()
	if err != nil {
		return nil
	}
	all, err := conf.GetAllConnections()
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name+"\t"+c.URI)
	}
	return names
}

func read() (*config.Config, error) {
	conf, err := config.New(nil)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, "read containers.conf", err, "podman info shows the same")
	}
	return conf, nil
}
