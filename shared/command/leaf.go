package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// verb is a leaf of the tree.
type verb struct {
	name     string
	operands string // as the help shows them: "NAME PORT"
	usage    string // one sentence
	example  string // words behind the host's, with operands
	more     string // what the sentence leaves out; may be empty
	manner   host.Manner
	output   bool     // accepts the host's output flags
	hidden   bool     // works, but help does not show it
	here     bool     // it needs no site, so it runs on this machine wherever sites are
	kinds    []string // what NAME is one of; empty: those of the group, none of what is to be made
	flags    []cli.Flag

	// read turns words into a verb's value and checks it. It opens nothing. What it returns does the work, and is called
	// only if nothing was wrong.
	read func(in *input) job

	// afar makes of a verb that was read what it does for a site on another machine, if it has files; nil: it has none.
	afar func(in *input) afar
}

type job func(ctx context.Context, s *session) (host.View, error)

// tree makes commands for one host.
type tree struct {
	host    host.Host
	streams host.Streams
	can     host.Capabilities
	verbs   map[*cli.Command]verb // of the leaves
}

func (t *tree) group(name, usage string, verbs ...verb) *cli.Command {
	g := &cli.Command{Name: name, Usage: usage}
	for _, v := range verbs {
		if v.kinds == nil && v.name != "create" && v.name != "generate" {
			v.kinds = kindsOf(name)
		}
		g.Subcommands = append(g.Subcommands, t.leaf(name, v))
	}
	return g
}

// leaf puts the host's flags on the command itself: urfave/cli takes flags of a group only before the command's name.
func (t *tree) leaf(group string, v verb) *cli.Command {
	name := strings.TrimSpace(group + " " + v.name)
	flags := append([]cli.Flag{}, v.flags...)
	if v.output {
		flags = append(flags, t.host.OutputFlags(v.manner)...)
	}
	flags = append(flags, t.host.Flags()...)
	c := &cli.Command{
		Name: v.name, Usage: v.usage, ArgsUsage: v.operands, Description: v.more, Flags: flags, Hidden: v.hidden,
		Action: func(c *cli.Context) error { return t.run(c, name, v) },
	}
	if v.example != "" {
		c.UsageText = t.host.Command() + " " + name + " " + v.example
	}
	t.verbs[c] = v
	return c
}

// kindsOf are the kinds that the verbs of a group are about.
func kindsOf(group string) []string {
	switch group {
	case "token":
		return []string{v2alpha1.KindAccessGrant}
	case "listener":
		return []string{v2alpha1.KindListener, v2alpha1.KindMultiKeyListener}
	}
	if info, ok := v2alpha1.Lookup(group); ok {
		return []string{info.Kind}
	}
	return nil
}

func (t *tree) run(c *cli.Context, name string, v verb) (err error) {
	in := newInput(c)
	do := v.read(in)
	in.check(t.host.CheckFlags(c))
	if err := in.err(name, t.help(name)); err != nil {
		return err
	}
	s := &session{tree: t, c: c, name: name}
	if there, err := s.machine(v); err != nil {
		return err
	} else if there != nil {
		return s.away(v, there)
	}
	defer func() { err = multierr.Append(err, s.close()) }()
	if f, ok := t.host.(host.Follower); ok && v.manner == host.Table && f.Follows(c) {
		return s.follow(c.Context, v, do, f.Follow(c, t.streams))
	}
	view, err := do(c.Context, s)
	if err != nil && len(view.Lines) == 0 {
		return err
	}
	return multierr.Append(err, t.host.Print(c, t.streams, view)) // of several things done, those before a failure are shown
}

func (t *tree) help(name string) string { return "`" + name + " --help`" }

// changer is a verb of shared/op that changes one resource.
type changer interface {
	Check() error
	Run(ctx context.Context, p op.Ports, say op.Progress) (op.Changed, error)
}

// change checks a verb, and is the job that runs it and shows what it did.
func (in *input) change(c changer) job {
	in.check(c.Check())
	return func(ctx context.Context, s *session) (host.View, error) {
		site, err := s.open(ctx)
		if err != nil {
			return host.View{}, err
		}
		did, err := c.Run(ctx, site.Ports, s.say)
		return changed(did), err
	}
}

// looker is a verb of shared/op that shows what there is.
type looker[F any] interface {
	Check() error
	Run(ctx context.Context, p op.Ports) (F, error)
}

// look checks a status verb, and is the job that runs it and shows what it found.
func look[F any](in *input, c looker[F], show func(s *session, found F, site *host.Site) host.View) job {
	in.check(c.Check())
	return func(ctx context.Context, s *session) (host.View, error) {
		site, err := s.open(ctx)
		if err != nil {
			return host.View{}, err
		}
		found, err := c.Run(ctx, site.Ports)
		if err != nil {
			return host.View{}, err
		}
		return show(s, found, site), nil
	}
}

// session is one run of a verb.
type session struct {
	*tree
	c    *cli.Context
	name string // of the verb, its group's before it
	site *host.Site
}

// open opens the site, the first time it is called.
func (s *session) open(ctx context.Context) (*host.Site, error) {
	if s.site != nil {
		return s.site, nil
	}
	site, err := s.host.Open(ctx, s.c)
	if err != nil {
		return nil, err
	}
	s.site = site
	return site, nil
}

func (s *session) close() error {
	if s.site == nil || s.site.Close == nil {
		return nil
	}
	if err := s.site.Close(); err != nil {
		return fmt.Errorf("close the site: %w", err)
	}
	return nil
}

// say shows progress.
func (s *session) say(what string) { fmt.Fprintf(s.streams.Err, "waiting for %s\n", what) }
