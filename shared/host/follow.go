package host

import (
	"encoding/json"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Follower is a Host whose listings can be followed as they change.
type Follower interface {
	// Follows tells whether the user wants that.
	Follows(c *cli.Context) bool
	// Follow gives what prints a listing when it is called first, and then what of it has changed.
	Follow(c *cli.Context, s Streams) func(v View) error
}

// Shown is what of a listing has been shown. The zero value has seen nothing.
type Shown struct {
	columns []Column
	rows    []shown
}

type shown struct {
	key, state string
	row        []string
	object     any
}

// Changed is v with those rows only that were not shown before as they are, and those that are gone, as they were but for the status.
// With whole the resources are compared, not only what the table has of them.
func (s *Shown) Changed(v View, whole bool) View {
	if len(v.Columns) == 0 { // of a resource that is gone nothing is known any more
		v.Columns = s.columns
	}
	s.columns = v.Columns
	var now []shown
	objects := Items(v)
	for i, row := range v.Rows {
		one := shown{row: row, state: strings.Join(row, "\x00")}
		if i < len(objects) {
			one.object = objects[i]
			if text, err := json.Marshal(one.object); whole && err == nil {
				one.state = string(text)
			}
		}
		one.key = RowKey(row, one.object)
		now = append(now, one)
	}
	before, rows, items := map[string]shown{}, [][]string{}, []any{}
	for _, b := range s.rows {
		before[b.key] = b
	}
	for _, n := range now {
		if b, seen := before[n.key]; !seen || b.state != n.state {
			rows, items = append(rows, n.row), append(items, n.object)
		}
		delete(before, n.key)
	}
	for _, b := range s.rows {
		if _, gone := before[b.key]; gone {
			rows, items = append(rows, deleted(v.Columns, b.row)), append(items, b.object)
		}
	}
	s.rows = now
	v.Rows, v.Object, v.Fields = rows, List(items), nil
	return v
}

// RowKey is what a row of a listing and its resource are known by, however they change.
func RowKey(row []string, object any) string {
	if o, ok := object.(v2alpha1.Object); ok {
		return v2alpha1.KindOf(o) + "/" + o.GetNamespace() + "/" + o.GetName()
	}
	if len(row) == 0 {
		return ""
	}
	return row[0]
}

func deleted(columns []Column, row []string) []string {
	row = append([]string{}, row...)
	for i, c := range columns {
		if c.Name == "Status" && i < len(row) {
			row[i] = "Deleted"
		}
	}
	return row
}

// Items are the resources of a listing in the order of its rows, or the single one of a view.
func Items(v View) []any {
	if list, ok := v.Object.(map[string]any); ok {
		all, _ := list["items"].([]any)
		return all
	}
	if v.Object == nil {
		return nil
	}
	return []any{v.Object}
}
