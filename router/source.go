package router

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/agent"
	"github.com/skupper-plugins/suite/router/internal/core"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func refuse(code int, text string) error { return &agent.Fault{Code: code, Text: text} }

// decode makes the typed entity of attributes that management has checked.
func (r *Router) decode(entityType, name string, attrs map[string]any) (*config.Config, error) {
	a := maps.Clone(attrs)
	a["name"] = name
	one := &config.Config{Router: r.cfg.Router}
	if faults := one.Add(config.Entity{Type: entityType, Attributes: a}); len(faults) > 0 {
		return nil, refuse(400, strings.Join(faults, "; "))
	}
	return one, nil
}

// Create makes an entity and starts it.
func (r *Router) Create(_ context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	one, err := r.decode(entityType, name, attrs)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return nil, refuse(500, "the router is stopping")
	}
	if owner := r.named(name); owner != "" && entityType != "log" {
		return nil, refuse(400, fmt.Sprintf("adding %s %q duplicates unique attribute 'name' from a %s", entityType, name, owner))
	}
	if err := r.create(entityType, name, one); err != nil {
		if fault, ok := errors.AsType[*agent.Fault](err); ok {
			return nil, fault
		}
		return nil, refuse(400, err.Error())
	}
	r.log.Info().Str("type", entityType).Str("name", name).Msg("entity created")
	row := maps.Clone(attrs)
	r.operationalLocked(entityType, name, row)
	return row, nil
}

// named is the type of the entity with a name, "" when there is none. Names are unique across types. r.mu is held.
func (r *Router) named(name string) string {
	switch {
	case r.profiles[name] != nil:
		return "sslProfile"
	case r.listeners[name] != nil:
		return "listener"
	case r.connectors[name] != nil:
		return "connector"
	case r.tcpIn[name] != nil:
		return "tcpListener"
	case r.tcpOut[name] != nil:
		return "tcpConnector"
	}
	if _, ok := r.proxies[name]; ok {
		return "proxyProfile"
	}
	if _, ok := r.alts[name]; ok {
		return "listenerAddress"
	}
	if slices.ContainsFunc(r.cfg.Addresses, func(a config.Address) bool { return a.Name == name }) {
		return "router.config.address"
	}
	return ""
}

func (r *Router) create(entityType, name string, one *config.Config) error {
	switch entityType {
	case "sslProfile":
		p, err := r.newProfile(one.SSLProfiles[0])
		if err != nil {
			return err
		}
		r.profiles[name] = p
	case "proxyProfile":
		r.proxies[name] = one.ProxyProfiles[0]
	case "listener":
		if t := config.RoleFault(r.cfg.Router.Mode, entityType, orDefault(one.Listeners[0].Role, "normal")); t != "" {
			return refuse(400, t)
		}
		if p := one.Listeners[0].SSLProfile; p != "" && r.profiles[p] == nil {
			return refuse(400, "no sslProfile "+p)
		}
		return r.addListener(one.Listeners[0])
	case "connector":
		if t := config.RoleFault(r.cfg.Router.Mode, entityType, orDefault(one.Connectors[0].Role, "normal")); t != "" {
			return refuse(400, t)
		}
		if p := one.Connectors[0].ProxyProfile; p != "" {
			if _, ok := r.proxies[p]; !ok {
				return refuse(400, "no proxyProfile "+p)
			}
		}
		if p := one.Connectors[0].SSLProfile; p != "" && r.profiles[p] == nil {
			return refuse(400, "no sslProfile "+p)
		}
		return r.addConnector(one.Connectors[0])
	case "tcpListener":
		return r.addTCPListener(one.TCPListeners[0])
	case "tcpConnector":
		return r.addTCPConnector(one.TCPConnectors[0])
	case "listenerAddress":
		a := one.ListenerAddresses[0]
		if t := r.tcpIn[a.Listener]; t == nil || t.cfg.MultiAddressStrategy == "" || t.cfg.MultiAddressStrategy == config.StrategyNone {
			return refuse(400, "no multi-address tcpListener "+a.Listener)
		}
		r.alts[name] = a
		r.retarget(a.Listener)
	case "log":
		return r.setLog(one.Logs[0])
	case "router.config.address":
		return r.addAddress(one.Addresses[0])
	default:
		return refuse(501, "entities of type "+entityType+" cannot be created while the router runs")
	}
	return nil
}

func (r *Router) setLog(l config.Log) error {
	if err := checkEnable(l.Enable); err != nil {
		return err
	}
	r.cfg.Logs = slices.DeleteFunc(slices.Clone(r.cfg.Logs), func(o config.Log) bool { return o.Module == l.Module })
	r.cfg.Logs = append(r.cfg.Logs, l)
	r.level.module(l.Module, l.Enable)
	return nil
}

// Update changes an entity.
func (r *Router) Update(ctx context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	if entityType == "connection" {
		on, trace := attrs["enableProtocolTrace"].(bool)
		if attrs["adminStatus"] != "deleted" && !trace {
			return nil, nil //nolint:nilnil // enabled is what it is
		}
		// The name that requests give is the identity or "connection/<host>".
		ok := false
		r.core.Call(ctx, func() {
			for _, c := range r.core.Connections() {
				if id := strconv.FormatUint(c.ID, 10); id == name || "connection/"+c.Options.Host == name {
					if f := r.traced(c.ID); f != nil && trace {
						f.own.Store(on)
						ok = true
					}
					if attrs["adminStatus"] == "deleted" {
						ok = r.core.Disconnect(c.ID)
					}
				}
			}
		})
		if !ok {
			return nil, refuse(404, "No entity with name="+name)
		}
		return nil, nil //nolint:nilnil // nothing to add
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch entityType {
	case "log":
		return nil, r.setLog(config.Log{Module: strings.TrimPrefix(name, "log/"), Enable: text(attrs["enable"])})
	case "tcpListener":
		if t := r.tcpIn[name]; t != nil {
			if o, ok := attrs["observer"]; ok {
				t.cfg.Observer = text(o)
			}
			return nil, nil //nolint:nilnil // nothing to add
		}
	case "sslProfile":
		if p := r.profiles[name]; p != nil {
			one, err := r.amended(entityType, name, &config.Config{SSLProfiles: []config.SSLProfile{p.cfg}}, attrs)
			if err != nil {
				return nil, err
			}
			if p := one.SSLProfiles[0]; p.OldestValidOrdinal > p.Ordinal {
				return nil, refuse(400, fmt.Sprintf("oldestValidOrdinal is %d, want ordinal (%d) or less", p.OldestValidOrdinal, p.Ordinal))
			}
			if err := r.changeProfile(one.SSLProfiles[0]); err != nil {
				return nil, refuse(400, err.Error())
			}
			return nil, nil //nolint:nilnil // nothing to add
		}
	case "proxyProfile":
		if p, ok := r.proxies[name]; ok {
			one, err := r.amended(entityType, name, &config.Config{ProxyProfiles: []config.ProxyProfile{p}}, attrs)
			if err != nil {
				return nil, err
			}
			r.proxies[name] = one.ProxyProfiles[0] // for the next connections
			return nil, nil                        //nolint:nilnil // nothing to add
		}
	default:
		return nil, refuse(501, "Operation 'UPDATE' not implemented for "+entityType)
	}
	return nil, refuse(404, "No entity with name="+name)
}

// amended is the only entity of that type in have, with some attributes changed.
func (r *Router) amended(entityType, name string, have *config.Config, attrs map[string]any) (*config.Config, error) {
	have.Router = r.cfg.Router
	e := have.Entities()
	i := slices.IndexFunc(e, func(x config.Entity) bool { return x.Type == entityType })
	for k, v := range attrs {
		if v == nil {
			delete(e[i].Attributes, k)
		} else {
			e[i].Attributes[k] = v
		}
	}
	return r.decode(entityType, name, e[i].Attributes)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Delete stops an entity and forgets it.
func (r *Router) Delete(_ context.Context, entityType, name string) error {
	stop, err := r.detach(entityType, name)
	if err != nil {
		return err
	}
	if stop != nil {
		stop() // may wait for connections: not with the lock
	}
	r.log.Info().Str("type", entityType).Str("name", name).Msg("entity deleted")
	return nil
}

// detach takes an entity out of the tables and returns what ends it.
func (r *Router) detach(entityType, name string) (stop func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	missing := refuse(404, "No entity with name="+name)
	switch entityType {
	case "sslProfile":
		if r.profiles[name] == nil {
			return nil, missing
		}
		delete(r.profiles, name)
	case "proxyProfile":
		if _, ok := r.proxies[name]; !ok {
			return nil, missing
		}
		delete(r.proxies, name)
	case "listener":
		l := r.listeners[name]
		if l == nil {
			return nil, missing
		}
		delete(r.listeners, name)
		return l.stop, nil
	case "connector":
		c := r.connectors[name]
		if c == nil {
			return nil, missing
		}
		delete(r.connectors, name)
		return c.stop, nil
	case "tcpListener":
		t := r.tcpIn[name]
		if t == nil {
			return nil, missing
		}
		for _, a := range r.alts {
			if a.Listener == name {
				return nil, refuse(400, "tcpListener "+name+" has listenerAddresses: delete them first")
			}
		}
		delete(r.tcpIn, name)
		return func() {
			t.l.Stop(r.dropConnections()) // as for a tcpConnector: other routers do so for both
			r.retire(t.l)
			r.flows.targets(t, nil)
		}, nil
	case "tcpConnector":
		t := r.tcpOut[name]
		if t == nil {
			return nil, missing
		}
		delete(r.tcpOut, name)
		return func() { t.k.Stop(r.dropConnections()); t.flows.end() }, nil
	case "listenerAddress":
		a, ok := r.alts[name]
		if !ok {
			return nil, missing
		}
		delete(r.alts, name)
		r.retarget(a.Listener)
	case "router.config.address":
		if !r.deleteAddress(name) {
			return nil, missing
		}
	default:
		return nil, refuse(501, "Operation 'DELETE' not implemented for "+entityType)
	}
	return nil, nil
}

// view runs f on the core's goroutine.
func (r *Router) view(f func(c *core.Core)) {
	r.core.Look(r.ctx, func() { f(r.core) })
}
