package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/host"
)

// input reads the operands and flags of one command and gathers everything wrong with them. For a value that it could not
// read it gives one that passes every Check, so that nothing is reported twice.
type input struct {
	c      *cli.Context
	rest   []string // operands not read yet
	faults error
}

func newInput(c *cli.Context) *input { return &input{c: c, rest: c.Args().Slice()} }

func (in *input) fault(format string, args ...any) {
	in.faults = multierr.Append(in.faults, fmt.Errorf(format, args...))
}

// check adds what a verb's Check found.
func (in *input) check(err error) { in.faults = multierr.Append(in.faults, err) }

// operand is the next operand, which must be there; what is how the help calls it.
func (in *input) operand(what string) string {
	if len(in.rest) == 0 {
		in.fault("operand %s is missing", what)
		return "x"
	}
	return in.optional()
}

// optional is the next operand, or empty.
func (in *input) optional() string {
	if len(in.rest) == 0 {
		return ""
	}
	w := in.rest[0]
	in.rest = in.rest[1:]
	if w == "" {
		in.fault("an operand is empty")
		return "x"
	}
	return w
}

// port is the next operand, a port.
func (in *input) port() int {
	if len(in.rest) == 0 {
		in.fault("operand PORT is missing, want 1 to 65535")
		return 1
	}
	w := in.optional()
	n, err := number(w)
	if err != nil {
		in.fault("port is %q, want a number, 1 to 65535", w)
		return 1
	}
	return n
}

func (in *input) text(flag string) string { return in.c.String(flag) }

func (in *input) texts(flag string) []string { return in.c.StringSlice(flag) }

// hosts are the values of a flag that may be given again, or with commas.
func (in *input) hosts(flag string) []string {
	var all []string
	for _, v := range in.c.StringSlice(flag) {
		all = append(all, strings.Split(v, ",")...)
	}
	return all
}

func (in *input) isSet(flag string) bool { return in.c.Bool(flag) }

// number is a flag's value as a whole number; the caller's Check knows the range.
func (in *input) number(flag string) int {
	n, err := number(in.c.String(flag))
	if err != nil {
		in.fault("%s is %q, want a whole number", flag, in.c.String(flag))
		return 1
	}
	return n
}

// duration reads "90", seconds, as well as "90s" and "1h30m".
func (in *input) duration(flag string) time.Duration {
	d, err := duration(in.c.String(flag))
	if err != nil {
		in.fault("%s is %q, want a duration such as 90 (seconds), 90s or 15m", flag, in.c.String(flag))
		return time.Minute
	}
	return d
}

// The given ones are nil unless the user gave the flag: an update changes nothing else.

func (in *input) givenText(flag string) *string {
	if !in.c.IsSet(flag) {
		return nil
	}
	v := in.c.String(flag)
	return &v
}

func (in *input) givenNumber(flag string) *int {
	if !in.c.IsSet(flag) {
		return nil
	}
	v := in.number(flag)
	return &v
}

func (in *input) givenBool(flag string) *bool {
	if !in.c.IsSet(flag) {
		return nil
	}
	v := in.c.Bool(flag)
	return &v
}

func (in *input) givenHosts(flag string) *[]string {
	if !in.c.IsSet(flag) {
		return nil
	}
	v := in.hosts(flag)
	return &v
}

// err is everything wrong as one usage error, or nil.
func (in *input) err(verb, help string) error {
	for _, w := range in.rest {
		in.fault("operand %q is one too many", w)
	}
	return host.Usage(verb, in.faults, help)
}

func number(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err
}

func duration(s string) (time.Duration, error) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(s)
}
