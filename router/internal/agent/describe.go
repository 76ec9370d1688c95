package agent

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// LogSource may be implemented by a Source that keeps the last log entries.
type LogSource interface {
	// RecentLog returns up to limit entries, the oldest first.
	RecentLog(limit int) []LogEntry
}

// LogEntry is one line of the router's log.
type LogEntry struct {
	Module, Level, Text string
	File                string // "" if unknown
	Line                int
	Time                int64 // seconds since 1970
}

// describe answers a GET- operation: a map by full type name, of all types or the one asked for.
func describe(r *request, of func(*config.Type) any) (any, *Fault) {
	var out wire.Map
	if r.entityType != "" {
		t := config.Lookup(r.entityType)
		if t == nil {
			return nil, badRequest("No such entity type '%s'", clip(r.entityType))
		}
		return append(out, wire.Pair{Key: t.FullName(), Value: of(t)}), nil
	}
	for _, t := range config.Types() {
		out = append(out, wire.Pair{Key: t.FullName(), Value: of(t)})
	}
	return out, nil
}

// supertypes are what a type is a kind of: something that is configured, or something that only happens to be there.
func supertypes(t *config.Type) []any {
	kind := "operationalEntity"
	if t.Configured() {
		kind = "configurationEntity"
	}
	return []any{config.Prefix + kind, config.Prefix + "entity"}
}

// attributeNames are the names of a type's attributes. A query has columns without one.
func attributeNames(t *config.Type) []any {
	return texts(slices.DeleteFunc(t.Columns(), func(name string) bool { return name == "" }))
}

// nodes lists the management addresses of all routers that are known.
func (a *Agent) nodes() any {
	out := []any{}
	for _, row := range a.src.Rows("router.node") {
		if address, _ := row["address"].(string); address != "" {
			out = append(out, address+"/$management")
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, row := range a.src.Rows("router") { // one that does not know others
		id, _ := row["id"].(string)
		prefix := "amqp:/_topo/0/"
		if row["mode"] == config.ModeEdge {
			prefix = "amqp:/_edge/"
		}
		out = append(out, prefix+id+"/$management")
	}
	return out
}

func (a *Agent) log(limit int) any {
	out := []any{}
	src, ok := a.src.(LogSource)
	if !ok {
		return out
	}
	if limit < 0 || limit > MaxLogEntries {
		limit = MaxLogEntries
	}
	for _, e := range src.RecentLog(limit) {
		var file any
		if e.File != "" {
			file = e.File
		}
		out = append(out, []any{e.Module, e.Level, e.Text, file, int32(e.Line), e.Time})
	}
	return out
}

// schema describes all types: attributes with type, default and what may be done with them, and operations.
func schema() wire.Map {
	var all wire.Map
	for _, t := range config.Types() {
		var attrs wire.Map
		for i := range t.Attributes {
			if t.Attributes[i].Name != "" {
				attrs = append(attrs, wire.Pair{Key: t.Attributes[i].Name, Value: attributeSchema(&t.Attributes[i])})
			}
		}
		all = append(all, wire.Pair{Key: t.Name, Value: wire.Map{
			{Key: "attributes", Value: attrs}, {Key: "operations", Value: texts(operations(t))},
			{Key: "fullName", Value: t.FullName()},
		}})
	}
	return wire.Map{{Key: "prefix", Value: strings.TrimSuffix(config.Prefix, ".")}, {Key: "entityTypes", Value: all}}
}

func attributeSchema(a *config.Attribute) wire.Map {
	var typ any = map[config.Kind]string{
		config.String: "string", config.Bool: "boolean", config.Map: "map", config.List: "list",
	}[a.Kind]
	if typ == "" {
		typ = "integer"
	}
	if a.Values != nil {
		typ = texts(a.Values)
	}
	m := wire.Map{{Key: "type", Value: typ}}
	if a.Default != nil {
		m = append(m, wire.Pair{Key: "default", Value: a.Default})
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"required", a.Required}, {"create", a.Create}, {"update", a.Update}, {"hidden", a.Secret}} {
		if f.set {
			m = append(m, wire.Pair{Key: f.name, Value: true})
		}
	}
	return m
}

// jsonSchema is the schema as one text.
func jsonSchema() (any, *Fault) {
	b, err := json.Marshal(jsonValue(schema()))
	if err != nil {
		return nil, faultOf(err)
	}
	return string(b), nil
}

func jsonValue(v any) any {
	m, ok := v.(wire.Map)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for _, p := range m {
		if key, ok := p.Key.(string); ok {
			out[key] = jsonValue(p.Value)
		}
	}
	return out
}
