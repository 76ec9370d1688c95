package podmanhost

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// narrowFlags choose of a listing, and order it, as podman's own do.
func narrowFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "list only those of which `COLUMN=VALUE` is true; of the name VALUE is a regular expression. Several of one column: any of them; of several columns: all"},
		&cli.StringFlag{Name: "sort", Usage: "order by `COLUMN`, such as name or status"},
	}
}

// filter is one value of --filter.
type filter struct {
	column, value string
	name          *regexp.Regexp // that the name has to match; nil for other columns
}

// filters are those of the command line, with what is wrong with them.
func filters(c *cli.Context) (all []filter, err error) {
	for _, text := range c.StringSlice("filter") {
		column, value, ok := strings.Cut(text, "=")
		if !ok || column == "" {
			return nil, fmt.Errorf("filter is %q, want COLUMN=VALUE, such as status=ready", text)
		}
		f := filter{column: plain(column), value: value}
		if f.column == "name" {
			if f.name, err = regexp.Compile(value); err != nil {
				return nil, fmt.Errorf("filter is %q, and its value is no regular expression: %w", text, err)
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// plain makes ROUTING-KEY, RoutingKey and routing_key the same.
func plain(column string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(column))
}

// matches tells whether a cell is what the filter wants.
func (f filter) matches(cell string) bool {
	if f.name != nil {
		return f.name.MatchString(cell)
	}
	return strings.EqualFold(f.value, cell)
}

// narrow is a listing as --filter and --sort want it. Rows that fitted before stay in once more, so that whoever follows them sees
// what they have become; fitted, which may be nil, is told which do now.
func narrow(c *cli.Context, v host.View, fitted map[string]bool) (host.View, error) {
	wanted, err := filters(c)
	order := c.String("sort")
	if err != nil || len(wanted) == 0 && order == "" || v.Columns == nil || v.Fields != nil || len(v.Columns) == 0 {
		return v, err
	}
	groups := map[int][]filter{} // by column
	for _, f := range wanted {
		at, err := columnOf(v, "filter", f.column)
		if err != nil {
			return v, err
		}
		groups[at] = append(groups[at], f)
	}
	by := -1
	if order != "" {
		if by, err = columnOf(v, "sort", plain(order)); err != nil {
			return v, err
		}
	}
	type line struct {
		row  []string
		item any
	}
	var lines []line
	items := host.Items(v)
	for i, row := range v.Rows {
		l := line{row: row}
		if i < len(items) {
			l.item = items[i]
		}
		key, fits := host.RowKey(row, l.item), chosen(groups, row)
		if fits || fitted[key] {
			lines = append(lines, l)
		}
		if fitted != nil {
			fitted[key] = fits
		}
	}
	if by >= 0 {
		slices.SortStableFunc(lines, func(a, b line) int { return compare(cell(a.row, by), cell(b.row, by)) })
	}
	had := len(v.Rows)
	v.Rows = nil
	all := make([]any, 0, len(lines))
	for _, l := range lines {
		v.Rows, all = append(v.Rows, l.row), append(all, l.item)
	}
	if len(items) == had {
		v.Object = host.List(all)
	}
	if had > 0 && len(lines) == 0 {
		v.Empty, v.Next = fmt.Sprintf("none of %d fits the filter", had), ""
	}
	return v, nil
}

// columnOf finds a column by the name that people give it.
func columnOf(v host.View, flag, name string) (int, error) {
	var all []string
	for i, col := range v.Columns {
		if plain(col.Name) == name || plain(col.Title) == name {
			return i, nil
		}
		all = append(all, strings.ToLower(col.Title))
	}
	return 0, fault.New(fault.Usage, fmt.Sprintf("%s names %q, and the columns are %s", flag, name, strings.Join(all, ", ")), "")
}

func chosen(groups map[int][]filter, row []string) bool {
	for at, any := range groups {
		if !slices.ContainsFunc(any, func(f filter) bool { return f.matches(cell(row, at)) }) {
			return false
		}
	}
	return true
}

func cell(row []string, at int) string {
	if at < len(row) {
		return row[at]
	}
	return ""
}

// compare orders numbers as numbers.
func compare(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
