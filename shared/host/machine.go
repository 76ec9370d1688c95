package host

import (
	"context"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"
)

// Remote is a Host whose user can choose another machine, on which the site is then: what works on the site runs there.
type Remote interface {
	// Machine is the machine that the flags and the environment lead to, nil if it is this one. It opens nothing.
	Machine(c *cli.Context) (Machine, error)
}

// Machine is another machine that has the program too.
type Machine interface {
	// Run runs the program there with these words. What it prints goes to s as it comes; if s.In is not nil it is what the program
	// reads. When ctx ends, the program there is interrupted. The error is an Ended if the program ran, and failed.
	Run(ctx context.Context, words []string, s Streams) error
}

// Ended is the error of a program that has itself told what went wrong.
type Ended struct {
	Code int // its exit code
}

// Error implements error.
func (e Ended) Error() string { return "it ended with code " + strconv.Itoa(e.Code) }

// Words are those of a command as it was called, in the one form that cannot be misread, with these operands instead of its own.
// The flags for which without is true are left out.
func Words(c *cli.Context, command []string, operands []string, without func(flag string) bool) []string {
	words := append([]string{}, command...)
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) || without != nil && without(name) {
			continue
		}
		values := []string{fmt.Sprint(c.Value(name))}
		if _, ok := f.(*cli.StringSliceFlag); ok {
			values = c.StringSlice(name)
		}
		for _, v := range values {
			words = append(words, "--"+name+"="+v)
		}
	}
	if len(operands) > 0 {
		words = append(append(words, "--"), operands...)
	}
	return words
}
