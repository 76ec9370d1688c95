package command

import (
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// changed shows what was done to a resource.
func changed(did op.Changed) host.View {
	v := host.View{Verb: string(did.Did), Kind: strings.ToLower(did.Kind), Name: did.Name, Notes: did.Notes}
	v.Object = map[string]string{"kind": did.Kind, "name": did.Name, "did": string(did.Did)}
	if did.Object != nil {
		v.Object = did.Object
	}
	return v
}

// changes shows what was done to several resources, a line each.
func changes(all []op.Changed) host.View {
	v := host.View{Lines: []string{}}
	type line struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
		Did  op.Did `json:"did"`
	}
	lines := []line{}
	for _, did := range all {
		v.Lines = append(v.Lines, did.Kind+" "+did.Name+" "+string(did.Did))
		v.Notes = append(v.Notes, did.Notes...)
		lines = append(lines, line{did.Kind, did.Name, did.Did})
	}
	v.Object = lines
	return v
}

// column of a table of resources, and field of a single one.
type column[T any] struct {
	title, label, name string // ROUTING-KEY, Routing key, RoutingKey
	value              func(T) string
}

// listing shows resources as a table; named shows a single one as lines too, with more of them.
func listing[T v2alpha1.Object](found op.Status[T], named bool, kind, empty string, columns []column[T], more ...column[T]) host.View {
	v := host.View{Kind: kind, Notes: found.Notes}
	v.Object, v.Empty = host.List(found.Items), empty
	v.Columns = []host.Column{}
	for _, c := range columns {
		v.Columns = append(v.Columns, host.Column{Title: c.title, Name: c.name})
	}
	for _, it := range found.Items {
		row := make([]string, 0, len(columns))
		for _, c := range columns {
			row = append(row, c.value(it))
		}
		v.Rows = append(v.Rows, row)
	}
	if named && len(found.Items) == 1 {
		it := found.Items[0]
		v.Name, v.Object = it.GetName(), it
		for _, c := range append(columns, more...) {
			if text := c.value(it); text != "" || c.title != "" {
				v.Fields = append(v.Fields, host.Field{Title: c.label, Name: c.name, Value: text})
			}
		}
	}
	return v
}

func nameColumn[T v2alpha1.Object]() column[T] {
	return column[T]{"NAME", "Name", "Name", func(o T) string { return o.GetName() }}
}

func statusColumn[T v2alpha1.Object]() column[T] {
	return column[T]{"STATUS", "Status", "Status", func(o T) string { return string(v2alpha1.StatusOf(o).StatusType) }}
}

func messageColumn[T v2alpha1.Object]() column[T] {
	return column[T]{"MESSAGE", "Message", "Message", func(o T) string { return v2alpha1.StatusOf(o).Message }}
}
