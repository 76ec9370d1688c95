package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// Main runs the command that args (without the program's name) name and returns the exit code: 0 done, 1 failed, 2 usage,
// 3 not ready in time, 4 not found, 5 denied or expired, 6 conflict, 125 the container engine failed. An error is printed once,
// on s.Err.
func Main(ctx context.Context, h host.Host, s host.Streams, args []string) int {
	t := newTree(h, s)
	top := t.top()
	if len(args) > 0 && (args[0] == completeWord || args[0] == completeWordPlain) {
		return t.complete(ctx, top, args[1:], args[0] == completeWord)
	}
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") { // what everybody tries first
		args = []string{"version"}
	}
	l := parse(top, args)
	err := run(ctx, h, s, top, l)
	if ended, ok := err.(host.Ended); ok { //nolint:errorlint // of an error that has more to tell the rest is not told yet
		return ended.Code
	}
	if err != nil {
		report(ctx, s.Err, shown{h.Command(), t.here(l), top, len(l.path) == 1}, err)
	}
	return fault.ExitCode(err)
}

func run(ctx context.Context, h host.Host, s host.Streams, top []*cli.Command, l line) error {
	name := strings.Join(l.words, " ")
	switch {
	case l.help && (l.faults == nil || l.leaf() != nil), l.empty():
		return writeHelp(s.Out, h, top, l)
	case l.faults != nil:
		return host.Usage(name, l.faults, "`"+strings.TrimSpace(name+" --help")+"`")
	case l.leaf() == nil:
		return missingCommand(top, l, name)
	}
	prepare(top)
	app := &cli.App{
		Name: h.Command(), Commands: top,
		Writer: s.Err, ErrWriter: s.Err, // the library's own words are no answer
		ExitErrHandler: func(*cli.Context, error) {}, // only Main decides the exit code
		HideHelp:       true, HideHelpCommand: true, HideVersion: true,
		DisableSliceFlagSeparator: true, // file names may have commas
	}
	return app.RunContext(ctx, l.argv(h.Command()))
}

// prepare keeps the library from adding flags and commands, and from printing help by itself.
func prepare(cmds []*cli.Command, above ...string) {
	for _, c := range cmds {
		name := strings.Join(append(above[:len(above):len(above)], c.Name), " ")
		c.HideHelp, c.HideHelpCommand = true, true
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
			return fault.Wrap(fault.Usage, name, errors.New(dashed(err.Error())), "`"+name+" --help`")
		}
		prepare(c.Subcommands, append(above[:len(above):len(above)], c.Name)...)
	}
}

// dashed writes the flag package's "-wait" as the user did.
func dashed(s string) string { return strings.ReplaceAll(s, " flag -", " flag --") }

func missingCommand(top []*cli.Command, l line, name string) error {
	cmds, what := top, "a command is missing"
	if len(l.path) > 0 {
		cmds, what = l.path[len(l.path)-1].Subcommands, fmt.Sprintf("a command is missing after %q", name)
	}
	var names []string
	for _, c := range cmds {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return fault.New(fault.Usage, what+", want one of "+strings.Join(names, ", "), "`"+strings.TrimSpace(name+" --help")+"`")
}

// report prints an error: what failed and why, then what to try.
func report(ctx context.Context, w io.Writer, as shown, err error) {
	msg := failures(err)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		msg = "interrupted: " + msg
	}
	fmt.Fprintf(w, "Error: %s\n", as.qualify(msg))
	if hint := fault.Hint(err); hint != "" {
		fmt.Fprintf(w, "try: %s\n", as.qualify(hint))
	}
}

// failures is the text of an error: of several, a line each, further lines set in; parts that came from outside cannot play with
// the terminal.
func failures(err error) string {
	msg := err.Error()
	if all := multierr.Errors(err); len(all) > 1 {
		msg = fmt.Sprintf("%d things failed:", len(all))
		for _, e := range all {
			msg += "\n" + e.Error()
		}
	}
	lines := strings.Split(strings.ReplaceAll(msg, ": \n", ":\n"), "\n")
	for i, l := range lines {
		l = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, l)
		if i > 0 {
			l = "  " + strings.TrimLeft(l, " ")
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}
