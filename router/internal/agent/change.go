package agent

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
)

// create answers CREATE with all attributes of the new entity.
func (a *Agent) create(ctx context.Context, r *request) (any, *Fault) {
	t, fault := r.entity()
	if fault != nil {
		return nil, fault
	}
	if fault := r.can(t, config.OpCreate); fault != nil {
		return nil, fault
	}
	attrs, fault := r.attributes(t, "CREATE", func(at *config.Attribute) bool { return at.Create })
	if fault != nil {
		return nil, fault
	}
	maps.DeleteFunc(attrs, func(_ string, v any) bool { return v == nil })
	for i := range t.Attributes {
		if at := &t.Attributes[i]; at.Required && (attrs[at.Name] == nil || attrs[at.Name] == "") {
			return nil, badRequest("%s: Missing required attribute '%s'", t.FullName(), at.Name)
		}
	}
	if r.name == "" { // unnamed entities go by their identity
		r.name = config.Identity(t.Name, withDefaults(t, attrs))
	}
	if len(r.name) > config.MaxNameLength {
		return nil, badRequest("%s: name is longer than %d octets", t.FullName(), config.MaxNameLength)
	}
	if slices.ContainsFunc(a.src.Rows(t.Name), func(row map[string]any) bool { return valueOf(t, "name", row) == r.name }) {
		return nil, badRequest("adding %s '%s' duplicates unique attribute 'name' from existing %s",
			t.FullName(), clip(r.name), t.FullName())
	}
	if why := a.roleFault(t, attrs); why != "" {
		return nil, badRequest("%s: %s", t.FullName(), why)
	}
	attrs["name"] = r.name
	row, err := a.src.Create(ctx, t.Name, r.name, attrs)
	if err != nil {
		return nil, faultOf(err)
	}
	if row == nil {
		row = attrs
	}
	return entityMap(t, withDefaults(t, row)), nil
}

// roleFault says why a router of this mode cannot have such a listener or connector.
func (a *Agent) roleFault(t *config.Type, attrs map[string]any) string {
	role, _ := attrs["role"].(string)
	if role == "" || t.Name != "listener" && t.Name != "connector" {
		return ""
	}
	mode := ""
	for _, row := range a.src.Rows("router") {
		mode, _ = row["mode"].(string)
	}
	return config.RoleFault(mode, t.Name, role)
}

// update answers UPDATE with all attributes of the changed entity.
func (a *Agent) update(ctx context.Context, r *request) (any, *Fault) {
	t, old, fault := a.existing(r, config.OpUpdate)
	if fault != nil {
		return nil, fault
	}
	r.name, r.identity = text(t, "name", old), text(t, "identity", old)
	attrs, fault := r.attributes(t, "UPDATE", func(at *config.Attribute) bool { return at.Update })
	if fault != nil {
		return nil, fault
	}
	row, err := a.src.Update(ctx, t.Name, r.name, attrs)
	if err != nil {
		return nil, faultOf(err)
	}
	if row == nil {
		row = maps.Clone(old)
		maps.Copy(row, attrs)
	}
	return entityMap(t, row), nil
}

// remove answers DELETE.
func (a *Agent) remove(ctx context.Context, r *request) *Fault {
	t, row, fault := a.existing(r, config.OpDelete)
	if fault != nil {
		return fault
	}
	return faultOf(a.src.Delete(ctx, t.Name, text(t, "name", row)))
}

// existing finds the entity that a change is about. That it exists is checked before that its type can be changed.
func (a *Agent) existing(r *request, op config.Operation) (*config.Type, map[string]any, *Fault) {
	t, fault := r.entity()
	if fault != nil {
		return nil, nil, fault
	}
	row, fault := a.find(t, r)
	if fault == nil {
		fault = r.can(t, op)
	}
	return t, row, fault
}

// attributes checks and converts the body. Name, identity and type may be repeated in it if they agree with
// the request's properties.
func (r *request) attributes(t *config.Type, op string, may func(*config.Attribute) bool) (map[string]any, *Fault) {
	out := make(map[string]any, len(r.body))
	for _, p := range r.body {
		name, ok := textOf(p.Key)
		if !ok {
			return nil, badRequest("%s: an attribute's name is not a text", t.FullName())
		}
		v, err := plain(p.Value, 0)
		if err != nil {
			return nil, badRequest("%s: attribute '%s' is %v", t.FullName(), clip(name), err)
		}
		if name == "name" || name == "identity" || name == "type" {
			if fault := r.same(t, name, v); fault != nil {
				return nil, fault
			}
			continue
		}
		at := t.Attribute(name)
		if at == nil || name == "" {
			return nil, badRequest("Unknown attribute '%s' for '%s'", clip(name), t.FullName())
		}
		if !may(at) {
			if v == nil {
				continue
			}
			return nil, badRequest("Cannot %s attribute '%s' in %s", verb(op), name, op)
		}
		if at.Secret && v == config.Hidden {
			return nil, badRequest("%s: %s is what stands for a secret that is not told", t.FullName(), name)
		}
		if v, err = at.Coerce(v); err != nil {
			return nil, badRequest("%s: Invalid value: %v", t.FullName(), err)
		}
		out[name] = v
	}
	return out, nil
}

func verb(op string) string {
	if op == "CREATE" {
		return "set"
	}
	return strings.ToLower(op)
}

// same checks a value in the body that is also a property of the request, or takes it over.
func (r *request) same(t *config.Type, name string, v any) *Fault {
	s, _ := v.(string)
	var given *string
	switch name {
	case "name":
		given = &r.name
	case "identity":
		given = &r.identity
	default:
		if config.Lookup(s) != t {
			return badRequest("Conflicting values for 'type'")
		}
		return nil
	}
	if *given == "" {
		*given = s
	}
	if *given != s && v != nil {
		return badRequest("Conflicting values for '%s'", name)
	}
	return nil
}

func text(t *config.Type, name string, row map[string]any) string {
	s, _ := valueOf(t, name, row).(string)
	return s
}

// withDefaults adds the defaults of what is not given.
func withDefaults(t *config.Type, attrs map[string]any) map[string]any {
	out := maps.Clone(attrs)
	for i := range t.Attributes {
		at := &t.Attributes[i]
		if v, given := out[at.Name]; (!given || v == nil) && at.Default != nil {
			out[at.Name] = at.Default
		}
	}
	return out
}
