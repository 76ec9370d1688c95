package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// The words by which shells ask for completions. The protocol is that of cobra, since kubectl speaks it with its plugins: the words
// typed so far follow, the last one, which may be empty, is to be completed. The answer is a line for each candidate, with a
// description behind a tab, and a last line with a colon and the directive.
const (
	completeWord      = "__complete"
	completeWordPlain = "__completeNoDesc" // without descriptions
)

// Directives to the shell, which can be added.
const (
	orFiles  = 0
	noSpace  = 2 // do not end the word behind the candidate
	notFiles = 4 // do not offer files where there is no candidate
)

// completeTime bounds what may be asked of a site: whoever pressed the key waits.
const completeTime = 3 * time.Second

// complete answers the shell. It never fails: what is not known is not offered.
func (t *tree) complete(ctx context.Context, top []*cli.Command, words []string, described bool) int {
	typed := ""
	if n := len(words); n > 0 {
		words, typed = words[:n-1], words[n-1]
	}
	l := parse(top, words)
	found, directive, prefix := t.candidates(ctx, top, l, typed)
	var b strings.Builder
	for _, c := range found {
		value, about, _ := strings.Cut(c, "\t")
		if !strings.HasPrefix(value, strings.TrimPrefix(typed, prefix)) {
			continue
		}
		b.WriteString(prefix + value)
		if about != "" && described {
			b.WriteString("\t" + strings.ReplaceAll(about, "`", ""))
		}
		b.WriteByte('\n')
	}
	if _, err := fmt.Fprintf(t.streams.Out, "%s:%d\n", b.String(), directive); err != nil {
		return fault.Failed.ExitCode()
	}
	return 0
}

// candidates are what the word can become; prefix is the part of it before what they replace.
func (t *tree) candidates(ctx context.Context, top []*cli.Command, l line, typed string) (found []string, directive int, prefix string) {
	if l.wants != "" {
		found, directive = t.flagValues(ctx, l, l.wants)
		return found, directive, ""
	}
	name, _, eq := strings.Cut(typed, "=")
	switch leaf := l.leaf(); {
	case l.dashed && leaf != nil:
		found, directive = t.operands(ctx, l)
		return found, directive, ""
	case strings.HasPrefix(typed, "--") && eq:
		found, directive = t.flagValues(ctx, l, name[2:])
		return found, directive, name + "="
	case strings.HasPrefix(typed, "-"):
		return t.flagNames(l), notFiles, ""
	case leaf == nil:
		return commandNames(top, l), notFiles, ""
	}
	found, directive = t.operands(ctx, l)
	return found, directive, ""
}

// commandNames are what can stand next where no command has been named in full.
func commandNames(top []*cli.Command, l line) (names []string) {
	cmds := top
	switch {
	case len(l.operands) > 0 || len(l.words) == 0 && l.faults != nil && len(l.flags) == 0: // an unknown command
		return nil
	case len(l.path) > 0:
		cmds = l.path[len(l.path)-1].Subcommands
	}
	for _, c := range cmds {
		if !c.Hidden {
			names = append(names, c.Name+"\t"+c.Usage)
		}
	}
	return names
}

// flagsOf are the flags that can stand where the line ends: those of its command or, where none has been named, those that every
// one has.
func (t *tree) flagsOf(l line) []cli.Flag {
	if leaf := l.leaf(); leaf != nil {
		return leaf.Flags
	}
	return t.host.Flags()
}

func (t *tree) flagNames(l line) (names []string) {
	for _, f := range t.flagsOf(l) {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		_, several := f.(*cli.StringSliceFlag)
		given := slices.ContainsFunc(l.flags, func(g given) bool { return slices.Contains(f.Names(), g.name) })
		if given && !several {
			continue
		}
		about := ""
		if d, ok := f.(cli.DocGenerationFlag); ok {
			about = d.GetUsage()
		}
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, "--"+n+"\t"+about)
			}
		}
	}
	return append(names, "--help\tshow help")
}

// operands are what the next operand can be.
func (t *tree) operands(ctx context.Context, l line) (found []string, directive int) {
	v, ok := t.verbs[l.leaf()]
	if !ok || len(l.operands) > 0 {
		return nil, notFiles
	}
	switch {
	case strings.Contains(v.operands, "FILE"):
		return nil, orFiles
	case strings.Contains(v.operands, "NAME") && len(v.kinds) > 0:
		return t.live(ctx, l, func(ctx context.Context, site *host.Site) []string { return namesOf(ctx, site, v.kinds...) }), notFiles
	}
	return nil, notFiles
}

// live asks the site that the flags of the line say.
func (t *tree) live(ctx context.Context, l line, ask func(context.Context, *host.Site) []string) (found []string) {
	t.in(ctx, l, func(c *cli.Context) {
		if r, ok := t.host.(host.Remote); ok {
			if there, err := r.Machine(c); err != nil || there != nil { // which takes longer than whoever presses a key waits
				return
			}
		}
		site, err := t.host.Open(c.Context, c)
		if err != nil {
			return
		}
		found = ask(c.Context, site)
		if site.Close != nil {
			_ = site.Close() // nothing was changed
		}
	})
	return found
}

// in calls do with the flags of the line as a command gets them.
func (t *tree) in(ctx context.Context, l line, do func(*cli.Context)) {
	leaf := cli.Command{Name: "any", Flags: t.flagsOf(l)}
	if named := l.leaf(); named != nil {
		leaf = *named
	}
	leaf.Action = func(c *cli.Context) error { do(c); return nil }
	prepare([]*cli.Command{&leaf})
	known := l
	known.flags = slices.DeleteFunc(slices.Clone(l.flags), func(g given) bool { return flagOf(leaf.Flags, g.name) == nil })
	known.path, known.words, known.operands = []*cli.Command{&leaf}, []string{leaf.Name}, nil
	app := &cli.App{Name: "complete", Commands: []*cli.Command{&leaf}, Writer: t.streams.Err, ErrWriter: t.streams.Err, HideHelp: true,
		HideHelpCommand: true, HideVersion: true, ExitErrHandler: func(*cli.Context, error) {}, DisableSliceFlagSeparator: true}
	within, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	_ = app.RunContext(within, known.argv("complete")) // flags that cannot be read complete nothing
}

// namesOf are the names of resources, each with its state.
func namesOf(ctx context.Context, site *host.Site, kinds ...string) (names []string) {
	for _, kind := range kinds {
		all, err := site.Store.List(ctx, kind)
		if err != nil {
			continue
		}
		for _, o := range all {
			text := o.GetName() + "\t"
			if s := v2alpha1.StatusOf(o); s != nil {
				text += string(s.StatusType)
			}
			names = append(names, strings.TrimSuffix(text, "\t"))
		}
	}
	return names
}

// flagValues are what a flag can be.
func (t *tree) flagValues(ctx context.Context, l line, name string) (found []string, directive int) {
	f := flagOf(t.flagsOf(l), name)
	if f == nil {
		return nil, notFiles
	}
	name = f.Names()[0]
	if _, ok := f.(*cli.BoolFlag); ok {
		return []string{"true", "false"}, notFiles
	}
	if h, ok := t.host.(host.Completer); ok {
		known := false
		t.in(ctx, l, func(c *cli.Context) { found, known = h.CompleteFlag(c.Context, c, name) })
		if known {
			return found, notFiles
		}
	}
	switch name {
	case "wait":
		return []string{op.WaitReady, op.WaitConfigured, op.WaitNone}, notFiles
	case "link-access-type", "access-type":
		return t.can.AccessTypes, notFiles
	case "observer":
		return op.Observers, notFiles
	case "strategy":
		return []string{op.StrategyPriority, op.StrategyWeighted}, notFiles
	case "type":
		return []string{v2alpha1.TypeTCP}, notFiles
	case "role":
		return []string{v2alpha1.RoleInterRouter, v2alpha1.RoleEdge}, notFiles
	case "output":
		return []string{"json", "yaml"}, notFiles
	case "workload":
		return []string{"deployment/", "service/", "daemonset/", "statefulset/"}, notFiles | noSpace
	case "tls-credentials", "default-issuer", "issuer":
		return t.live(ctx, l, func(ctx context.Context, site *host.Site) []string { return namesOf(ctx, site, v2alpha1.KindSecret) }), notFiles
	case "routing-key", "key":
		return t.live(ctx, l, keysInUse), notFiles
	case "filename":
		return nil, orFiles
	}
	return nil, notFiles
}

// keysInUse are the routing keys that this site knows of.
func keysInUse(ctx context.Context, site *host.Site) []string {
	var keys []string
	for _, kind := range []string{v2alpha1.KindListener, v2alpha1.KindConnector, v2alpha1.KindSite} {
		all, err := site.Store.List(ctx, kind)
		if err != nil {
			continue
		}
		for _, o := range all {
			switch o := o.(type) {
			case *v2alpha1.Listener:
				keys = append(keys, o.Spec.RoutingKey)
			case *v2alpha1.Connector:
				keys = append(keys, o.Spec.RoutingKey)
			case *v2alpha1.Site:
				for _, s := range o.Status.Network {
					for _, service := range s.Services {
						keys = append(keys, service.RoutingKey)
					}
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
