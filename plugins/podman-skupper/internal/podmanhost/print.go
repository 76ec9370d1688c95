package podmanhost

import (
	"fmt"
	"io"

	"github.com/containers/common/pkg/report"
	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/host"
)

// OutputFlags implements host.Host.
func (Host) OutputFlags(m host.Manner) []cli.Flag {
	flags := []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "print the result as `FORMAT`: json or yaml"}}
	if m == host.Documents {
		return flags
	}
	flags = append(flags, &cli.StringFlag{Name: "format", Usage: "print the result as json, or by a Go `TEMPLATE` such as '{{.Name}}' or 'table {{.Name}}\\t{{.Status}}'"})
	if m == host.Table {
		flags = append(flags,
			&cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}, Usage: "leave out the headings"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print names only"})
	}
	return flags
}

// checkOutput finds what is wrong with the flags of OutputFlags.
func checkOutput(c *cli.Context) (err error) {
	switch o := c.String("output"); o {
	case "", "json", "yaml":
	default:
		err = multierr.Append(err, fmt.Errorf("output is %q, want json or yaml", o))
	}
	f := c.String("format")
	if f != "" && c.String("output") != "" {
		err = multierr.Append(err, fmt.Errorf("format and output cannot be given both"))
	}
	if c.Bool("quiet") {
		for _, other := range []string{"format", "output"} {
			if c.String(other) != "" {
				err = multierr.Append(err, fmt.Errorf("%s and quiet cannot be given both", other))
			}
		}
	}
	if f != "" && !report.IsJSON(f) {
		if _, bad := report.New(io.Discard, "format").Parse(report.OriginUser, template(f)); bad != nil {
			err = multierr.Append(err, fmt.Errorf("format is %q, which is no template: %w", f, bad))
		}
	}
	return err
}

// Print implements host.Host.
func (Host) Print(c *cli.Context, s host.Streams, v host.View) error {
	if err := answer(c, s.Out, v); err != nil {
		return err
	}
	if v.Documents == nil && (c.String("output") != "" || c.String("format") != "" || c.Bool("quiet")) {
		v.Empty, v.Next = "", "" // nobody reads on
	}
	if v.Verb == "unchanged" && len(v.Notes) == 0 {
		v.Notes = []string{v.Kind + " " + v.Name + " is so already: nothing was changed"}
	}
	return host.WriteRemarks(s.Err, v)
}

// answer writes the result itself.
func answer(c *cli.Context, w io.Writer, v host.View) error {
	output, format := c.String("output"), c.String("format")
	switch {
	case v.Documents != nil:
		if output == "" {
			output = "yaml"
		}
		return host.EncodeDocuments(w, output, v.Documents)
	case output != "":
		return host.Encode(w, output, v.Object)
	case report.IsJSON(format) && format != "":
		return host.Encode(w, "json", v.Object)
	case format != "":
		return byTemplate(c, w, v, template(format))
	case c.Bool("quiet"):
		return names(w, v)
	case v.Columns != nil:
		if len(v.Rows) == 0 && v.Empty != "" {
			return nil // the remark says so
		}
		return host.WriteTable(w, v.Columns, v.Rows, !c.Bool("noheading"))
	case v.Fields != nil:
		return host.WriteFields(w, v.Fields)
	case v.Lines != nil:
		for _, l := range v.Lines {
			if _, err := fmt.Fprintln(w, l); err != nil {
				return err
			}
		}
		return nil
	case v.Name != "":
		_, err := fmt.Fprintln(w, v.Name) // just the name, to pipe
		return err
	}
	return nil
}

// names writes the names only.
func names(w io.Writer, v host.View) error {
	for _, rec := range host.Records(v) {
		if name := rec["Name"]; name != "" {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
	}
	return nil
}
