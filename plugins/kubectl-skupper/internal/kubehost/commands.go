package kubehost

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// Commands implements host.Commander: as with kubectl, the many flags that say where the cluster is have a page of their own.
func (h Host) Commands(s host.Streams) []*cli.Command {
	return []*cli.Command{h.install(s), h.uninstall(s), h.completion(s), {
		Name: "options", Usage: "list the flags that every command has",
		Action: func(c *cli.Context) error {
			if c.Args().Len() > 0 {
				return fault.New(fault.Usage, fmt.Sprintf("options: operand %q is one too many", c.Args().First()), "`options --help`")
			}
			return writeOptions(s)
		},
	}}
}

func writeOptions(s host.Streams) error {
	var b strings.Builder
	b.WriteString("The following flags can be given to every command, anywhere behind \"kubectl skupper\":\n\n")
	_, set := connectionSet()
	set.VisitAll(func(f *pflag.Flag) {
		names := "--" + f.Name
		switch {
		case f.Shorthand != "":
			names = "-" + f.Shorthand + ", " + names
		case short[f.Name] != "":
			names = "-" + short[f.Name] + ", " + names
		default:
			names = "    " + names
		}
		if f.Value.Type() != "bool" {
			names += "=" + strings.ToUpper(strings.ReplaceAll(f.Value.Type(), "stringArray", "value"))
		}
		fmt.Fprintf(&b, "  %s\n        %s\n", names, strings.ReplaceAll(usageOf(f), "`", ""))
	})
	_, err := fmt.Fprint(s.Out, b.String())
	return err
}
