package agent

import (
	"slices"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// query answers QUERY: the columns, and a list of cells for each row.
func (a *Agent) query(r *request) (any, *Fault) {
	names, fault := r.attributeNames()
	if fault != nil {
		return nil, fault
	}
	if r.entityType == "" {
		return a.queryAll(r, names), nil
	}
	t := config.Lookup(r.entityType)
	if t == nil {
		if isNode(r.entityType) {
			return table(r, []string{"name", "identity", "type"}, [][]any{nodeCells([]string{"name", "identity", "type"})}), nil
		}
		return nil, badRequest("No such entity type '%s'", clip(r.entityType))
	}
	columns, fault := choose(t, names)
	if fault != nil {
		return nil, fault
	}
	rows := page(r, a.src.Rows(t.Name))
	cells := make([][]any, len(rows))
	for i, row := range rows {
		cells[i] = cellsOf(t, columns, row)
	}
	return tableOf(columns, cells), nil
}

// choose is all columns, or those named in the order named.
func choose(t *config.Type, names []string) ([]string, *Fault) {
	if len(names) == 0 {
		return t.Columns(), nil
	}
	known := make([]string, 0, len(names))
	var unknown []string
	for _, n := range names {
		if t.Attribute(n) != nil {
			known = append(known, n)
		} else {
			unknown = append(unknown, clip(n))
		}
	}
	if len(unknown) > 0 && !t.Lenient {
		return nil, notFound("Unknown attributes %s for type %s.", quoted(unknown), t.FullName())
	}
	return known, nil
}

// queryAll lists the entities of all types. Types without a column have null there.
func (a *Agent) queryAll(r *request, names []string) any {
	if len(names) == 0 {
		for _, t := range config.Types() {
			for _, c := range t.Columns() {
				if !slices.Contains(names, c) {
					names = append(names, c)
				}
			}
		}
	}
	cells := [][]any{nodeCells(names)}
	for _, t := range config.Types() {
		for _, row := range a.src.Rows(t.Name) {
			cells = append(cells, cellsOf(t, names, row))
		}
	}
	return table(r, names, cells)
}

// nodeCells is the row of the management node itself.
func nodeCells(names []string) []any {
	self := map[string]any{"name": "self", "identity": "self", "type": config.Prefix + nodeType}
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = self[n]
	}
	return out
}

func table(r *request, names []string, cells [][]any) any { return tableOf(names, page(r, cells)) }

func tableOf(names []string, cells [][]any) any {
	results := make([]any, len(cells))
	for i, c := range cells {
		results[i] = c
	}
	return wire.Map{{Key: "attributeNames", Value: texts(names)}, {Key: "results", Value: results}}
}

// page cuts out the rows that offset and count ask for.
func page[T any](r *request, rows []T) []T {
	rows = rows[min(r.offset, len(rows)):]
	if r.count >= 0 && r.count < len(rows) {
		rows = rows[:r.count]
	}
	return rows
}

func texts(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}
