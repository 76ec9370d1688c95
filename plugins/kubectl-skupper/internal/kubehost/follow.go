package kubehost

import (
	"io"
	"strings"

	"github.com/liggitt/tabwriter"
	"github.com/urfave/cli/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/skupper-plugins/suite/shared/host"
)

// Follows implements host.Follower.
func (Host) Follows(c *cli.Context) bool { return c.Bool("watch") || c.Bool("watch-only") }

// Follow implements host.Follower. As with kubectl get --watch, of a document format each resource is a document.
func (h Host) Follow(c *cli.Context, s host.Streams) func(host.View) error {
	f := &following{h: h, c: c, out: s.Out, table: printers.GetNewTabWriter(s.Out), headers: !c.Bool("no-headers"), first: true}
	return func(v host.View) error {
		v, err := choose(v, c.String("selector"), c.Bool("all-namespaces"))
		if err != nil {
			return err
		}
		remarks := host.View{Empty: v.Empty, Notes: v.Notes, Next: v.Next, Columns: v.Columns, Rows: v.Rows}
		format := c.String("output")
		people := format == "" || format == "wide"
		v = f.shown.Changed(v, !people)
		first := f.first
		f.first = false
		if first && c.Bool("watch-only") {
			return nil
		}
		if err := f.print(v, format); err != nil || !first || !people {
			return err
		}
		return host.WriteRemarks(s.Err, remarks)
	}
}

// following is one listing that is followed.
type following struct {
	h       Host
	c       *cli.Context
	out     io.Writer
	table   *tabwriter.Writer // remembers how wide the columns were
	shown   host.Shown
	headers bool // are still to be written
	first   bool
	any     bool // something was written
}

func (f *following) print(v host.View, format string) error {
	if len(v.Rows) == 0 {
		return nil
	}
	defer func() { f.headers, f.any = false, true }()
	if format == "" || format == "wide" {
		if format == "wide" {
			v = widen(v, f.h.now())
		}
		if err := writeTable(f.table, v, f.headers); err != nil {
			return err
		}
		return f.table.Flush()
	}
	if format == "name" {
		return writeNames(f.out, v)
	}
	name, template, _ := strings.Cut(format, "=")
	if name == "custom-columns" {
		columns, err := parseColumns(template)
		if err != nil {
			return err
		}
		tree, err := document(v, false)
		if err != nil {
			return err
		}
		return columns.write(f.out, items(tree), f.headers)
	}
	for _, o := range host.Items(v) {
		if err := f.document(name, format, o); err != nil {
			return err
		}
	}
	return nil
}

func (f *following) document(name, format string, object any) error {
	tree, err := document(host.View{Object: object}, f.c.Bool("show-managed-fields"))
	if err != nil {
		return err
	}
	if name == "json" || name == "yaml" {
		if name == "yaml" && f.any {
			if _, err := io.WriteString(f.out, "---\n"); err != nil {
				return err
			}
		}
		f.any = true
		return host.Encode(f.out, name, tree)
	}
	p, err := templatePrinter(format)
	if err != nil {
		return err
	}
	if err := p.PrintObj(&unstructured.Unstructured{Object: tree}, f.out); err != nil {
		return err
	}
	_, err = io.WriteString(f.out, "\n")
	return err
}
