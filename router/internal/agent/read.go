package agent

import (
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// read answers READ. Without a type all types are searched; without anything the node itself is meant.
func (a *Agent) read(r *request) (any, *Fault) {
	if r.typ == "" || isNode(r.typ) {
		if r.name == "" && r.identity == "" || r.name == "self" || r.identity == "self" {
			return wire.Map{{Key: "name", Value: "self"}, {Key: "identity", Value: "self"},
				{Key: "type", Value: config.Prefix + nodeType}}, nil
		}
		for _, t := range config.Types() {
			if row, fault := a.find(t, r); fault == nil {
				return entityMap(t, row), nil
			}
		}
		return nil, r.noEntity()
	}
	t, fault := r.entity()
	if fault != nil {
		return nil, fault
	}
	row, fault := a.find(t, r)
	if fault != nil {
		return nil, fault
	}
	return entityMap(t, row), nil
}

// find looks an entity up by name, identity or both, which must agree then.
func (a *Agent) find(t *config.Type, r *request) (map[string]any, *Fault) {
	if r.name == "" && r.identity == "" {
		return nil, badRequest("%s: No name or identity provided", t.FullName())
	}
	for _, row := range a.src.Rows(t.Name) {
		name := valueOf(t, "name", row) == r.name
		identity := valueOf(t, "identity", row) == r.identity
		switch {
		case r.identity == "" && name, r.name == "" && identity, name && identity:
			return row, nil
		case r.name != "" && r.identity != "" && (name || identity):
			return nil, badRequest("Conflicting name=%s identity=%s", clip(r.name), clip(r.identity))
		}
	}
	return nil, r.noEntity()
}

func (r *request) noEntity() *Fault {
	if r.name != "" {
		return notFound("No entity with name=%s", clip(r.name))
	}
	return notFound("No entity with identity=%s", clip(r.identity))
}
