package command

import (
	"context"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) systemStart() verb {
	return verb{
		name: "start", usage: "start the site of this namespace, and whatever it needs",
		more:   "Starting a site that runs does nothing.",
		output: true, manner: host.Change, flags: waitFlags(op.WaitReady, "3m"),
		read: func(in *input) job {
			c := op.StartSystem{Wait: in.wait()}
			return in.change(c)
		},
	}
}

func (t *tree) systemStop() verb {
	return verb{
		name: "stop", usage: "stop the site of this namespace until it is started again",
		more:   "Nothing is deleted. Stopping a site that does not run does nothing.",
		output: true, manner: host.Change,
		read: func(in *input) job {
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := op.StopSystem{}.Run(ctx, site.Ports)
				v := changed(did)
				v.Next = s.next("system", "start")
				return v, err
			}
		},
	}
}

func (t *tree) systemReload() verb {
	return verb{
		name: "reload", usage: "read all resources anew and apply them",
		more:   "Changes take effect by themselves: this is for when that does not seem so. Other traffic is not disturbed.",
		output: true, manner: host.Change, flags: one(textFlag("timeout", "60s", "give up waiting after `DURATION`")),
		read: func(in *input) job {
			c := op.ReloadSystem{Timeout: in.duration("timeout")}
			return in.change(c)
		},
	}
}

func (t *tree) systemInstall() verb {
	return verb{
		name: "install", usage: "make sites start by themselves with the machine or the user's session",
		more:   "Installing again does nothing.",
		output: true, manner: host.Change,
		flags: one(textFlag("reload-type", "manual", "accepted for the sake of old scripts, `TYPE`: auto or manual; changes take effect at once with either")),
		read: func(in *input) job {
			kind := in.text("reload-type")
			if kind != "auto" && kind != "manual" {
				in.fault("reload-type is %q, want auto or manual", kind)
			}
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				v := host.View{Verb: "installed", Kind: "system", Object: map[string]string{"did": "installed"},
					Notes: []string{"sites that are not stopped start by themselves from now on"}}
				if kind == "manual" && in.c.IsSet("reload-type") {
					v.Notes = append(v.Notes, "changes take effect at once all the same: reload-type manual has no meaning here")
				}
				return v, op.InstallSystem{}.Run(ctx, site.Ports)
			}
		},
	}
}

func (t *tree) systemUninstall() verb {
	return verb{
		name: "uninstall", usage: "undo system install and end the agent",
		more:   "Refused while a site runs, unless forced. Nothing is deleted.",
		output: true, manner: host.Change,
		flags: one(&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "stop all sites first"}),
		read: func(in *input) job {
			c := op.UninstallSystem{Force: in.isSet("force")}
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				return host.View{Verb: "uninstalled", Kind: "system", Object: map[string]string{"did": "uninstalled"},
					Notes: []string{"no site runs any more, and the agent has ended; what belongs to sites is kept"}}, c.Run(ctx, site.Ports)
			}
		},
	}
}

func (t *tree) systemStatus() verb {
	return verb{
		name: "status", usage: "show which processes of this namespace run",
		output: true, manner: host.Table,
		read: func(in *input) job {
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				st, err := op.LookAtSystem{}.Run(ctx, site.Ports)
				return systemView(st), err
			}
		},
	}
}

func systemView(st op.SystemStatus) host.View {
	router := process(st.Router)
	if st.Stopped {
		router = "stopped"
	}
	return host.View{Kind: "system", Name: st.Namespace, Object: st, Notes: st.Notes, Fields: []host.Field{
		{Title: "Namespace", Name: "Namespace", Value: st.Namespace},
		{Title: "Platform", Name: "Platform", Value: st.Platform},
		{Title: "Site", Name: "Site", Value: st.Site},
		{Title: "Router", Name: "Router", Value: router},
		{Title: "Agent", Name: "Agent", Value: process(st.Agent)},
		{Title: "Starts by itself", Name: "Installed", Value: strconv.FormatBool(st.Installed)},
		{Title: "Directory", Name: "Home", Value: st.Home},
	}}
}

func process(p op.Process) string {
	text := "not running"
	if p.Running {
		text = "running"
		if p.PID > 0 {
			text += ", process " + strconv.Itoa(p.PID)
		}
		if !p.Since.IsZero() {
			text += ", since " + p.Since.UTC().Format(time.RFC3339)
		}
	}
	if p.Detail != "" {
		text += " (" + p.Detail + ")"
	}
	return text
}
