package op

import (
	"fmt"
	"maps"
	"strings"
)

// Setting is one entry of the settings of a resource.
type Setting struct {
	Key, Value string
	Drop       bool // remove it; only in updates
}

// ParseSetting reads KEY=VALUE, or KEY- for one to be removed.
func ParseSetting(s string) (Setting, error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		var drop bool
		if key, drop = strings.CutSuffix(s, "-"); !drop || key == "" {
			return Setting{}, fmt.Errorf("setting is %q, want KEY=VALUE, or KEY- to remove one", s)
		}
		return Setting{Key: key, Drop: true}, nil
	}
	if key == "" {
		return Setting{}, fmt.Errorf("setting is %q, want KEY=VALUE", s)
	}
	return Setting{Key: key, Value: value}, nil
}

// checkSettings finds what is wrong with settings; rule knows the values of some.
func checkSettings(f *faults, all []Setting, drops bool, rule func(key, value string) error) {
	seen := map[string]bool{}
	for _, s := range all {
		switch {
		case seen[s.Key]:
			f.add("setting %s is given twice", s.Key)
		case s.Drop && !drops:
			f.add("setting %s- removes a setting, but there is none yet", s.Key)
		case !s.Drop:
			f.is("setting "+s.Key, rule(s.Key, s.Value))
		}
		seen[s.Key] = true
	}
}

// anySetting is the rule of settings that only others know.
func anySetting(string, string) error { return nil }

// applySettings is old with changes; nil if nothing is left.
func applySettings(old map[string]string, changes []Setting) map[string]string {
	all := maps.Clone(old)
	if all == nil {
		all = map[string]string{}
	}
	for _, s := range changes {
		if s.Drop {
			delete(all, s.Key)
		} else {
			all[s.Key] = s.Value
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
