package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Check reports everything wrong with the configuration at once, as a [*Faults] with a line each, or nil.
// It opens no files: whether certificates exist is found when they are loaded.
func (c *Config) Check() error {
	var l faultList
	c.checkRouter(&l)
	owner := map[string]string{} // names are unique across types: the management node finds entities by name alone
	for _, s := range sections {
		c.checkSection(&l, s, owner)
	}
	c.checkRoles(&l)
	c.checkReferences(&l)
	return l.err("configuration")
}

// placeholder is what Expand replaces.
var placeholder = regexp.MustCompile(`\$\{[^{}$|]*\}`)

// MaxIDLength is the longest id of a router, in octets.
const MaxIDLength = 127

// CheckID says what is wrong with the id of a router that is to run, or nil. Unlike [Config.Check] it takes a
// placeholder such as ${HOSTNAME} for the mistake it is by then.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("id is missing")
	case len(id) > MaxIDLength:
		return fmt.Errorf("id has %d octets, want %d or fewer", len(id), MaxIDLength)
	case strings.ContainsAny(id, "|$"):
		return fmt.Errorf("id %q must not contain | or $", id)
	}
	return nil
}

func (c *Config) checkRouter(l *faultList) {
	r := &c.Router
	if reflect.ValueOf(*r).IsZero() {
		l.add("router: there is none")
		return
	}
	// A file may leave the host's name to be filled in where the router runs.
	if err := CheckID(placeholder.ReplaceAllString(r.ID, "x")); r.ID != "" && err != nil {
		l.add("router: %v", err)
	}
	if n := r.DataConnectionCount; n != "" && n != "auto" {
		a := Attribute{Name: "dataConnectionCount", Kind: Int, Min: 0, Max: 128}
		if _, err := a.Coerce(n); err != nil {
			l.add("router: %v, or auto", err)
		}
	}
	hello, age := r.HelloIntervalSeconds, r.HelloMaxAgeSeconds
	if hello == 0 {
		hello = 1
	}
	if age == 0 {
		age = 3
	}
	if age < hello {
		l.add("router: helloMaxAgeSeconds is %d, want helloIntervalSeconds (%d) or more", age, hello)
	}
}

// checkSection checks each entity by itself, and that names are unique.
func (c *Config) checkSection(l *faultList, s section, owner map[string]string) {
	t := Lookup(s.short)
	seen := map[string]bool{}
	s.each(c, func(v reflect.Value) {
		e := Entity{Type: s.short, Attributes: attributes(encode(v, false))}
		name := e.Name()
		if seen[name] {
			l.add("%s %q: there is more than one", s.short, name)
		}
		seen[name] = true
		if other, taken := owner[name]; taken && other != s.short {
			l.add("%s %q: %s has the same name", s.short, name, article(other))
		}
		owner[name] = s.short
		if len(name) > MaxNameLength {
			l.add("%s %q…: the name is longer than %d octets", s.short, name[:40], MaxNameLength)
		}
		for i := range t.Attributes {
			a := &t.Attributes[i]
			given, ok := e.Attributes[a.Name]
			if !ok {
				if a.Required {
					l.add("%s %q: %s is missing", s.short, name, a.Name)
				}
				continue
			}
			if _, err := a.Coerce(given); err != nil {
				l.add("%s %q: %v", s.short, name, err)
			}
		}
	})
	if t.Singleton && len(seen) > 1 {
		l.add("%s: there are %d, want one", s.short, len(seen))
	}
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// checkRoles applies what a router's mode allows of connections, as [RoleFault] says.
func (c *Config) checkRoles(l *faultList) {
	for i := range c.Listeners {
		if why := RoleFault(c.Router.Mode, "listener", c.Listeners[i].Role); why != "" {
			l.add("listener %q: %s", c.Listeners[i].Name, why)
		}
	}
	for i := range c.Connectors {
		if why := RoleFault(c.Router.Mode, "connector", c.Connectors[i].Role); why != "" {
			l.add("connector %q: %s", c.Connectors[i].Name, why)
		}
	}
}

// RoleFault says why a router of that mode cannot have a listener or connector (entityType) of that role.
// It is empty if it can.
func RoleFault(mode, entityType, role string) string {
	if mode == "" {
		mode = ModeStandalone
	}
	switch {
	case role == RoleInterEdge || role == RoleInterNetwork:
		return "role " + role + " is not supported: edge routers have connections to interior ones only, and there is one network"
	case role == RoleInterRouter && mode != ModeInterior,
		role == RoleEdge && mode == ModeStandalone,
		role == RoleEdge && mode == ModeEdge && entityType == "listener":
		return "role " + role + " is not allowed in a router of mode " + mode
	}
	return ""
}

// checkReferences checks that what entities refer to by name exists, and what depends on it.
func (c *Config) checkReferences(l *faultList) {
	profiles, proxies := map[string]bool{"": true}, map[string]bool{"": true}
	for i := range c.SSLProfiles {
		profiles[c.SSLProfiles[i].Name] = true
		if c.SSLProfiles[i].Name == "" {
			l.add("sslProfile: name is missing")
		}
		if _, _, err := c.SSLProfiles[i].TLSVersions(); err != nil {
			l.add("sslProfile %q: %v", c.SSLProfiles[i].Name, err)
		}
		if p := &c.SSLProfiles[i]; p.OldestValidOrdinal > p.Ordinal {
			l.add("sslProfile %q: oldestValidOrdinal is %d, want ordinal (%d) or less", p.Name, p.OldestValidOrdinal, p.Ordinal)
		}
	}
	for i := range c.ProxyProfiles {
		proxies[c.ProxyProfiles[i].Name] = true
		if c.ProxyProfiles[i].Name == "" {
			l.add("proxyProfile: name is missing")
		}
	}
	profile := func(kind, name, ref string) {
		if !profiles[ref] {
			l.add("%s %q: there is no sslProfile %q", kind, name, ref)
		}
	}
	for i := range c.Listeners {
		e := &c.Listeners[i]
		profile("listener", e.Name, e.SSLProfile)
		if e.RequireSSL && e.SSLProfile == "" {
			l.add("listener %q: requireSsl needs an sslProfile", e.Name)
		}
		if _, err := ParseFailover(e.FailoverURLs); err != nil {
			l.add("listener %q: %v", e.Name, err)
		}
	}
	for i := range c.Connectors {
		e := &c.Connectors[i]
		profile("connector", e.Name, e.SSLProfile)
		if !proxies[e.ProxyProfile] {
			l.add("connector %q: there is no proxyProfile %q", e.Name, e.ProxyProfile)
		}
	}
	for i := range c.TCPConnectors {
		profile("tcpConnector", c.TCPConnectors[i].Name, c.TCPConnectors[i].SSLProfile)
	}
	for i := range c.Addresses {
		if a := &c.Addresses[i]; (a.Prefix == "") == (a.Pattern == "") {
			l.add("address %q: want either prefix or pattern", a.Name)
		}
	}
	c.checkTCPListeners(l, profile)
}

func (c *Config) checkTCPListeners(l *faultList, profile func(kind, name, ref string)) {
	strategy := map[string]string{}
	for i := range c.TCPListeners {
		e := &c.TCPListeners[i]
		profile("tcpListener", e.Name, e.SSLProfile)
		strategy[e.Name] = e.MultiAddressStrategy
		multi := e.MultiAddressStrategy != "" && e.MultiAddressStrategy != StrategyNone
		switch {
		case multi && e.Address != "":
			l.add("tcpListener %q: address must be absent with multiAddressStrategy %s", e.Name, e.MultiAddressStrategy)
		case !multi && e.Address == "":
			l.add("tcpListener %q: address is missing", e.Name)
		}
		if e.AuthenticatePeer && e.SSLProfile == "" {
			l.add("tcpListener %q: authenticatePeer needs an sslProfile", e.Name)
		}
	}
	for i := range c.ListenerAddresses {
		e := &c.ListenerAddresses[i]
		if e.Listener == "" {
			continue // already reported as missing
		}
		switch s, ok := strategy[e.Listener]; {
		case !ok:
			l.add("listenerAddress %q: there is no tcpListener %q", e.Name, e.Listener)
		case s == "" || s == StrategyNone:
			l.add("listenerAddress %q: tcpListener %q has no multiAddressStrategy", e.Name, e.Listener)
		}
	}
}
