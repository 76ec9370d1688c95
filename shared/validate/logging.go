package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// LogLevel sets what one module of the router logs.
type LogLevel struct {
	Module string // DEFAULT for all that are not named
	Enable string // such as info+
}

// LogLevels checks the site setting router-logging.
func LogLevels(s string) error {
	_, err := ParseLogLevels(s)
	return err
}

// ParseLogLevels reads a comma-separated list of [MODULE:]level, where a level with + means that one and worse. An
// empty text is an empty list.
func ParseLogLevels(s string) ([]LogLevel, error) {
	var out []LogLevel
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		l := LogLevel{Module: "DEFAULT", Enable: strings.TrimSpace(part)}
		if module, level, ok := strings.Cut(l.Enable, ":"); ok {
			l.Enable = level
			if module != "" {
				l.Module = module
			}
		}
		if !slices.Contains(logModules(), l.Module) {
			return nil, fmt.Errorf("names the module %q, want one of %s", l.Module, strings.Join(logModules(), ", "))
		}
		if !slices.Contains(logLevels(), strings.TrimSuffix(l.Enable, "+")) {
			return nil, fmt.Errorf("has the level %q, want one of %s, each with + or without", l.Enable, strings.Join(logLevels(), ", "))
		}
		out = append(out, l)
	}
	return out, nil
}

func logModules() []string {
	return []string{"DEFAULT", "ROUTER", "ROUTER_CORE", "ROUTER_HELLO", "ROUTER_LS", "ROUTER_MA", "MESSAGE", "SERVER", "AGENT",
		"AUTHSERVICE", "CONTAINER", "ERROR", "POLICY", "HTTP", "CONN_MGR", "PYTHON", "PROTOCOL", "TCP_ADAPTOR", "HTTP_ADAPTOR"}
}

func logLevels() []string {
	return []string{"trace", "debug", "info", "notice", "warning", "error", "critical"}
}

func sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
