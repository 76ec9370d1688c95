package network

import (
	"cmp"
	"maps"
	"slices"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// status makes a status of what is known.
func (t *table) status(own Own) Status {
	v := t.index(own)
	st := Status{Addresses: v.addresses(), Sites: []Site{}}
	for _, id := range slices.Sorted(maps.Keys(v.sites)) {
		e := v.sites[id]
		site := Site{Routers: []Router{}, Info: SiteInfo{
			ID: e.id, Name: e.text(vanflow.Name), Namespace: e.text(vanflow.Namespace), Platform: e.text(vanflow.Platform), Version: e.text(vanflow.Version),
		}}
		for _, s := range v.routers[id] {
			site.Routers = append(site.Routers, v.router(id, s))
		}
		st.Sites = append(st.Sites, site)
	}
	return st
}

// view is the table, arranged for a status.
type view struct {
	sources []*source // by id
	sites   map[string]*entry
	routers map[string][]*source // by id of the site
	process map[string]*entry
	hosts   map[[2]string]*entry // processes by id of the site and host
}

func (t *table) index(own Own) *view {
	v := &view{sites: map[string]*entry{}, routers: map[string][]*source{}, process: map[string]*entry{}, hosts: map[[2]string]*entry{}}
	ranks := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(t.sources)) {
		s := t.sources[id]
		v.sources = append(v.sources, s)
		site := ""
		if r := s.records[s.id]; r != nil && r.typ == vanflow.Router {
			if site = r.text(vanflow.Parent); site == own.SiteID && !t.isOwn(own, s, r) {
				site = "" // whoever it is
			}
			v.routers[site] = append(v.routers[site], s)
		}
		for _, e := range s.records {
			switch e.typ {
			case vanflow.Site:
				if rank := s.speaksFor(e.id, site); rank > ranks[e.id] { // of equals the first source's word counts
					v.sites[e.id], ranks[e.id] = e, rank
				}
			case vanflow.Process:
				if e.text(vanflow.Parent) == s.id {
					v.addProcess(e)
				}
			}
		}
	}
	return v
}

func (v *view) addProcess(e *entry) {
	if v.process[e.id] == nil {
		v.process[e.id] = e
	}
	at := [2]string{e.text(vanflow.Parent), e.text(vanflow.SourceHost)}
	if o := v.hosts[at]; o == nil || e.id < o.id {
		v.hosts[at] = e
	}
}

// of lists a source's records of a type, by identity.
func (s *source) of(typ vanflow.Type) []*entry {
	var out []*entry
	for _, e := range s.records {
		if e.typ == typ && e.text(vanflow.Parent) == s.id {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.id, b.id) })
	return out
}

func (v *view) router(site string, s *source) Router {
	e := s.records[s.id]
	r := Router{Links: []Link{}, Accesses: []Access{}, Listeners: []Listener{}, Connectors: []Connector{}, Info: RouterInfo{
		Name: e.text(vanflow.Name), Namespace: e.text(vanflow.Namespace), Mode: e.text(vanflow.Mode),
		ImageName: e.text(vanflow.ImageName), ImageVersion: e.text(vanflow.ImageVersion), Hostname: e.text(vanflow.Hostname),
	}}
	for _, e := range s.of(vanflow.Link) {
		r.Links = append(r.Links, Link{
			Name: e.text(vanflow.Name), Cost: e.number(vanflow.LinkCost), Status: e.text(vanflow.Status), Role: e.text(vanflow.Role), Peer: e.text(vanflow.Peer),
		})
	}
	for _, e := range s.of(vanflow.RouterAccess) {
		r.Accesses = append(r.Accesses, Access{ID: e.id})
	}
	for _, e := range s.of(vanflow.Listener) {
		r.Listeners = append(r.Listeners, Listener{
			Name: e.text(vanflow.Name), DestHost: e.text(vanflow.DestHost), DestPort: e.text(vanflow.DestPort),
			Protocol: e.text(vanflow.Protocol), Address: e.text(vanflow.Address),
		})
	}
	for _, e := range s.of(vanflow.Connector) {
		c := Connector{DestHost: e.text(vanflow.DestHost), DestPort: e.text(vanflow.DestPort), Address: e.text(vanflow.Address), Process: e.text(vanflow.ProcessID)}
		p := v.process[c.Process]
		if p == nil {
			if p = v.hosts[[2]string{site, c.DestHost}]; p != nil {
				c.Process = p.id
			}
		}
		if p != nil {
			c.Target = p.text(vanflow.Name)
		}
		r.Connectors = append(r.Connectors, c)
	}
	return r
}

// addresses counts who uses each routing key, whether or not the site is known.
func (v *view) addresses() []Address {
	found := map[string]*Address{}
	for _, s := range v.sources {
		for _, typ := range []vanflow.Type{vanflow.Listener, vanflow.Connector} {
			for _, e := range s.of(typ) {
				name := e.text(vanflow.Address)
				if name == "" {
					continue
				}
				a := found[name]
				if a == nil {
					a = &Address{Name: name}
					found[name] = a
				}
				if typ == vanflow.Listener {
					a.ListenerCount++
					continue
				}
				a.ConnectorCount++
				if a.Protocol == "" {
					a.Protocol = e.text(vanflow.Protocol)
				}
			}
		}
	}
	out := make([]Address, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[name])
	}
	return out
}
