package network

import (
	"maps"
	"slices"
	"strings"
)

// SiteRecord describes a site by its links and services, as the status of a Site has it.
type SiteRecord struct {
	ID, Name, Namespace, Platform, Version string
	Links                                  []LinkRecord
	Services                               []ServiceRecord // by routing key
}

// LinkRecord is a link that the site made and whose other end is known.
type LinkRecord struct {
	Name           string
	RemoteSiteID   string
	RemoteSiteName string
	Operational    bool
	Message        string // why it is not; may be empty
}

// ServiceRecord is a routing key with who uses it at the site.
type ServiceRecord struct {
	RoutingKey string
	Connectors []string // hosts
	Listeners  []string // names
}

// SiteRecords describes the sites of the network.
func (s Status) SiteRecords() []SiteRecord {
	ends := s.accesses()
	out := make([]SiteRecord, 0, len(s.Sites))
	for _, site := range s.Sites {
		r := SiteRecord{ID: site.Info.ID, Name: site.Info.Name, Namespace: site.Info.Namespace, Platform: site.Info.Platform, Version: site.Info.Version}
		services := map[string]*ServiceRecord{}
		service := func(key string) *ServiceRecord {
			if services[key] == nil {
				services[key] = &ServiceRecord{RoutingKey: key}
			}
			return services[key]
		}
		for _, router := range site.Routers {
			for _, l := range router.Links {
				if end, ok := ends[l.Peer]; ok && l.Name != "" {
					r.Links = append(r.Links, LinkRecord{Name: l.Name, RemoteSiteID: end.ID, RemoteSiteName: end.Name, Operational: strings.EqualFold(l.Status, "up")})
				}
			}
			for _, c := range router.Connectors {
				if c.Address != "" && c.DestHost != "" {
					k := service(c.Address)
					k.Connectors = append(k.Connectors, c.DestHost)
				}
			}
			for _, l := range router.Listeners {
				if l.Address != "" && l.Name != "" {
					k := service(l.Address)
					k.Listeners = append(k.Listeners, l.Name)
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(services)) {
			r.Services = append(r.Services, *services[key])
		}
		out = append(out, r)
	}
	return out
}

// LinksOf are the links that the routers of a site made, those included whose other end is not known (yet): whether they are
// up the site's own router says. One that several routers made is up if any has it up.
func (s Status) LinksOf(siteID string) []LinkRecord {
	ends := s.accesses()
	at := map[string]int{}
	var out []LinkRecord
	for _, site := range s.Sites {
		if site.Info.ID != siteID {
			continue
		}
		for _, router := range site.Routers {
			for _, l := range router.Links {
				if l.Name == "" {
					continue
				}
				end := ends[l.Peer]
				rec := LinkRecord{Name: l.Name, RemoteSiteID: end.ID, RemoteSiteName: end.Name, Operational: strings.EqualFold(l.Status, "up"), Message: l.Message}
				switch i, seen := at[l.Name]; {
				case !seen:
					at[l.Name] = len(out)
					out = append(out, rec)
				case !out[i].Operational || (out[i].RemoteSiteID == "" && rec.Operational):
					out[i] = rec
				}
			}
		}
	}
	return out
}

// accesses is which site has which access.
func (s Status) accesses() map[string]SiteInfo {
	out := map[string]SiteInfo{}
	for _, site := range s.Sites {
		for _, r := range site.Routers {
			for _, a := range r.Accesses {
				out[a.ID] = site.Info
			}
		}
	}
	return out
}

// Incoming is a link that another site made to this one.
type Incoming struct {
	Site SiteInfo // that made it
	Link Link
}

// Incoming lists the links that lead to a site, by the site that made them.
func (s Status) Incoming(siteID string) []Incoming {
	ends := s.accesses()
	var out []Incoming
	for _, site := range s.Sites {
		for _, r := range site.Routers {
			for _, l := range r.Links {
				if end, ok := ends[l.Peer]; ok && end.ID == siteID && site.Info.ID != siteID {
					out = append(out, Incoming{Site: site.Info, Link: l})
				}
			}
		}
	}
	return out
}
