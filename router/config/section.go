package config

import (
	"reflect"
	"slices"
	"strings"
)

// section ties an entity type to its slice (or, for the router, its struct) in a Config.
type section struct {
	short string // in the file
	of    func(*Config) any
}

// sections are in the order in which they are written: what others refer to comes first.
var sections = []section{
	{"router", func(c *Config) any { return &c.Router }},
	{"site", func(c *Config) any { return &c.Sites }},
	{"log", func(c *Config) any { return &c.Logs }},
	{"address", func(c *Config) any { return &c.Addresses }},
	{"sslProfile", func(c *Config) any { return &c.SSLProfiles }},
	{"proxyProfile", func(c *Config) any { return &c.ProxyProfiles }},
	{"listener", func(c *Config) any { return &c.Listeners }},
	{"connector", func(c *Config) any { return &c.Connectors }},
	{"tcpConnector", func(c *Config) any { return &c.TCPConnectors }},
	{"tcpListener", func(c *Config) any { return &c.TCPListeners }},
	{"listenerAddress", func(c *Config) any { return &c.ListenerAddresses }},
}

func findSection(entityType string) (section, bool) {
	t := Lookup(entityType)
	if t == nil {
		return section{}, false
	}
	for _, s := range sections {
		if s.short == t.Name || s.short == t.Alias {
			return s, true
		}
	}
	return section{}, false
}

// each calls f with every entity struct of the section.
func (s section) each(c *Config, f func(entity reflect.Value)) {
	v := reflect.ValueOf(s.of(c)).Elem()
	if v.Kind() == reflect.Struct {
		if !v.IsZero() {
			f(v)
		}
		return
	}
	for i := range v.Len() {
		f(v.Index(i))
	}
}

// Add decodes e and puts it in the configuration; an entity of another type goes to Unknown. The attributes
// that only a router reports are left out. Each fault is a text without the entity's name.
func (c *Config) Add(e Entity) (faults []string) {
	s, ok := findSection(e.Type)
	if !ok {
		c.Unknown = append(c.Unknown, e)
		return nil
	}
	slot := reflect.ValueOf(s.of(c)).Elem()
	if slot.Kind() == reflect.Struct {
		if !slot.IsZero() {
			return []string{"there is more than one"}
		}
		return decode(Lookup(s.short), e.Attributes, slot)
	}
	item := reflect.New(slot.Type().Elem()).Elem()
	faults = decode(Lookup(s.short), e.Attributes, item)
	slot.Set(reflect.Append(slot, item))
	return faults
}

// Entities lists the whole configuration in generic form: by type in the order in which they can be made,
// then by name. Unset attributes are absent.
func (c *Config) Entities() []Entity {
	var out []Entity
	for _, s := range sections {
		start := len(out)
		s.each(c, func(v reflect.Value) {
			out = append(out, Entity{Type: s.short, Attributes: attributes(encode(v, false))})
		})
		slices.SortStableFunc(out[start:], func(a, b Entity) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return append(out, c.Unknown...)
}

// ApplyDefaults sets every unset attribute that has a default.
func (c *Config) ApplyDefaults() {
	for _, s := range sections {
		t := Lookup(s.short)
		s.each(c, func(v reflect.Value) {
			fs, _ := fields(v)
			for _, f := range fs {
				a := t.Attribute(f.name)
				if a.Default == nil || f.load() != nil {
					continue
				}
				if v, err := a.Coerce(a.Default); err == nil {
					f.store(v)
				}
			}
		})
	}
}
