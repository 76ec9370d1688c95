package podmanhost

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

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
	flags = append(flags, &cli.StringFlag{Name: "format", Usage: "print the result as json (a listing as an array), or by a Go `TEMPLATE` such as '{{.Name}}' or 'table {{.Name}}\\t{{.Status}}'"})
	if m == host.Table {
		flags = append(flags,
			&cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}, Usage: "leave out the headings"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print names only"},
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "go on and print what changes"})
		flags = append(flags, narrowFlags()...)
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
	if _, bad := filters(c); bad != nil {
		err = multierr.Append(err, bad)
	}
	if by := c.String("sort"); strings.HasPrefix(by, "-") {
		err = multierr.Append(err, fmt.Errorf("sort is %q, want the name of a column, such as name or status", by))
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
		} else if !fitsChange(c, template(f)) {
			err = multierr.Append(err, fmt.Errorf("format is %q, and of what this changes there are .Kind, .Name and .Verb, or of several things .Line", f))
		}
	}
	return err
}

// fitsChange tells whether a template fits what a verb gives that changes something: it is told before, as afterwards nothing can be
// taken back. What others give is known only then, and they change nothing.
func fitsChange(c *cli.Context, format string) bool {
	for _, f := range c.Command.Flags {
		if slices.Contains(f.Names(), "noheading") {
			return true // a listing
		}
	}
	one, several := host.View{Kind: "site", Name: "west", Verb: "created"}, host.View{Lines: []string{"Site west created"}}
	return byTemplate(c, io.Discard, one, format, false) == nil || byTemplate(c, io.Discard, several, format, false) == nil
}

// Follows implements host.Follower.
func (Host) Follows(c *cli.Context) bool { return c.Bool("watch") }

// Follow implements host.Follower. Of a document format each resource is a document.
func (Host) Follow(c *cli.Context, s host.Streams) func(host.View) error {
	var shown host.Shown
	first, fitted := true, map[string]bool{}
	return func(v host.View) error {
		whole := c.String("output") != "" || report.IsJSON(c.String("format")) && c.String("format") != ""
		v, err := narrow(c, shown.Changed(v, whole), fitted)
		if err != nil {
			return err
		}
		notes := host.View{Empty: v.Empty, Notes: v.Notes, Next: v.Next, Columns: v.Columns, Rows: v.Rows}
		defer func() { first = false }()
		if len(v.Rows) > 0 {
			if err := changes(c, s.Out, v, whole, first); err != nil {
				return err
			}
		}
		if !first || whole {
			return nil // people have been told
		}
		return host.WriteRemarks(s.Err, notes)
	}
}

func changes(c *cli.Context, w io.Writer, v host.View, whole, first bool) error {
	if !whole && c.String("format") == "" && !c.Bool("quiet") {
		return host.WriteTable(w, v.Columns, v.Rows, first && !c.Bool("noheading"))
	}
	if f := c.String("format"); !whole && f != "" {
		return byTemplate(c, w, v, template(f), first && !c.Bool("noheading"))
	}
	if !whole {
		return answer(c, w, v)
	}
	for i, o := range host.Items(v) {
		if c.String("output") == "yaml" && (!first || i > 0) {
			if _, err := io.WriteString(w, "---\n"); err != nil {
				return err
			}
		}
		v.Object = o
		if err := answer(c, w, v); err != nil {
			return err
		}
	}
	return nil
}

// Print implements host.Host.
func (Host) Print(c *cli.Context, s host.Streams, v host.View) error {
	v, err := narrow(c, v, nil)
	if err != nil {
		return err
	}
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
		return host.Encode(w, "json", asPodmans(v.Object))
	case format != "":
		return byTemplate(c, w, v, template(format), !c.Bool("noheading"))
	case c.Bool("quiet"):
		return names(w, v)
	case v.Fields != nil:
		return host.WriteFields(w, v.Fields)
	case v.Columns != nil:
		if len(v.Rows) == 0 && v.Empty != "" {
			return nil // the remark says so
		}
		return host.WriteTable(w, v.Columns, v.Rows, !c.Bool("noheading"))
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

// asPodmans is a result as Podman's --format json has it: a listing is an array. (Of -o json it is a List, as others of Kubernetes are.)
func asPodmans(object any) any {
	if list, ok := object.(map[string]any); ok {
		if all, ok := list["items"].([]any); ok {
			return append([]any{}, all...) // of nothing [], as Podman has it, and not null
		}
	}
	return object
}

// names writes the names only; of images they are what stands under IMAGE.
func names(w io.Writer, v host.View) error {
	for _, rec := range host.Records(v) {
		if name := cmp.Or(rec["Name"], rec["Image"]); name != "" {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
	}
	return nil
}
