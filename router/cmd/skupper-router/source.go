package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
)

// Environment variables by which containers tell the configuration and its format.
const (
	confVariable = "QDROUTERD_CONF"
	typeVariable = "QDROUTERD_CONF_TYPE"
)

// errNoConfig is a usage error.
var errNoConfig = errors.New("a configuration file is needed: skupper-router -c skrouterd.json")

// load reads the configuration: the file given, or else what $QDROUTERD_CONF is, a path or the text itself.
func load(file string) (*config.Config, error) {
	if file != "" {
		return config.LoadExpanded(file, environment)
	}
	value := os.Getenv(confVariable)
	if value == "" {
		return nil, errNoConfig
	}
	if t := os.Getenv(typeVariable); t != "" && t != "json" {
		return nil, fmt.Errorf("$%s is %q, but this router reads json only", typeVariable, t)
	}
	if strings.HasPrefix(strings.TrimSpace(value), "[") {
		c, err := config.Parse(config.Expand([]byte(value), environment))
		if err != nil {
			return nil, fmt.Errorf("$%s: %w", confVariable, err)
		}
		return c, nil
	}
	return config.LoadExpanded(value, environment)
}

// environment is the value of a variable; HOSTNAME is known even where no shell has set it.
func environment(name string) (string, bool) {
	v, ok := os.LookupEnv(name)
	if !ok && name == "HOSTNAME" {
		host, err := os.Hostname()
		return host, err == nil
	}
	return v, ok
}
