package podmanhost

import (
	"bytes"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/containers/common/pkg/report"
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// template lets "table" alone mean nothing special, as a template with no columns would print nothing.
func template(f string) string {
	if strings.TrimSpace(f) == "table" {
		return "table {{.Name}}"
	}
	return f
}

// byTemplate writes the records of a view by the user's template. A field that there is not is an error, and then nothing is
// written.
func byTemplate(c *cli.Context, w io.Writer, v host.View, format string, heading bool) error {
	var b bytes.Buffer
	f, err := report.New(&b, c.Command.Name).Parse(report.OriginUser, format)
	if err != nil {
		return fault.Wrap(fault.Usage, "format", err, "")
	}
	records, titles := host.Records(v), map[string]string{}
	for _, col := range v.Columns {
		titles[col.Name] = col.Title
	}
	for _, field := range v.Fields {
		titles[field.Name] = strings.ToUpper(field.Title)
	}
	names := slices.Sorted(maps.Keys(titles))
	if len(names) == 0 && len(records) > 0 {
		names = slices.Sorted(maps.Keys(records[0]))
	}
	if f.RenderHeaders && heading && len(titles) > 0 {
		records = append([]map[string]string{titles}, records...)
	}
	if err := f.Execute(structs(names, records)); err != nil {
		return fault.New(fault.Usage, "format "+format+" does not fit the result, whose fields are ."+strings.Join(names, ", ."), "")
	}
	if err := f.Flush(); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// structs are the records as templates like them best: of a map, they would take a name that it does not have for an empty value.
func structs(names []string, records []map[string]string) any {
	fields := make([]reflect.StructField, 0, len(names))
	for _, n := range names {
		fields = append(fields, reflect.StructField{Name: n, Type: reflect.TypeFor[string]()})
	}
	of := reflect.StructOf(fields)
	all := reflect.MakeSlice(reflect.SliceOf(of), len(records), len(records))
	for i, r := range records {
		for j, n := range names {
			all.Index(i).Field(j).SetString(r[n])
		}
	}
	return all.Interface()
}
