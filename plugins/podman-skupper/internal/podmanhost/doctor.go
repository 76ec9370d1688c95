package podmanhost

import (
	"context"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/doctor"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/host"
)

func (h Host) doctor(s host.Streams) *cli.Command {
	return h.ownCommand(s, own{
		name: "system doctor", usage: "look for what keeps sites from running on this machine, and say how to put it right", manner: host.Table, there: same,
		more: "It changes nothing. It fails if no site can run.", flags: h.Flags(),
		read: func(c *cli.Context, _ []string) (func() (host.View, error), error) {
			return func() (host.View, error) { return h.examine(c.Context, c) }, h.checkOwnFlags(c)
		},
	})
}

func (h Host) examine(ctx context.Context, c *cli.Context) (host.View, error) {
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return host.View{}, err
	}
	platform, why, err := h.platform(ctx, c, paths.Namespace(h.Namespace(c)))
	if err != nil {
		return host.View{}, err
	}
	m := doctor.Here(h.getenv)
	m.Platform, m.Ports, m.Own = platform, supervise.BusyPorts(), ownPorts(ctx, paths)
	m.Engine = func() (string, error) {
		e, err := h.engineOf(platform, h.chosenEngine(c))
		return e.URL, err
	}
	m.Open = func(ctx context.Context, address string) error {
		client, err := engineapi.Open(ctx, platform, address)
		if err != nil {
			return err
		}
		return client.Suits(ctx)
	}
	m.Systemd = func(ctx context.Context) bool {
		_, ok := supervise.FindSystemd(ctx, h.getenv)
		return ok
	}
	m.Controller = func() bool { return otherController(paths.Namespaces()) }
	m.Agent = func(context.Context) (bool, string) { return agent.Died(paths), h.again(h.Namespace(c)) }
	found := m.Examine(ctx)
	v := host.View{Kind: "check", Object: host.List(found), Columns: []host.Column{{Title: "CHECK", Name: "Name"}, {Title: "RESULT", Name: "Result"},
		{Title: "MESSAGE", Name: "Message"}, {Title: "FIX", Name: "Fix"}}}
	for _, f := range found {
		v.Rows = append(v.Rows, []string{f.Check, f.Result, f.Message, f.Fix})
	}
	if why != "" {
		v.Notes = append(v.Notes, why)
	}
	return v, doctor.Worst(found)
}

// ownPorts are those that the routers and the agent of an installation listen at, and what has each.
func ownPorts(ctx context.Context, paths filestore.Paths) map[int]string {
	own := map[int]string{}
	names, _ := paths.List() // of what cannot be read nothing is known
	for _, name := range names {
		dir := paths.Namespace(name)
		if r, err := supervise.ReadRecord(dir.RouterPID()); err != nil || !r.Alive() {
			continue
		}
		c, err := config.Load(dir.RouterConfig())
		if err != nil {
			continue
		}
		for _, ln := range c.Listeners {
			if port, err := strconv.Atoi(string(ln.Port)); err == nil {
				own[port] = "the site of namespace " + name
			}
		}
	}
	h, err := agent.NewClient(paths.AgentSocket()).Health(ctx)
	if err != nil {
		return own
	}
	if u, err := url.Parse(h.Grants); err == nil {
		if port, err := strconv.Atoi(u.Port()); err == nil {
			own[port] = "the agent"
		}
	}
	return own
}

// otherController tells whether Skupper's own controller for local sites runs on the namespaces of a directory: it holds
// a lock there.
func otherController(namespaces string) bool {
	return lockfile.Held(filepath.Join(namespaces, "controller.lock"))
}

// again is the command that starts what is missing of a namespace.
func (h Host) again(namespace string) string {
	words := h.Command() + " system start"
	if namespace != filestore.DefaultNamespace {
		words += " --namespace " + namespace
	}
	return words
}
