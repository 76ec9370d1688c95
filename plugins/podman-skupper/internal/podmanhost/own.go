package podmanhost

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/host"
)

// own is a command that only this host has. It has the manners of the shared ones.
type own struct {
	name     string // with its group's: "shim install"
	operands string // as the help shows them; one word each
	usage    string
	more     string
	example  string // behind the name
	manner   host.Manner
	plain    bool // the result has one form only: no flags for others
	flags    []cli.Flag
	there    afar // nil: it is about this machine wherever sites are
	// read checks the words and gives what does the work.
	read func(c *cli.Context, operands []string) (func() (host.View, error), error)
}

// afar does a command on the machine of its site, which is another one. What that prints is the answer; only of a file that was
// written here there is more to say.
type afar func(r there) (host.View, error)

// there is what an afar has to go by.
type there struct {
	host.Machine
	c        *cli.Context
	name     []string // of the command
	operands []string
	streams  host.Streams
}

// words are those of the command, with these operands.
func (r there) words(operands ...string) []string { return host.Words(r.c, r.name, operands, nil) }

// same runs the command as it is. It has no files.
func same(r there) (host.View, error) {
	return host.View{}, r.Run(r.c.Context, r.words(r.operands...), host.Streams{Out: r.streams.Out, Err: r.streams.Err})
}

// ownCommand makes a command of it.
func (h Host) ownCommand(s host.Streams, o own) *cli.Command {
	leaf := o.name[strings.LastIndexByte(o.name, ' ')+1:]
	c := &cli.Command{Name: leaf, Usage: o.usage, ArgsUsage: o.operands, Description: o.more, Flags: o.flags}
	if !o.plain {
		c.Flags = append(c.Flags, h.OutputFlags(o.manner)...)
	}
	if o.example != "" {
		c.UsageText = h.Command() + " " + strings.TrimSpace(o.name+" "+o.example)
	}
	c.Action = func(c *cli.Context) error {
		words, wants := c.Args().Slice(), strings.Fields(o.operands)
		var err error
		switch {
		case len(words) < len(wants):
			err = fmt.Errorf("operand %s is missing", wants[len(words)])
		case len(words) > len(wants):
			err = fmt.Errorf("operand %q is one too many", words[len(wants)])
		}
		var do func() (host.View, error)
		if err == nil {
			do, err = o.read(c, words)
		}
		if err = multierr.Append(err, checkOutput(c)); err != nil {
			return host.Usage(o.name, err, "`"+o.name+" --help`")
		}
		if o.there != nil {
			if m, err := h.Machine(c); err != nil {
				return err
			} else if m != nil {
				v, err := o.there(there{m, c, strings.Fields(o.name), words, s})
				if err != nil || v.Verb == "" {
					return err
				}
				return h.Print(c, s, v)
			}
		}
		v, err := do()
		if err != nil && len(v.Lines) == 0 && len(v.Rows) == 0 {
			return err
		}
		return multierr.Append(err, h.Print(c, s, v)) // what was done before a failure is shown
	}
	return c
}
