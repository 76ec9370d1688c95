package kubehost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/skupper-plugins/suite/shared/host"
)

// formats are what --output can be; those that end in "=" take a template.
var formats = []string{"json", "yaml", "name", "jsonpath=", "jsonpath-as-json=", "jsonpath-file=", "go-template=", "go-template-file="}

// tableFormats are those of listings only.
var tableFormats = []string{"wide", "custom-columns="}

// OutputFlags implements host.Host.
func (Host) OutputFlags(m host.Manner) []cli.Flag {
	text := "print the result as `FORMAT`: json, yaml, name, jsonpath=… or go-template=…"
	if m == host.Table {
		text = "print the result as `FORMAT`: json, yaml, name, wide, jsonpath=…, go-template=… or custom-columns=…"
	}
	flags := []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: text},
		&cli.BoolFlag{Name: "show-managed-fields", Hidden: true, Usage: "keep managedFields in json and yaml"},
	}
	if m != host.Table {
		return flags
	}
	return append(flags,
		&cli.BoolFlag{Name: "no-headers", Usage: "leave out the headers"},
		&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "go on and print what changes"},
		&cli.BoolFlag{Name: "watch-only", Usage: "print what changes, not what there is"},
		&cli.BoolFlag{Name: "all-namespaces", Aliases: []string{"A"}, Usage: "show those of all namespaces"},
		&cli.StringFlag{Name: "selector", Aliases: []string{"l"}, Usage: "show those whose labels match `SELECTOR`: key=value, key!=value, key in (a,b), key"})
}

// checkOutput finds what is wrong with --output. A template is parsed here, and its file read, so that nothing is changed if its
// result could not be shown.
func checkOutput(c *cli.Context) error {
	format := c.String("output")
	allowed := formats
	if lists(c) {
		allowed = append(slices.Clone(formats), tableFormats...)
	}
	name, template, given := strings.Cut(format, "=")
	switch {
	case format == "" || slices.Contains(allowed, format) && !given:
		return nil
	case !slices.Contains(allowed, name+"="):
		return fmt.Errorf("output is %q, want one of %s", format, strings.Join(allowed, ", "))
	case template == "":
		return fmt.Errorf("output is %q, want a template behind %s=", format, name)
	}
	if name == "custom-columns" {
		_, err := parseColumns(template)
		return err
	}
	_, err := templatePrinter(format)
	return err
}

// templatePrinter is kubectl's printer for a template.
func templatePrinter(format string) (printers.ResourcePrinter, error) {
	p, err := genericclioptions.NewKubeTemplatePrintFlags().ToPrinter(format)
	if err != nil {
		return nil, fmt.Errorf("output is %q: %w", format, oneLine(err))
	}
	return p, nil
}

// checkScope finds what is wrong with the flags that choose among resources.
func checkScope(c *cli.Context) (err error) {
	if !lists(c) {
		return nil
	}
	named := c.Args().Len() > 0
	if s := c.String("selector"); s != "" {
		if _, bad := labels.Parse(s); bad != nil {
			err = multierr.Append(err, fmt.Errorf("selector is %q: %w", s, bad))
		}
		if named {
			err = multierr.Append(err, fmt.Errorf("selector and a name cannot be given both"))
		}
	}
	if c.Bool("all-namespaces") && named {
		err = multierr.Append(err, fmt.Errorf("all-namespaces and a name cannot be given both: a resource has one namespace"))
	}
	return err
}

// lists tells a verb that has the flags of listings. That a verb has --selector says nothing: a connector has one of its own.
func lists(c *cli.Context) bool {
	return slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return f.Names()[0] == "no-headers" })
}
