package config

import (
	"reflect"
	"strings"
)

// Normal returns the entity in the form in which two can be compared: values are coerced to the attribute's
// kind, and what is unset, has its default value or is only reported by a router is left out.
// Entities of unknown types are returned as they are.
func (e Entity) Normal() Entity {
	t := Lookup(e.Type)
	if t == nil {
		return e
	}
	out := Entity{Type: e.Type, Attributes: make(map[string]any, len(e.Attributes))}
	for name, v := range e.Attributes {
		a := t.Attribute(name)
		if a == nil {
			if v != nil {
				out.Attributes[name] = v
			}
			continue
		}
		if !a.Create {
			continue
		}
		if c, err := a.Coerce(v); err == nil {
			v = c
		}
		if isUnset(v) || a.isDefault(v) || t.Name == "log" && isLogDefault(e.Attributes["module"], name, v) {
			continue
		}
		out.Attributes[name] = v
	}
	out.dropGivenName()
	return out
}

// Hidden stands for a secret that a router has but does not tell.
const Hidden = "(hidden)"

// isLogDefault knows the log module that all others inherit from, whose values are always spelt out.
func isLogDefault(module any, name string, v any) bool {
	if module != "DEFAULT" {
		return false
	}
	return name == "enable" && v == "info+" || name == "includeTimestamp" && v == true ||
		name == "includeSource" && v == false || name == "outputFile" && v == "stderr"
}

// dropGivenName removes a name that the router made up for an entity that had none.
func (e Entity) dropGivenName() {
	name, _ := e.Attributes["name"].(string)
	if name == "" {
		return
	}
	delete(e.Attributes, "name")
	if name == Identity(e.Type, e.Attributes) {
		return
	}
	if t := Lookup(e.Type); t != nil && t.Name == "router.config.address" && strings.HasPrefix(name, "address/") {
		return // numbered
	}
	e.Attributes["name"] = name
}

func isUnset(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// isDefault says whether the coerced value v is what the attribute has when it is not given. Booleans and
// ordinals without a default count as false and 0.
func (a *Attribute) isDefault(v any) bool {
	d := a.Default
	if d == nil {
		return a.Kind == Int && !a.Required && v == int64(0)
	}
	c, err := a.Coerce(d)
	if err != nil {
		return false
	}
	if a.Port {
		left, _ := v.(string)
		right, _ := c.(string)
		m, errM := PortNumber(left)
		n, errN := PortNumber(right)
		return errM == nil && errN == nil && m == n
	}
	return reflect.DeepEqual(c, v)
}
