package network

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// speaker makes a source of what a member of the network may send.
func (t *table) speaker(b beacon, records ...change) {
	t.beacon(at(0), b)
	t.update(at(0), b.id, records)
}

// besieged is the network of a site in a cluster with a link that is down, and of members that say they were part of it.
func besieged() *table {
	tab := newTable()
	tab.speaker(controller("me"), rec(vanflow.Site, "me", vanflow.Name, "west"))
	tab.speaker(router("bcdfg"),
		rec(vanflow.Router, "bcdfg:0", vanflow.Parent, "me", vanflow.Name, "0/west-skupper-router-7d9f-bcdfg"),
		rec(vanflow.Link, "bcdfg:1", vanflow.Parent, "bcdfg:0", vanflow.Name, "east", vanflow.Status, "down"))
	lie := func(name string, records ...change) {
		tab.speaker(router(name), append(records,
			rec(vanflow.Link, name+":1", vanflow.Parent, name+":0", vanflow.Name, "east", vanflow.Status, "up", vanflow.Peer, name+":2"),
			rec(vanflow.RouterAccess, name+":2", vanflow.Parent, name+":0"))...)
	}
	lie("aaaaa", rec(vanflow.Site, "me", vanflow.Name, "evil"), rec(vanflow.Router, "aaaaa:0", vanflow.Parent, "me", vanflow.Name, "0/evil"))
	lie("aaaab", rec(vanflow.Router, "aaaab:0", vanflow.Parent, "me", vanflow.Name, "0/west-skupper-router-7d9f-bcdfg"))
	tab.speaker(controller("0"), rec(vanflow.Site, "me", vanflow.Name, "evil"), rec(vanflow.Process, "p", vanflow.Parent, "me", vanflow.SourceHost, "h"))
	tab.speaker(router("aaaac"), rec(vanflow.Site, "me", vanflow.Name, "evil"), rec(vanflow.Router, "aaaac:0", vanflow.Parent, "evil"))
	return tab
}

// ownPods is what an adaptor knows: the pods of its routers.
func ownPods(pods ...string) Own {
	return Own{SiteID: "me", Router: func(id string) (string, bool) {
		for _, p := range pods {
			if strings.HasSuffix(id, "-"+p) {
				return p, true
			}
		}
		return "", false
	}}
}

// TestNobodyElseSpeaksForASite: neither of its links nor of its name.
func TestNobodyElseSpeaksForASite(t *testing.T) {
	tab := besieged()
	st := tab.status(ownPods("skupper-router-7d9f-bcdfg"))
	if links := st.LinksOf("me"); len(links) != 1 || links[0].Operational || links[0].RemoteSiteID != "" {
		t.Errorf("the links are %+v", links)
	}
	for _, s := range st.Sites {
		if s.Info.ID == "me" && (s.Info.Name != "west" || len(s.Routers) != 1) {
			t.Errorf("the own site is %+v", s)
		}
	}
	if v := tab.index(Own{}); len(v.hosts) != 0 || len(v.process) != 0 {
		t.Error("a controller tells of the processes of another site")
	}
	// Its router is there under another name of its source, as where the name of the pod tells nothing.
	tab = newTable()
	tab.speaker(router("zzzzz"), rec(vanflow.Site, "me", vanflow.Name, "west"), rec(vanflow.Router, "zzzzz:0", vanflow.Parent, "me", vanflow.Name, "0/west-router-1"))
	if st := tab.status(ownPods("router-1")); len(st.Sites) != 1 || len(st.Sites[0].Routers) != 1 {
		t.Errorf("the own site is %+v", st.Sites)
	}
	if st := tab.status(Own{SiteID: "me"}); len(st.Sites) != 1 || len(st.Sites[0].Routers) != 1 {
		t.Errorf("where the routers are not known the own site is %+v", st.Sites)
	}
}

// TestWhoSpeaksForOtherSites: of a site with a controller that one does, of others their routers do, whoever else says something.
func TestWhoSpeaksForOtherSites(t *testing.T) {
	tab := newTable()
	tab.speaker(router("aaaaa"), rec(vanflow.Site, "kube", vanflow.Name, "evil"), rec(vanflow.Site, "local", vanflow.Name, "evil"), rec(vanflow.Router, "aaaaa:0", vanflow.Parent, "evil"))
	tab.speaker(router("aaaab"), rec(vanflow.Site, "kube", vanflow.Name, "evil"), rec(vanflow.Router, "aaaab:0", vanflow.Parent, "kube"))
	tab.speaker(controller("kube"), rec(vanflow.Site, "kube", vanflow.Name, "east"))
	tab.speaker(router("xxxxx"), rec(vanflow.Site, "local", vanflow.Name, "edge"), rec(vanflow.Router, "xxxxx:0", vanflow.Parent, "local"))
	got := map[string]string{}
	for _, s := range tab.status(Own{}).Sites {
		got[s.Info.ID] = s.Info.Name
	}
	if len(got) != 2 || got["kube"] != "east" || got["local"] != "edge" {
		t.Errorf("got %v", got)
	}
}
