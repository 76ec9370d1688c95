package site

import (
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// maxNetwork is how long status.network of a Site may get, in octets, more or less: what other sites say must not keep the
// status from being written.
const maxNetwork = 512 << 10

// networkCuts make a network smaller, from what nobody misses to what only big networks can do without.
var networkCuts = []struct {
	what string
	cut  func(s *v2alpha1.SiteRecord, own bool)
}{
	{"further connectors and listeners of a routing key", func(s *v2alpha1.SiteRecord, _ bool) {
		for i := range s.Services {
			k := &s.Services[i]
			k.Connectors, k.Listeners = k.Connectors[:min(1, len(k.Connectors))], k.Listeners[:min(1, len(k.Listeners))]
		}
	}},
	{"links of other sites", func(s *v2alpha1.SiteRecord, own bool) {
		if !own {
			s.Links = nil
		}
	}},
	{"services of other sites", func(s *v2alpha1.SiteRecord, own bool) {
		if !own {
			s.Services = nil
		}
	}},
	{"services", func(s *v2alpha1.SiteRecord, _ bool) { s.Services = nil }},
}

// bounded is what fits of a network, which stays as it is, and what that is without; empty: all of it fits.
func bounded(sites []v2alpha1.SiteRecord, own string, limit int) (out []v2alpha1.SiteRecord, dropped string) {
	if octets(sites) <= limit {
		return sites, ""
	}
	out = slices.Clone(sites)
	for i := range out {
		out[i].Services = slices.Clone(out[i].Services)
	}
	for _, c := range networkCuts {
		for i := range out {
			c.cut(&out[i], out[i].ID == own)
		}
		if octets(out) <= limit {
			return out, c.what
		}
	}
	if i := slices.IndexFunc(out, func(s v2alpha1.SiteRecord) bool { return s.ID == own }); i > 0 {
		out[0], out[i] = out[i], out[0]
	}
	for len(out) > 0 && octets(out) > limit {
		out = out[:len(out)/2]
	}
	return out, "some sites"
}

// octets is how long the text of a network is, more or less.
func octets(sites []v2alpha1.SiteRecord) (n int) {
	const each = 40 // names of fields and marks
	for i := range sites {
		s := &sites[i]
		n += 3*each + len(s.ID) + len(s.Name) + len(s.Namespace) + len(s.Platform) + len(s.Version)
		for _, l := range s.Links {
			n += 2*each + len(l.Name) + len(l.RemoteSiteID) + len(l.RemoteSiteName)
		}
		for _, k := range s.Services {
			n += 2*each + len(k.RoutingKey)
			for _, list := range [][]string{k.Connectors, k.Listeners} {
				for _, name := range list {
					n += 3 + len(name)
				}
			}
		}
	}
	return n
}
