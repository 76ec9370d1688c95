package manage

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
)

// Query reads all entities of a type, short or full: the attributes named, or all. A value is a string, bool,
// int64, float64, map[string]any, []any or nil.
func (c *Client) Query(ctx context.Context, entityType string, attributes ...string) ([]map[string]any, error) {
	short := strings.TrimPrefix(entityType, config.Prefix)
	names := make([]any, len(attributes)) // a list: an array of strings is read differently by old routers
	for i, n := range attributes {
		names[i] = n
	}
	var rows []map[string]any
	for {
		body, err := c.do(ctx, request{
			op: "QUERY", entityType: short,
			props: map[string]any{"operation": "QUERY", "type": "org.amqp.management", "name": "self",
				"entityType": config.Prefix + short, "count": int32(PageRows), "offset": int32(len(rows))},
			body: map[string]any{"attributeNames": names},
		})
		if err != nil {
			return nil, err
		}
		page, err := table(body)
		if err != nil {
			return nil, fmt.Errorf("QUERY %s: %w", short, err)
		}
		// A router that pages returns at most PageRows. One that does not, as skupper-router for most types,
		// returns everything, and the same again the next time.
		if len(rows) > 0 && len(page) > 0 && reflect.DeepEqual(page[0], rows[0]) {
			return rows, nil
		}
		rows = append(rows, page...)
		if len(page) != PageRows {
			return rows, nil
		}
		if len(rows) > MaxRows {
			return nil, fmt.Errorf("QUERY %s: more than %d rows", short, MaxRows)
		}
	}
}

// Read reads one entity by name.
func (c *Client) Read(ctx context.Context, entityType, name string) (map[string]any, error) {
	body, err := c.do(ctx, named("READ", entityType, name, nil))
	if err != nil {
		return nil, err
	}
	attrs, ok := plain(body, 0).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("READ %s %q: the reply's body is not a map", entityType, name)
	}
	return attrs, nil
}

// Create makes an entity.
func (c *Client) Create(ctx context.Context, entityType, name string, attrs map[string]any) error {
	_, err := c.do(ctx, named("CREATE", entityType, name, attrs))
	return err
}

// Update changes attributes of an entity.
func (c *Client) Update(ctx context.Context, entityType, name string, attrs map[string]any) error {
	_, err := c.do(ctx, named("UPDATE", entityType, name, attrs))
	return err
}

// Delete removes an entity.
func (c *Client) Delete(ctx context.Context, entityType, name string) error {
	_, err := c.do(ctx, named("DELETE", entityType, name, nil))
	return err
}

// named is a request about one entity.
func named(op, entityType, name string, attrs map[string]any) request {
	short := strings.TrimPrefix(entityType, config.Prefix)
	if t := config.Lookup(short); t != nil {
		short = t.Name // the file's alias is not known on the wire
	}
	props := map[string]any{"operation": op, "type": config.Prefix + short}
	if name != "" {
		props["name"] = name
	}
	return request{op: op, entityType: short, name: name, body: withoutName(attrs), props: props}
}

// table turns {attributeNames, results} into rows.
func table(body any) ([]map[string]any, error) {
	m, ok := plain(body, 0).(map[string]any)
	if !ok {
		return nil, errors.New("the reply's body is not a map")
	}
	names, okNames := m["attributeNames"].([]any)
	results, okResults := m["results"].([]any)
	if !okNames && m["attributeNames"] != nil || !okResults && m["results"] != nil {
		return nil, errors.New("the reply has no table")
	}
	rows := make([]map[string]any, 0, len(results))
	for i, r := range results {
		cells, ok := r.([]any)
		if !ok || len(cells) > len(names) {
			return nil, fmt.Errorf("row %d does not match the columns", i)
		}
		row := make(map[string]any, len(cells))
		for j, cell := range cells {
			name, ok := names[j].(string)
			if !ok {
				return nil, fmt.Errorf("column %d has no name", j)
			}
			row[name] = cell
		}
		rows = append(rows, row)
	}
	return rows, nil
}
