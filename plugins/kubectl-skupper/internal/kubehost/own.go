package kubehost

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// own is a command that only clusters have. It has the flags and the manners of the shared ones.
type own struct {
	name, usage, more, example string
	manner                     host.Manner
	flags                      []cli.Flag
	// read checks the flags and gives what does the work.
	read func(c *cli.Context) (func() (host.View, error), error)
}

func (h Host) own(s host.Streams, o own) *cli.Command {
	flags := append(append(o.flags, h.OutputFlags(o.manner)...), h.Flags()...)
	c := &cli.Command{Name: o.name, Usage: o.usage, Description: o.more, Flags: flags}
	if o.example != "" {
		c.UsageText = h.Command() + " " + o.example
	}
	c.Action = func(c *cli.Context) error {
		do, err := o.read(c)
		for _, w := range c.Args().Slice() {
			err = multierr.Append(err, fmt.Errorf("operand %q is one too many", w))
		}
		if err = multierr.Append(err, h.CheckFlags(c)); err != nil {
			return host.Usage(o.name, err, "`"+o.name+" --help`")
		}
		v, err := do()
		if err != nil && len(v.Lines) == 0 {
			return err
		}
		return multierr.Append(err, h.Print(c, s, v)) // what was done before a failure is shown
	}
	return c
}

// choice is the value of a flag that can also stand alone, and then means its first word.
type choice struct {
	words []string
	value string
}

// IsBoolFlag says that the flag takes no value but one behind "=".
func (*choice) IsBoolFlag() bool { return true }

// Set implements flag.Value.
func (c *choice) Set(s string) error {
	if c.value = s; s == "true" {
		c.value = c.words[0]
	}
	return nil
}

// String implements flag.Value.
func (c *choice) String() string { return c.value }

func (c *choice) check(flag string) error {
	for _, w := range append(c.words, "") {
		if c.value == w {
			return nil
		}
	}
	return fmt.Errorf("%s is %q, want %s", flag, c.value, strings.Join(c.words, " or "))
}

func say(s host.Streams) op.Progress {
	return func(what string) { fmt.Fprintf(s.Err, "waiting for %s\n", what) }
}
