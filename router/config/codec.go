package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is one settable field of an entity struct.
type field struct {
	name string // of the attribute
	file string // how it is written: "", "int", "string" or "always" (even if zero)
	v    reflect.Value
}

// fields lists an entity struct's fields in order, and its Extra map.
func fields(entity reflect.Value) (out []field, extra reflect.Value) {
	t := entity.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		if name == "-" {
			extra = entity.Field(i)
			continue
		}
		out = append(out, field{name: name, file: f.Tag.Get("file"), v: entity.Field(i)})
	}
	return out, extra
}

// decode fills an entity struct from attributes. Faults are texts such as "port is 0, want 1 to 65535".
// Values of attributes that the struct lacks go to Extra as they are.
func decode(t *Type, attrs map[string]any, entity reflect.Value) (faults []string) {
	fs, extra := fields(entity)
	known := map[string]bool{"identity": true, "type": true}
	for _, f := range fs {
		known[f.name] = true
		raw, given := attrs[f.name]
		if !given || raw == nil {
			continue
		}
		v, err := t.Attribute(f.name).Coerce(raw)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		f.store(v)
	}
	for name, v := range attrs {
		if known[name] {
			continue
		}
		if extra.IsNil() {
			extra.Set(reflect.ValueOf(map[string]any{}))
		}
		extra.SetMapIndex(reflect.ValueOf(name), reflectAny(v))
	}
	slices.Sort(faults)
	return faults
}

// reflectAny keeps a nil as a nil value rather than as a missing one.
func reflectAny(v any) reflect.Value {
	if v == nil {
		return reflect.Zero(reflect.TypeFor[any]())
	}
	return reflect.ValueOf(v)
}

// store puts a coerced value in the field.
func (f field) store(v any) {
	target := f.v
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	switch v := v.(type) {
	case string:
		target.SetString(v)
	case int64:
		target.SetInt(v)
	case bool:
		target.SetBool(v)
	case map[string]any:
		target.Set(reflect.ValueOf(v))
	}
}

// load returns the field's value as string, int64, bool or map; nil means unset.
func (f field) load() any {
	v := f.v
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	} else if v.IsZero() && f.file != "always" {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int:
		return v.Int()
	case reflect.Bool:
		return v.Bool()
	}
	if v.Len() == 0 {
		return nil
	}
	return v.Interface()
}

// pair is a named value, to write objects in a chosen order.
type pair struct {
	name  string
	value any
}

// encode lists an entity's set attributes in the struct's order, then Extra's by name.
// With file set, values take the form they have in the file.
func encode(entity reflect.Value, file bool) []pair {
	fs, extra := fields(entity)
	var out []pair
	for _, f := range fs {
		v := f.load()
		if v == nil {
			continue
		}
		if file {
			v = f.inFile(v)
		}
		out = append(out, pair{f.name, v})
	}
	return append(out, sortedPairs(extra.Interface().(map[string]any))...)
}

func (f field) inFile(v any) any {
	switch f.file {
	case "int":
		if s, ok := v.(string); ok {
			if n, err := strconv.Atoi(s); err == nil && strconv.Itoa(n) == s {
				return n
			}
		}
	case "string":
		return fmt.Sprint(v)
	}
	return v
}

func sortedPairs(m map[string]any) []pair {
	out := make([]pair, 0, len(m))
	for k, v := range m {
		out = append(out, pair{k, v})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return out
}

func attributes(pairs []pair) map[string]any {
	m := make(map[string]any, len(pairs))
	for _, p := range pairs {
		m[p.name] = p.value
	}
	return m
}
