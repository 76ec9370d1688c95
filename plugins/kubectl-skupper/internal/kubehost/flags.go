package kubehost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/urfave/cli/v2"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/skupper-plugins/suite/shared/fault"
)

// shownFlags are the flags of the connection that the help of every verb shows; `options` shows all.
var shownFlags = []string{"namespace", "context", "kubeconfig"}

// short are one-letter names besides those of kubectl: skupper's own command line has this one.
var short = map[string]string{"context": "c"}

// Flags implements host.Host: those by which kubectl finds the cluster.
func (Host) Flags() []cli.Flag {
	flags := []cli.Flag{&cli.StringFlag{Name: "platform", Aliases: []string{"p"}, Hidden: true, Usage: "only `kubernetes`"}}
	_, set := connectionSet()
	set.VisitAll(func(f *pflag.Flag) { flags = append(flags, bridge(f)) })
	return flags
}

func connectionSet() (*genericclioptions.ConfigFlags, *pflag.FlagSet) {
	flags := genericclioptions.NewConfigFlags(true)
	set := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	flags.AddFlags(set)
	return flags, set
}

// bridge is a flag of kubectl as one of ours.
func bridge(f *pflag.Flag) cli.Flag {
	hidden := !slices.Contains(shownFlags, f.Name)
	var aliases []string
	if f.Shorthand != "" {
		aliases = append(aliases, f.Shorthand)
	}
	if s := short[f.Name]; s != "" {
		aliases = append(aliases, s)
	}
	switch f.Value.Type() {
	case "bool":
		return &cli.BoolFlag{Name: f.Name, Aliases: aliases, Usage: usageOf(f), Hidden: hidden}
	case "stringArray":
		return &cli.StringSliceFlag{Name: f.Name, Aliases: aliases, Usage: usageOf(f), Hidden: hidden}
	}
	return &cli.StringFlag{Name: f.Name, Aliases: aliases, Usage: usageOf(f), Hidden: hidden}
}

// usageOf says what a flag of kubectl does in our own words where the help of every verb shows it, else in kubectl's.
func usageOf(f *pflag.Flag) string {
	switch f.Name {
	case "namespace":
		return "`NAMESPACE` of the site (default: that of the context)"
	case "context":
		return "`NAME` of the kubeconfig context to use"
	case "kubeconfig":
		return "`FILE` to use as kubeconfig"
	}
	return strings.TrimSuffix(f.Usage, ".")
}

// connection gives kubectl's own flags the values of a command line.
func connection(c *cli.Context) (*genericclioptions.ConfigFlags, error) {
	flags, set := connectionSet()
	var err error
	set.VisitAll(func(f *pflag.Flag) {
		if err != nil || !c.IsSet(f.Name) {
			return
		}
		var values []string
		switch f.Value.Type() {
		case "bool":
			values = []string{strconv.FormatBool(c.Bool(f.Name))}
		case "stringArray":
			values = c.StringSlice(f.Name)
		default:
			values = []string{c.String(f.Name)}
		}
		for _, v := range values {
			if bad := set.Set(f.Name, v); bad != nil && err == nil {
				err = fault.Wrap(fault.Usage, fmt.Sprintf("%s is %q", f.Name, v), bad, "")
			}
		}
	})
	return flags, err
}
