package kubehost

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"
)

// customColumns is what -o custom-columns=NAME:.metadata.name,… asks for.
type customColumns struct {
	titles []string
	paths  []*jsonpath.JSONPath
}

// parseColumns reads TITLE:PATH, separated by commas. A path may be written with or without braces and the dot in front.
func parseColumns(spec string) (customColumns, error) {
	var c customColumns
	for _, part := range strings.Split(spec, ",") {
		title, path, ok := strings.Cut(part, ":")
		if !ok || title == "" || path == "" {
			return c, fmt.Errorf("custom-columns has %q, want TITLE:PATH such as NAME:.metadata.name", part)
		}
		p := jsonpath.New(title).AllowMissingKeys(true)
		if err := p.Parse(relaxed(path)); err != nil {
			return c, fmt.Errorf("custom-columns has %q, which is no path: %w", path, oneLine(err))
		}
		c.titles, c.paths = append(c.titles, title), append(c.paths, p)
	}
	return c, nil
}

func relaxed(path string) string {
	if strings.HasPrefix(path, "{") && strings.HasSuffix(path, "}") {
		path = path[1 : len(path)-1]
	}
	if !strings.HasPrefix(path, ".") && !strings.HasPrefix(path, "[") && !strings.HasPrefix(path, "$") {
		path = "." + path
	}
	return "{" + path + "}"
}

func (c customColumns) write(w io.Writer, objects []any, headers bool) error {
	out := printers.GetNewTabWriter(w)
	if headers {
		fmt.Fprintln(out, strings.Join(c.titles, "\t"))
	}
	for _, o := range objects {
		cells := make([]string, 0, len(c.paths))
		for _, p := range c.paths {
			text, err := cellOf(p, o)
			if err != nil {
				return err
			}
			cells = append(cells, text)
		}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}

// cellOf is what a path finds, several values with commas between them.
func cellOf(p *jsonpath.JSONPath, o any) (string, error) {
	found, err := p.FindResults(o)
	if err != nil {
		return "", err
	}
	breaks := strings.NewReplacer("\n", " ", "\r", " ", "\t", " ") // of rows and columns
	var values []string
	for _, set := range found {
		for _, v := range set {
			var b bytes.Buffer
			if err := printers.WriteEscaped(&b, breaks.Replace(fmt.Sprint(v.Interface()))); err != nil {
				return "", err
			}
			values = append(values, b.String())
		}
	}
	if len(values) == 0 {
		return "<none>", nil
	}
	return strings.Join(values, ","), nil
}
