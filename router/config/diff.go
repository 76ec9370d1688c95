package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Changes lead from one configuration to another. They are to be made in this order: Deleted, Updated,
// Created, each from its start, so that nothing is ever referred to that does not exist.
type Changes struct {
	// Deleted have their old attributes.
	Deleted []Entity
	// Updated have their name and only the attributes to change.
	Updated []Entity
	// Created have all their attributes.
	Created []Entity
	// RestartNeeded names what cannot be changed while the router runs, such as "router.mode".
	RestartNeeded []string
}

// Empty says whether there is nothing to do.
func (c Changes) Empty() bool {
	return len(c.Deleted)+len(c.Updated)+len(c.Created)+len(c.RestartNeeded) == 0
}

// AutoMeshPrefix begins the names of the connectors that a router makes by itself. They are left alone.
const AutoMeshPrefix = "auto-mesh"

// Diff compares two configurations, either of which may have been read from a running router. The order of
// entities, defaults spelt out and entities of unknown types do not matter. What a type does not allow to be
// updated is deleted and created again. Both should have passed [Config.Check]: of entities with the same name
// only the last counts.
func Diff(from, to *Config) Changes {
	var d differ
	d.diffRouter(from, to)
	old, want := from.index(), to.index()
	for _, s := range sections[1:] {
		d.diffType(Lookup(s.short), old[s.short], want[s.short])
	}
	d.followListeners(old["listenerAddress"], want["listenerAddress"])
	d.order()
	slices.Sort(d.RestartNeeded)
	return d.Changes
}

type differ struct{ Changes }

// item is an entity in normal form with the name it goes by, which the form may lack.
type item struct {
	Entity
	name string
}

// deletion is the entity with its name, which is what it is deleted by.
func (i item) deletion() Entity {
	attrs := maps.Clone(i.Attributes)
	attrs["name"] = i.name
	return Entity{Type: i.Type, Attributes: attrs}
}

// index holds items by type and key.
type index map[string]map[string]item

func (c *Config) index() index {
	out := index{}
	for _, s := range sections[1:] {
		out[s.short] = map[string]item{}
	}
	for _, e := range c.Entities() {
		of, ok := out[e.Type]
		if !ok {
			continue
		}
		normal := e.Normal()
		key := normal.Name()
		switch e.Type { // these are told apart by more than a name
		case "site":
			key = e.Type
		case "address":
			key = Identity(e.Type, e.Attributes)
		case "listener", "connector", "tcpListener", "tcpConnector":
			key = e.Name() // before a default host or port is dropped
		}
		of[key] = item{normal, e.Name()}
	}
	return out
}

func (d *differ) diffRouter(from, to *Config) {
	attrs := func(c *Config) map[string]any {
		v := reflect.ValueOf(c.Router)
		return Entity{Type: "router", Attributes: attributes(encode(v, false))}.Normal().Attributes
	}
	for name := range changed(attrs(from), attrs(to)) {
		d.RestartNeeded = append(d.RestartNeeded, "router."+name)
	}
}

func (d *differ) diffType(t *Type, old, want map[string]item) {
	for _, key := range sortedKeys(old) {
		if _, kept := want[key]; kept || t.Name == "connector" && strings.HasPrefix(key, AutoMeshPrefix) {
			continue
		}
		d.remove(t, key, old[key])
	}
	for _, key := range sortedKeys(want) {
		before, existed := old[key]
		after := want[key]
		if !existed {
			d.add(t, key, after.Entity)
			continue
		}
		diff := changed(before.Attributes, after.Attributes)
		for name, v := range diff { // a router may hide secrets
			if a := t.Attribute(name); a != nil && a.Secret && before.Attributes[name] == Hidden && v != nil {
				delete(diff, name)
			}
		}
		if len(diff) > 0 {
			d.change(t, before, after, diff)
		}
	}
}

func (d *differ) remove(t *Type, key string, e item) {
	switch {
	case t.Operations&OpDelete != 0:
		d.Deleted = append(d.Deleted, e.deletion())
	case t.Name == "log":
		if _, given := e.Attributes["enable"]; given {
			level := "default"
			if e.Attributes["module"] == "DEFAULT" {
				level = "info+"
			}
			d.Updated = append(d.Updated, Entity{Type: e.Type, Attributes: map[string]any{"name": key, "enable": level}})
		}
	default:
		d.RestartNeeded = append(d.RestartNeeded, e.Type)
	}
}

func (d *differ) add(t *Type, key string, e Entity) {
	switch {
	case t.Operations&OpCreate != 0 && t.Operations&OpDelete != 0:
		d.Created = append(d.Created, e)
	case t.Name == "log": // every module has one from the start
		attrs := maps.Clone(e.Attributes)
		delete(attrs, "module")
		attrs["name"] = key
		if len(attrs) > 1 {
			d.Updated = append(d.Updated, Entity{Type: e.Type, Attributes: attrs})
		}
	default:
		d.RestartNeeded = append(d.RestartNeeded, e.Type)
	}
}

func (d *differ) change(t *Type, before, after item, diff map[string]any) {
	live := t.Operations&OpUpdate != 0
	for name := range diff {
		if a := t.Attribute(name); a == nil || !a.Update {
			live = false
		}
	}
	switch {
	case live:
		attrs := diff
		for name, v := range attrs {
			if v == nil { // back to what it is when not given
				attrs[name] = t.Attribute(name).unset()
			}
		}
		attrs["name"] = before.name
		d.Updated = append(d.Updated, Entity{Type: after.Type, Attributes: attrs})
	case t.Operations&OpDelete != 0:
		d.Deleted = append(d.Deleted, before.deletion())
		d.Created = append(d.Created, after.Entity)
	default:
		d.RestartNeeded = append(d.RestartNeeded, after.Type)
	}
}

// unset is the value that an update sends to take a value away.
func (a *Attribute) unset() any {
	if a.Default != nil {
		return a.Default
	}
	switch a.Kind {
	case String:
		return ""
	case Bool:
		return false
	case Map, List:
		return nil
	}
	return int64(0)
}

// followListeners makes the addresses of a multi-address listener go and come back with it: a listener
// cannot be deleted while they refer to it.
func (d *differ) followListeners(old, want map[string]item) {
	gone := map[string]bool{}
	for _, e := range d.Deleted {
		if e.Type == "tcpListener" {
			gone[e.Name()] = true
		}
	}
	has := func(list []Entity, key string) bool {
		return slices.ContainsFunc(list, func(e Entity) bool { return e.Type == "listenerAddress" && e.Name() == key })
	}
	for _, key := range sortedKeys(old) {
		if ref, _ := old[key].Attributes["listener"].(string); gone[ref] && !has(d.Deleted, key) {
			d.Deleted = append(d.Deleted, old[key].deletion())
			if e, kept := want[key]; kept && !has(d.Created, key) {
				d.Created = append(d.Created, e.Entity)
			}
		}
	}
}

// order sorts by type: users before what they use when deleting, the reverse when creating.
func (d *differ) order() {
	rank := map[string]int{}
	for i, s := range sections {
		rank[s.short] = i
	}
	byType := func(sign int) func(a, b Entity) int {
		return func(a, b Entity) int { return sign * (rank[a.Type] - rank[b.Type]) }
	}
	slices.SortStableFunc(d.Deleted, byType(-1))
	slices.SortStableFunc(d.Updated, byType(1))
	slices.SortStableFunc(d.Created, byType(1))
}

// changed maps the names of attributes that differ to their new values; nil means no longer given.
func changed(old, want map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range want {
		if !reflect.DeepEqual(old[name], v) {
			out[name] = v
		}
	}
	for name := range old {
		if _, kept := want[name]; !kept {
			out[name] = nil
		}
	}
	return out
}

func sortedKeys(m map[string]item) []string { return slices.Sorted(maps.Keys(m)) }
