package kubehost

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
)

// writeTable writes a table as kubectl aligns it; none if it has no rows.
func writeTable(w io.Writer, v host.View, headers bool) error {
	if len(v.Rows) == 0 {
		return nil
	}
	table := &metav1.Table{}
	for _, c := range v.Columns {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: c.Title, Type: "string"})
	}
	for _, r := range v.Rows {
		row := metav1.TableRow{}
		for _, cell := range r {
			row.Cells = append(row.Cells, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return printers.NewTablePrinter(printers.PrintOptions{NoHeaders: !headers}).PrintObj(table, w)
}

// listed are the resources of a view: of a table, in the order of its rows.
func listed(v host.View) []v2alpha1.Object {
	all := v.Documents
	if list, ok := v.Object.(map[string]any); ok && all == nil {
		all, _ = list["items"].([]any)
	}
	var out []v2alpha1.Object
	for _, item := range all {
		if o, ok := item.(v2alpha1.Object); ok {
			out = append(out, o)
		}
	}
	return out
}

// choose leaves the rows whose resources match the selector, and shows of which namespace each is if they are of all.
func choose(v host.View, selector string, everywhere bool) (host.View, error) {
	match, err := labels.Parse(selector)
	if err != nil {
		return v, err
	}
	all := listed(v)
	if len(all) != len(v.Rows) {
		return v, nil // a table of something else than resources
	}
	kept, rows := []any{}, [][]string{}
	for i, o := range all {
		if !match.Matches(labels.Set(o.GetLabels())) {
			continue
		}
		row := v.Rows[i]
		if everywhere {
			row = append([]string{o.GetNamespace()}, row...)
		}
		kept, rows = append(kept, o), append(rows, row)
	}
	if everywhere {
		v.Columns = append([]host.Column{{Title: "NAMESPACE", Name: "Namespace"}}, v.Columns...)
		what, _, _ := strings.Cut(v.Empty, " in namespace ")
		v.Empty, v.Next, v.Notes = what+" in any namespace", "", nil // those were of one namespace
	}
	if len(all) > 0 && len(kept) == 0 {
		v.Empty, v.Next = "none matches selector "+strconv.Quote(selector), ""
	}
	v.Object, v.Rows = host.List(kept), rows
	return v, nil
}

// extra is a column of -o wide.
type extra struct {
	title string
	value func(o v2alpha1.Object, now time.Time) string
}

// extras are the columns that -o wide has besides those that are always there.
func extras(kind string) []extra {
	age := extra{"AGE", func(o v2alpha1.Object, now time.Time) string {
		if t := o.GetCreationTimestamp(); !t.IsZero() {
			return duration.HumanDuration(now.Sub(t.Time))
		}
		return "<unknown>"
	}}
	switch kind {
	case v2alpha1.KindSite:
		return []extra{of("LINK-ACCESS", func(s *v2alpha1.Site) string { return s.Spec.LinkAccess }),
			of("SITES", func(s *v2alpha1.Site) string { return number(s.Status.SitesInNetwork) }),
			of("ENDPOINTS", func(s *v2alpha1.Site) string { return hosts(s.Status.Endpoints) }), age}
	case v2alpha1.KindLink:
		return []extra{of("REMOTE-SITE", func(l *v2alpha1.Link) string { return l.Status.RemoteSiteName }),
			of("ENDPOINTS", func(l *v2alpha1.Link) string { return hosts(l.Spec.Endpoints) }),
			of("TLS-CREDENTIALS", func(l *v2alpha1.Link) string { return l.Spec.TLSCredentials }), age}
	case v2alpha1.KindListener, v2alpha1.KindMultiKeyListener: // a listing may have both
		return []extra{of("TLS-CREDENTIALS", listenerCredentials), of("OBSERVER", observed), age}
	case v2alpha1.KindRouterAccess:
		return []extra{of("ENDPOINTS", func(r *v2alpha1.RouterAccess) string { return hosts(r.Status.Endpoints) }),
			of("TLS-CREDENTIALS", (*v2alpha1.RouterAccess).Credentials), age}
	case v2alpha1.KindAttachedConnector:
		return []extra{of("PODS", func(c *v2alpha1.AttachedConnector) string { return pods(c.Status.SelectedPods) }),
			of("TLS-CREDENTIALS", func(c *v2alpha1.AttachedConnector) string { return c.Spec.TLSCredentials }), age}
	case v2alpha1.KindAccessGrant:
		return []extra{of("URL", func(g *v2alpha1.AccessGrant) string { return g.Status.URL }), age}
	case v2alpha1.KindConnector:
		return []extra{of("PODS", func(c *v2alpha1.Connector) string { return pods(c.Status.SelectedPods) }),
			of("TLS-CREDENTIALS", func(c *v2alpha1.Connector) string { return c.Spec.TLSCredentials }), age}
	}
	return []extra{age}
}

func listenerCredentials(o v2alpha1.Object) string {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return o.Spec.TLSCredentials
	case *v2alpha1.MultiKeyListener:
		return o.Spec.TLSCredentials
	}
	return ""
}

func observed(o v2alpha1.Object) string {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return o.Spec.Observer
	case *v2alpha1.MultiKeyListener:
		return o.Spec.Observer
	}
	return ""
}

func pods(all []v2alpha1.PodDetails) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return strings.Join(names, ",")
}

func of[T v2alpha1.Object](title string, value func(T) string) extra {
	return extra{title, func(o v2alpha1.Object, _ time.Time) string {
		if typed, ok := o.(T); ok {
			if text := value(typed); text != "" {
				return text
			}
		}
		return "<none>"
	}}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func hosts(all []v2alpha1.Endpoint) string {
	var out []string
	for _, e := range all {
		if !slices.Contains(out, e.Host) {
			out = append(out, e.Host)
		}
	}
	return strings.Join(out, ",")
}

// widen adds the columns of -o wide.
func widen(v host.View, now time.Time) host.View {
	all := listed(v)
	if len(all) == 0 || len(all) != len(v.Rows) {
		return v
	}
	more := extras(v2alpha1.KindOf(all[0]))
	columns := slices.Clone(v.Columns)
	for _, x := range more {
		columns = append(columns, host.Column{Title: x.title})
	}
	rows := make([][]string, 0, len(all))
	for i, o := range all {
		row := slices.Clone(v.Rows[i])
		for _, x := range more {
			row = append(row, x.value(o, now))
		}
		rows = append(rows, row)
	}
	v.Columns, v.Rows = columns, rows
	return v
}
