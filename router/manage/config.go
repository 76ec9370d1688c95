package manage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
)

// configTypes are the entity types that a configuration holds.
var configTypes = []string{
	"router", "site", "log", "address", "sslProfile", "proxyProfile",
	"listener", "connector", "tcpConnector", "tcpListener", "listenerAddress",
}

// optional are those of them that a router may be too old to know. It has none of them then.
var optional = []string{"site", "log", "proxyProfile", "listenerAddress"}

// unknownTo says whether err is a router saying that it does not know an entity type. That something went wrong inside is not.
func unknownTo(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Code == 400 || status.Code == 404 || status.Code == 501)
}

// Unknown are the entity types that the router said it does not know when its configuration was read last. What is to be made of
// them it refuses, and the rest goes on.
func (c *Client) Unknown() []string {
	c.one.Lock()
	defer c.one.Unlock()
	return c.unknown
}

// Config reads the router's present configuration back, without what has its default value. It can be compared
// with a configuration file by config.Diff.
func (c *Client) Config(ctx context.Context) (*config.Config, error) {
	out := new(config.Config)
	var unknown []string
	for _, short := range configTypes {
		rows, err := c.Query(ctx, config.Lookup(short).Name)
		if unknownTo(err) && slices.Contains(optional, short) {
			unknown, err = append(unknown, short), nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			name, _ := row["name"].(string)
			e := config.Entity{Type: short, Attributes: row}.Normal()
			switch {
			case short == "log" && len(e.Attributes) <= 1: // a module that logs as all do
				continue
			case short == "site" && len(e.Attributes) == 0:
				continue
			case short == "router":
				delete(e.Attributes, "name")
			case short == "address": // the name, even a made-up one, is needed to delete it
				e.Attributes["name"] = name
			}
			if faults := out.Add(e); len(faults) > 0 {
				return nil, fmt.Errorf("read back %s %q: %s", short, name, strings.Join(faults, "; "))
			}
		}
	}
	c.one.Lock()
	c.unknown = unknown
	c.one.Unlock()
	return out, nil
}

// Apply makes changes, in their order, while the router runs. It goes on after a refusal and returns all
// refusals joined; it stops at any other error. What is to be deleted and is not there counts as deleted.
// RestartNeeded is not looked at. An entity without a name is made with its identity for a name: skupper-router
// could not delete it otherwise.
func (c *Client) Apply(ctx context.Context, changes config.Changes) error {
	var refused []error
	run := func(list []config.Entity, do func(config.Entity) error) error {
		for _, e := range list {
			err := do(e)
			switch {
			case err == nil:
			case isStatus(err):
				refused = append(refused, err)
			default:
				return err
			}
		}
		return nil
	}
	steps := []struct {
		list []config.Entity
		do   func(config.Entity) error
	}{
		{changes.Deleted, func(e config.Entity) error {
			if err := c.Delete(ctx, e.Type, e.Name()); !IsNotFound(err) {
				return err
			}
			return nil
		}},
		{changes.Updated, func(e config.Entity) error { return c.Update(ctx, e.Type, e.Name(), e.Attributes) }},
		{changes.Created, func(e config.Entity) error { return c.Create(ctx, e.Type, e.Name(), e.Attributes) }},
	}
	for _, s := range steps {
		if err := run(s.list, s.do); err != nil {
			return joined(append(refused, err))
		}
	}
	return joined(refused)
}

// withoutName is a request's body: its name is a property.
func withoutName(attrs map[string]any) map[string]any {
	body := maps.Clone(attrs)
	delete(body, "name")
	return body
}
