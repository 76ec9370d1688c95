package agent

import (
	"context"
	"errors"
	"strings"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// collect watches the network through the namespace's router until ctx ends.
func (n *namespace) collect(ctx context.Context) {
	network.Collect(ctx, network.Options{
		Router: func(ctx context.Context) (manage.Options, error) {
			if !n.wanted.Load() {
				return manage.Options{}, errors.New("the router is not to run")
			}
			return n.runtime.Address(ctx)
		},
		Publish: func(s network.Status) {
			if n.wanted.Load() {
				n.network.Store(&s)
				n.poke()
			}
		},
		Log: n.log.With().Str("part", "network").Logger(),
	})
}

// seen is what is known of the network while the router runs; nil if nothing is.
func (n *namespace) seen(obs site.Observed) *network.Status {
	if !obs.Running {
		return nil
	}
	return n.network.Load()
}

// addNetwork adds to what the router says what is known of the network beyond it.
func (n *namespace) addNetwork(obs *site.Observed) {
	status := n.seen(*obs)
	if status == nil {
		return
	}
	siteOf := map[string]network.SiteInfo{} // by router id
	for _, s := range status.Sites {
		for _, r := range s.Routers {
			_, id, _ := strings.Cut(r.Info.Name, "/") // after the area
			siteOf[id] = s.Info
		}
	}
	for i := range obs.Nodes {
		if s, ok := siteOf[obs.Nodes[i].RouterID]; ok {
			obs.Nodes[i].SiteID, obs.Nodes[i].SiteName = s.ID, s.Name
		}
	}
	for name, l := range obs.Links {
		if s, ok := siteOf[l.RemoteRouter]; ok && l.Up {
			l.RemoteSite, l.RemoteName = s.ID, s.Name
			obs.Links[name] = l
		}
	}
	obs.Network = records(status)
}

// records describes the sites of the network for the site's status.
func records(status *network.Status) []v2alpha1.SiteRecord {
	all := status.SiteRecords()
	out := make([]v2alpha1.SiteRecord, 0, len(all))
	for _, s := range all {
		r := v2alpha1.SiteRecord{ID: s.ID, Name: s.Name, Namespace: s.Namespace, Platform: s.Platform, Version: s.Version}
		for _, l := range s.Links {
			r.Links = append(r.Links, v2alpha1.LinkRecord{Name: l.Name, RemoteSiteID: l.RemoteSiteID, RemoteSiteName: l.RemoteSiteName, Operational: l.Operational})
		}
		for _, k := range s.Services {
			r.Services = append(r.Services, v2alpha1.ServiceRecord{RoutingKey: k.RoutingKey, Connectors: k.Connectors, Listeners: k.Listeners})
		}
		out = append(out, r)
	}
	return out
}
