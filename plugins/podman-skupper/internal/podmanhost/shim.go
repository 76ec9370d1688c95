package podmanhost

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/shim"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// shimGroup are the commands that make `podman skupper` and `docker skupper` work.
func (h Host) shimGroup(s host.Streams) *cli.Command {
	where := func() []cli.Flag {
		return []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "`DIRECTORY` of the link (default: ~/.local/bin; with --docker: the user's plugins of docker)"},
			&cli.BoolFlag{Name: "docker", Usage: "the link that makes this a plugin of docker, for docker skupper"},
		}
	}
	return &cli.Command{Name: "shim", Usage: "what makes podman skupper and docker skupper work", Subcommands: []*cli.Command{
		h.ownCommand(s, own{
			name: "shim install", usage: "make podman skupper work, or docker skupper", manner: host.Change, flags: where(),
			more: "It makes a link named podman to this program. The directory has to come before that of podman in $PATH. What is\n" +
				"not for skupper goes to the real podman as it is. Nothing of others is overwritten; installing again does nothing.",
			read: func(c *cli.Context, _ []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.installShim(c.String("dir"), c.Bool("docker")) }, nil
			},
		}),
		h.ownCommand(s, own{
			name: "shim remove", usage: "undo shim install", manner: host.Change, flags: where(),
			more: "Removing what is not there does nothing.",
			read: func(c *cli.Context, _ []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.removeShim(c.String("dir"), c.Bool("docker")) }, nil
			},
		}),
		h.ownCommand(s, own{
			name: "shim status", usage: "show whether podman skupper and docker skupper work, and why not", manner: host.Table,
			flags: []cli.Flag{&cli.StringFlag{Name: "dir", Usage: "`DIRECTORY` of the link named podman (default: ~/.local/bin)"}},
			read: func(c *cli.Context, _ []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.shimStatus(c.String("dir")) }, nil
			},
		}),
		h.ownCommand(s, own{
			name: "shim function", operands: "SHELL", usage: "print a shell function that makes podman skupper work in that shell", plain: true,
			more: "It is the other way, without a link: put it into the start file of the shell, which is bash, zsh or fish. Scripts and\n" +
				"other programs do not see it.",
			example: "bash",
			read: func(_ *cli.Context, words []string) (func() (host.View, error), error) {
				text, ok := shim.Function(words[0])
				if !ok {
					return nil, fmt.Errorf("SHELL is %q, want %s", words[0], strings.Join(shim.Shells, ", "))
				}
				return func() (host.View, error) {
					return host.View{Lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}, nil
				}, nil
			},
		}),
	}}
}

// link is the one that is meant.
func (h Host) link(dir string, docker bool) (shim.Link, error) {
	if docker {
		return shim.DockerLink(dir, h.getenv)
	}
	return shim.PodmanLink(dir, h.getenv)
}

func (h Host) installShim(dir string, docker bool) (host.View, error) {
	l, err := h.link(dir, docker)
	if err != nil {
		return host.View{}, err
	}
	var o shim.Order
	if !docker { // a program that finds nothing to stand before would only be a podman that is none
		self, info, err := shim.Self()
		if err != nil {
			return host.View{}, err
		}
		if _, err := shim.Real(shim.Podman, h.getenv("PATH"), info); err != nil {
			return host.View{}, fmt.Errorf("put %s in the place of podman: %w", filepath.Base(self), err)
		}
	}
	changed, err := l.Install()
	if err != nil {
		return host.View{}, err
	}
	v := linkView(l, "installed", changed)
	if docker {
		v.Next = "docker skupper site create NAME"
		return v, nil
	}
	if o, err = shim.Look(l, h.getenv("PATH")); err != nil {
		return v, err
	}
	if o.Problem != "" {
		v.Notes = append(v.Notes, "podman skupper does not work yet: "+o.Problem)
		v.Next = o.Fix + "   # in ~/.profile too"
		return v, nil
	}
	if changed {
		v.Notes = append(v.Notes, "a shell that has used podman before has to be told: hash -r")
	}
	v.Next = "podman skupper site create NAME"
	return v, nil
}

func (h Host) removeShim(dir string, docker bool) (host.View, error) {
	l, err := h.link(dir, docker)
	if err != nil {
		return host.View{}, err
	}
	changed, err := l.Remove()
	if err != nil {
		return host.View{}, err
	}
	v := linkView(l, "removed", changed)
	if changed && !docker {
		v.Notes = append(v.Notes, "a shell that has used podman before has to be told: hash -r")
	}
	return v, nil
}

// linkView is what was done with a link.
func linkView(l shim.Link, verb string, changed bool) host.View {
	if !changed {
		verb = "unchanged"
	}
	return host.View{Kind: "link", Name: l.Path, Verb: verb, Object: map[string]string{"tool": l.Tool, "path": l.Path, "did": verb}}
}

// toolState is whether a tool has skupper among its commands.
type toolState struct {
	Tool    string `json:"tool"`
	Works   bool   `json:"works"`
	Link    string `json:"link"` // where it is, or would be
	Linked  bool   `json:"linked"`
	Real    string `json:"real,omitempty"` // the tool itself
	Message string `json:"message,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

func (h Host) shimStatus(dir string) (host.View, error) {
	podman, err1 := h.podmanState(dir)
	docker, err2 := h.dockerState()
	if err := fault.Join(err1, err2); err != nil { // without a home both say so
		return host.View{}, err
	}
	v := host.View{Kind: "shim", Object: host.List([]toolState{podman, docker}),
		Columns: []host.Column{{Title: "TOOL", Name: "Name"}, {Title: "WORKS", Name: "Works"}, {Title: "LINK", Name: "Link"},
			{Title: "REAL", Name: "Real"}, {Title: "MESSAGE", Name: "Message"}}}
	for _, t := range []toolState{podman, docker} {
		works, link := "no", ""
		if t.Works {
			works = "yes"
		}
		if t.Linked {
			link = t.Link
		}
		v.Rows = append(v.Rows, []string{t.Tool, works, link, t.Real, t.Message})
		if v.Next == "" && !t.Works && t.Real != "" {
			v.Next = t.Fix
		}
	}
	return v, nil
}

func (h Host) podmanState(dir string) (toolState, error) {
	l, err := shim.PodmanLink(dir, h.getenv)
	if err != nil {
		return toolState{}, err
	}
	linked, err := l.Installed()
	if err != nil {
		return toolState{}, err
	}
	o, err := shim.Look(l, h.getenv("PATH"))
	t := toolState{Tool: shim.Podman, Link: l.Path, Linked: linked, Works: o.Shim && o.Real != "", Real: o.Real}
	switch {
	case o.Shim && !linked: // in another directory
		t.Link, t.Linked = o.First, true
	case o.Shim:
	case !linked:
		t.Message, t.Fix = "the link is not installed", h.Command()+" shim install"
	case l.Dangling() != "":
		t.Message, t.Fix = dangling(l), h.Command()+" shim install"
	default:
		t.Message, t.Fix = o.Problem, o.Fix
	}
	if o.Real == "" {
		t.Message, t.Fix = "there is no podman in $PATH", "install podman"
	}
	return t, err
}

func (h Host) dockerState() (toolState, error) {
	l, err := shim.DockerLink("", h.getenv)
	if err != nil {
		return toolState{}, err
	}
	linked, err := l.Installed()
	if err != nil {
		return toolState{}, err
	}
	o, err := shim.Look(shim.Link{Tool: shim.Docker, Path: l.Path}, h.getenv("PATH"))
	t := toolState{Tool: shim.Docker, Link: l.Path, Linked: linked, Works: linked && o.Real != "" && l.Dangling() == "", Real: o.Real}
	switch {
	case o.Real == "":
		t.Message, t.Fix = "there is no docker in $PATH", "install docker's client"
	case !linked:
		t.Message, t.Fix = "the link is not installed", h.Command()+" shim install --docker"
	case l.Dangling() != "":
		t.Message, t.Fix = dangling(l), h.Command()+" shim install --docker"
	}
	return t, err
}

func dangling(l shim.Link) string {
	return "the link leads to " + l.Dangling() + ", which is not there"
}
