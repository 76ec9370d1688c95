package adaptor

import (
	"slices"

	"github.com/skupper-plugins/suite/router/config"
)

// changeable are the types of entities that follow the configuration while the router runs. Others need a new pod, which the
// controller makes.
var changeable = []string{"sslProfile", "proxyProfile", "listener", "connector", "tcpConnector", "tcpListener", "listenerAddress"}

// protected are the listeners that a router in a pod has from its start to its end.
var protected = []string{"@9090", "amqp", "amqps"}

// onDisk is what the router can read.
type onDisk struct {
	profile func(name string) (ordinal uint64, known, ok bool) // known: the ordinal is; ok: there are files
	proxy   func(name string) bool
}

func (d *disk) view() onDisk {
	return onDisk{
		profile: func(name string) (uint64, bool, bool) {
			n, known := d.ordinals[name]
			return n, known, known || d.hasProfile(name)
		},
		proxy: d.hasPassword,
	}
}

// plan says what a router that runs is to become. What refers to files that are not there yet stays as it is, and an ordinal
// that the router has seen never goes down.
func plan(live, want *config.Config, have onDisk) (from, to *config.Config) {
	needed := map[string]bool{} // profiles of protected listeners
	for _, l := range live.Listeners {
		if slices.Contains(protected, l.Name) && l.SSLProfile != "" && !slices.ContainsFunc(want.SSLProfiles, func(p config.SSLProfile) bool { return p.Name == l.SSLProfile }) {
			needed[l.SSLProfile] = true
		}
	}
	owned := func(e config.Entity) bool {
		switch {
		case !slices.Contains(changeable, e.Type), e.Type == "listener" && slices.Contains(protected, e.Name()), e.Type == "sslProfile" && needed[e.Name()]:
			return false
		}
		return true
	}
	from, to = live.Where(owned), want.Where(owned)
	from.Router, to.Router = config.Router{}, config.Router{}
	blocked := map[string]bool{}
	to.SSLProfiles = profiles(from.SSLProfiles, to.SSLProfiles, have, blocked)
	to.ProxyProfiles = slices.DeleteFunc(to.ProxyProfiles, func(p config.ProxyProfile) bool {
		ok := have.proxy(p.Name)
		blocked[p.Name] = blocked[p.Name] || !ok
		return !ok && !slices.ContainsFunc(from.ProxyProfiles, func(l config.ProxyProfile) bool { return l.Name == p.Name })
	})
	return from, unblocked(from, to, blocked)
}

// profiles are the TLS profiles that the router can have now.
func profiles(live, want []config.SSLProfile, have onDisk, blocked map[string]bool) []config.SSLProfile {
	out := make([]config.SSLProfile, 0, len(want))
	for _, p := range want {
		i := slices.IndexFunc(live, func(l config.SSLProfile) bool { return l.Name == p.Name })
		ordinal, known, ok := have.profile(p.Name)
		switch {
		case !ok && i < 0:
			blocked[p.Name] = true
			continue
		case !ok: // somebody took the files away: what the router has read it has
			p = live[i]
		case i >= 0 && (live[i].Ordinal > p.Ordinal || !known || ordinal < uint64(max(p.Ordinal, 0))):
			p.Ordinal, p.OldestValidOrdinal = live[i].Ordinal, live[i].OldestValidOrdinal
		case i < 0 && known && ordinal < uint64(max(p.Ordinal, 0)): // the files of the next are still to come
			p.Ordinal = int(ordinal)
			p.OldestValidOrdinal = min(p.OldestValidOrdinal, p.Ordinal)
		}
		out = append(out, p)
	}
	return out
}

// unblocked leaves what refers to something blocked as the router has it.
func unblocked(from, to *config.Config, blocked map[string]bool) *config.Config {
	type key struct{ kind, name string }
	live := map[key]config.Entity{}
	for _, e := range from.Entities() {
		live[key{e.Type, e.Name()}] = e
	}
	waits := func(e config.Entity) bool {
		for _, attr := range []string{"sslProfile", "proxyProfile"} {
			if name, _ := e.Attributes[attr].(string); e.Type != attr && blocked[name] {
				return true
			}
		}
		return false
	}
	gone := map[string]bool{} // tcpListeners that do not come yet
	var kept []config.Entity
	out := to.Where(func(e config.Entity) bool {
		if !waits(e) {
			return true
		}
		if l, ok := live[key{e.Type, e.Name()}]; ok && !waits(l) {
			kept = append(kept, l)
		} else if e.Type == "tcpListener" {
			gone[e.Name()] = true
		}
		return false
	})
	for _, e := range kept {
		out.Add(e)
	}
	out.ListenerAddresses = slices.DeleteFunc(out.ListenerAddresses, func(a config.ListenerAddress) bool { return gone[a.Listener] })
	return out
}
