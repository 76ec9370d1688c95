package config

import "strings"

// Prefix is what a type name begins with on the wire. The file leaves it out.
const Prefix = "io.skupper.router."

// Kind is the type of an attribute's value.
type Kind uint8

// Kinds of value, each with the Go type that stands for it and the AMQP type that carries it.
const (
	String Kind = iota // string
	Int                // int32
	Bool               // bool
	Map                // map[string]any
	List               // []any
	Uint               // uint32
	Ulong              // uint64
	Long               // int64
)

// Attribute describes one attribute of an entity type.
type Attribute struct {
	Name     string
	Kind     Kind
	Default  any      // nil means none; else string, int or bool
	Required bool     // must be given when the entity is made
	Create   bool     // may be given when the entity is made; false: only reported
	Update   bool     // may be changed later
	Secret   bool     // never to be logged
	Port     bool     // a TCP port: 1 to 65535, "amqp" or "amqps"
	Values   []string // the values allowed; nil means any
	Min, Max int      // range of an Int that may be given; both 0 means any
}

// Operation is a set of management operations.
type Operation uint8

// The operations of an entity type. READ and QUERY go together.
const (
	OpRead Operation = 1 << iota
	OpCreate
	OpUpdate
	OpDelete
)

// Type describes an entity type.
type Type struct {
	Name       string // short, such as "tcpListener" or "router.config.address"
	Alias      string // the name in the file, if it differs
	Operations Operation
	Singleton  bool        // there is at most one
	Lenient    bool        // a query leaves out the columns it does not know, rather than being refused
	Attributes []Attribute // in the order of the columns of a query
}

// FullName is the type name on the wire.
func (t *Type) FullName() string { return Prefix + t.Name }

// Configured tells entities that a configuration has from those that only show what goes on.
func (t *Type) Configured() bool {
	return t.Operations&(OpCreate|OpDelete) != 0 || t.Name == "router" || t.Name == "site" || t.Name == "log"
}

// Attribute finds an attribute by name, or returns nil.
func (t *Type) Attribute(name string) *Attribute {
	for i := range t.Attributes {
		if t.Attributes[i].Name == name {
			return &t.Attributes[i]
		}
	}
	return nil
}

// Columns are the names of the attributes in order.
func (t *Type) Columns() []string {
	out := make([]string, len(t.Attributes))
	for i := range t.Attributes {
		out[i] = t.Attributes[i].Name
	}
	return out
}

// Types returns all entity types, which the caller must not change.
func Types() []*Type { return types }

// Lookup finds a type by its short, full or alias name. It returns nil if there is none.
func Lookup(name string) *Type {
	name = strings.TrimPrefix(name, Prefix)
	for _, t := range types {
		if t.Name == name || t.Alias != "" && t.Alias == name {
			return t
		}
	}
	return nil
}

// Identity names an entity the way the management node does, such as "tcpListener/127.0.0.1:8080:web".
func Identity(entityType string, attrs map[string]any) string {
	short := strings.TrimPrefix(entityType, Prefix)
	text := func(name string) string { s, _ := attrs[name].(string); return s }
	switch short {
	case "router":
		return "router/" + text("id")
	case "router.node":
		return "router.node/" + text("id")
	case "log":
		return "log/" + text("module")
	case "site":
		return "site/None"
	case "listener", "connector", "tcpListener", "tcpConnector":
		id := short + "/" + text("host") + ":" + text("port")
		if n := text("name"); n != "" {
			id += ":" + n
		}
		return id
	case "listenerAddress":
		return short + "/" + text("listener") + ":" + text("address") + ":" + text("name")
	case "address", "router.config.address":
		if p := text("prefix"); p != "" {
			return "address/" + p
		}
		return "address/" + text("pattern")
	}
	return short + "/" + text("name")
}
