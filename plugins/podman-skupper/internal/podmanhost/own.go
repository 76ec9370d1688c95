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
	// read checks the words and gives what does the work.
	read func(c *cli.Context, operands []string) (func() (host.View, error), error)
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
		v, err := do()
		if err != nil && len(v.Lines) == 0 && len(v.Rows) == 0 {
			return err
		}
		return multierr.Append(err, h.Print(c, s, v)) // what was done before a failure is shown
	}
	return c
}
