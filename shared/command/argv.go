package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"
)

// line is a command line, understood: which command it names, with which flags and operands.
type line struct {
	path     []*cli.Command // from the top command to the one that runs; empty if none was named
	words    []string       // names of path
	flags    []given        // in the order they were given
	operands []string
	help     bool   // --help or -h stood somewhere
	dashed   bool   // "--" has ended the flags
	wants    string // name of the flag that lacks its value at the end
	faults   error
}

// given is a flag as the user wrote it. Which flag it is may be known only later, when a command has been named.
type given struct {
	name  string // without dashes
	shown string // as it was written, for messages
	value string
}

// parse reads words (without the program's name) against the tree. All flags belong to leaf commands, but may stand
// anywhere. "--" ends the flags, "-" is an operand, one-letter flags can be grouped and carry their value (POSIX guideline 5
// and 6, with the GNU habit of letting flags follow operands). It reports everything wrong at once.
func parse(top []*cli.Command, words []string) line {
	l := line{}
	l.help = len(words) > 0 && words[0] == "help"
	if l.help {
		words = words[1:]
	}
	r := reader{line: &l, top: top, rest: words}
	for len(r.rest) > 0 && !r.lost {
		r.word(r.next())
	}
	if leaf := l.leaf(); leaf != nil {
		for _, g := range l.flags {
			if flagOf(leaf.Flags, g.name) == nil {
				l.fault("unknown flag %s%s", g.shown, suggestFlag(leaf.Flags, g.name))
			}
		}
	}
	return l
}

// empty tells a line without a word.
func (l *line) empty() bool {
	return len(l.words) == 0 && len(l.flags) == 0 && len(l.operands) == 0 && !l.help && l.faults == nil
}

// leaf is the command that runs, nil as long as none or only a group has been named.
func (l *line) leaf() *cli.Command {
	if len(l.path) == 0 || len(l.path[len(l.path)-1].Subcommands) > 0 {
		return nil
	}
	return l.path[len(l.path)-1]
}

func (l *line) fault(format string, args ...any) {
	l.faults = multierr.Append(l.faults, fmt.Errorf(format, args...))
}

// argv is the line in the one form that urfave/cli reads without loss: command words, flags with "=", "--", operands.
func (l *line) argv(program string) []string {
	out := append([]string{program}, l.words...)
	leaf := l.leaf()
	for _, g := range l.flags {
		out = append(out, "--"+flagOf(leaf.Flags, g.name).Names()[0]+"="+g.value)
	}
	if len(l.operands) > 0 {
		out = append(append(out, "--"), l.operands...)
	}
	return out
}

// reader goes through the words of a line once.
type reader struct {
	*line
	top  []*cli.Command
	rest []string
	lost bool // nothing after this can be understood
}

func (r *reader) next() string {
	w := r.rest[0]
	r.rest = r.rest[1:]
	return w
}

func (r *reader) word(w string) {
	switch {
	case w == "--":
		r.dashed = true
		for _, w := range r.rest {
			r.operand(w)
		}
		r.rest = nil
	case strings.HasPrefix(w, "--"):
		r.long(w)
	case len(w) > 1 && w[0] == '-':
		r.short(w)
	default:
		r.operand(w)
	}
}

// below are the commands that the next operand may name.
func (r *reader) below() []*cli.Command {
	if len(r.path) == 0 {
		return r.top
	}
	return r.path[len(r.path)-1].Subcommands
}

func (r *reader) operand(w string) {
	below := r.below()
	if len(below) == 0 {
		r.operands = append(r.operands, w)
		return
	}
	i := slices.IndexFunc(below, func(c *cli.Command) bool { return c.HasName(w) })
	if i < 0 {
		if w == "help" && len(r.words) > 0 { // "site help"
			r.help = true
			return
		}
		r.lost = true
		r.help = r.help || slices.ContainsFunc(r.untilDashes(), isHelp)
		hint := suggestCommand(below, w)
		if n := len(r.flags); n > 0 && r.flags[n-1].shown == "-n" && hint == "" { // kubectl's -n has a value
			hint = ": -n takes no value here, did you mean --namespace " + w + "?"
		}
		r.fault("unknown command %q%s", w, hint)
		return
	}
	r.path = append(r.path, below[i])
	r.words = append(r.words, below[i].Name)
}

func (r *reader) untilDashes() []string {
	if i := slices.Index(r.rest, "--"); i >= 0 {
		return r.rest[:i]
	}
	return r.rest
}

func isHelp(w string) bool { return w == "--help" || w == "-h" }

func (r *reader) long(w string) {
	name, value, eq := strings.Cut(w[2:], "=")
	shown := "--" + name
	if len(name) < 2 { // "--n" is no way to write "-n"
		r.fault("unknown flag %s", shown)
		return
	}
	known, takes := r.lookup(name)
	switch {
	case !known && name == "help" && !eq:
		r.help = true
	case !known:
		r.unknown(name, shown)
	case eq:
		r.set(name, shown, value, takes || r.optional(name))
	case !takes:
		r.flags = append(r.flags, given{name, shown, "true"})
	default:
		r.valueFromNext(name, shown)
	}
}

func (r *reader) short(w string) {
	for tail := w[1:]; tail != ""; {
		_, size := utf8.DecodeRuneInString(tail)
		name := tail[:size]
		tail = tail[size:]
		shown := "-" + name
		known, takes := r.lookup(name)
		switch {
		case !known && name == "h":
			r.help = true
		case !known:
			if len(w) > 2 {
				shown += " in " + w
			}
			r.unknown(name, shown)
			return // what follows may have been its value
		case strings.HasPrefix(tail, "="):
			r.set(name, shown, tail[1:], takes)
			return
		case !takes:
			r.flags = append(r.flags, given{name, shown, "true"})
		case tail != "":
			r.flags = append(r.flags, given{name, shown, tail})
			return
		default:
			r.valueFromNext(name, shown)
		}
	}
}

// set notes a flag with the value behind its "=".
func (r *reader) set(name, shown, value string, takes bool) {
	if _, err := strconv.ParseBool(value); !takes && err != nil {
		r.fault("%s is %q, want true or false", shown, value)
		return
	}
	r.flags = append(r.flags, given{name, shown, value})
}

// valueFromNext takes the next word as the value, unless it is itself a flag of this command: then the value was forgotten.
func (r *reader) valueFromNext(name, shown string) {
	if len(r.rest) == 0 {
		r.wants = name
		r.fault("flag %s needs a value", shown)
		return
	}
	if w := r.rest[0]; len(w) > 2 && strings.HasPrefix(w, "--") {
		other, _, _ := strings.Cut(w[2:], "=")
		if known, _ := r.lookup(other); known || other == "help" {
			r.fault("flag %s needs a value, but the flag %s follows (write %s=%s if that is the value)", shown, "--"+other, shown, w)
			return
		}
	}
	r.flags = append(r.flags, given{name, shown, r.next()})
}

// lookup tells whether a flag of that name exists where the line stands, and whether it takes a value. Before a command has
// been named in full, the flags of all commands still possible count; where they disagree, one with a value wins.
func (r *reader) lookup(name string) (known, takes bool) {
	if leaf := r.leaf(); leaf != nil {
		f := flagOf(leaf.Flags, name)
		return f != nil, f != nil && takesValue(f)
	}
	var walk func([]*cli.Command)
	walk = func(cmds []*cli.Command) {
		for _, c := range cmds {
			if f := flagOf(c.Flags, name); f != nil {
				known = true
				takes = takes || takesValue(f)
			}
			walk(c.Subcommands)
		}
	}
	walk(r.below())
	return known, takes
}

// optional tells a flag that may stand alone, but can have a value behind "=" that is more than true or false.
func (r *reader) optional(name string) bool {
	var found bool
	var walk func([]*cli.Command)
	walk = func(cmds []*cli.Command) {
		for _, c := range cmds {
			if g, ok := flagOf(c.Flags, name).(*cli.GenericFlag); ok && !takesValue(g) {
				found = true
			}
			walk(c.Subcommands)
		}
	}
	if leaf := r.leaf(); leaf != nil {
		walk([]*cli.Command{leaf})
	} else {
		walk(r.below())
	}
	return found
}

func (r *reader) unknown(name, shown string) {
	leaf := r.leaf()
	if leaf == nil {
		r.fault("unknown flag %s", shown)
		return
	}
	r.fault("unknown flag %s%s", shown, suggestFlag(leaf.Flags, name))
}

func flagOf(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	if g, ok := f.(*cli.GenericFlag); ok {
		alone, ok := g.Value.(interface{ IsBoolFlag() bool })
		return !ok || !alone.IsBoolFlag()
	}
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}
