package podmanhost

import (
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/host"
)

// Commands implements host.Commander: the long-running modes, which other commands start.
func (h Host) Commands(s host.Streams) []*cli.Command {
	return []*cli.Command{
		h.shimGroup(s),
		{Name: "system", Subcommands: []*cli.Command{h.generateBundle(s), h.doctor(s), h.images(s)}},
		{
			Name: "agent", Hidden: true, Usage: "look after the local sites of this user; started by other commands",
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "detached", Usage: "log to the agent's file"},
				&cli.BoolFlag{Name: "again", Usage: "take the place of an agent that died"},
			},
			Action: func(c *cli.Context) error {
				paths, err := filestore.Locate(h.getenv)
				if err != nil {
					return err
				}
				a := daemon.Agent{Paths: paths, Version: h.version, Detached: c.Bool("detached"), Again: c.Bool("again")}
				return a.Run(c.Context, s.Err)
			},
		},
		{
			Name: "router", Hidden: true, Usage: "be the router of a site; started by the agent",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "c", Usage: "configuration `FILE`", Required: true},
				&cli.StringFlag{Name: "pid", Usage: "`FILE` that says which process the router is"},
				&cli.StringFlag{Name: "log", Usage: "log `FILE`"},
				&cli.StringFlag{Name: "program-file", Usage: "`FILE` that names another router's program to run instead; it need not be there"},
				&cli.BoolFlag{Name: "revive", Usage: "start the agent again if it dies"},
			},
			Action: func(c *cli.Context) error {
				r := daemon.Router{Config: c.String("c"), PIDFile: c.String("pid"), Log: c.String("log"), Program: h.getenv(daemon.RouterEnv), ProgramFile: c.String("program-file"), Version: h.version}
				if c.Bool("revive") {
					paths, err := filestore.Locate(h.getenv)
					if err != nil {
						return err
					}
					r.Revive = &paths
				}
				return r.Run(c.Context, s.Err)
			},
		},
	}
}

func nop() zerolog.Logger { return zerolog.Nop() }
