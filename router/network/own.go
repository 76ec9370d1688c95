package network

import (
	"strings"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// Own is what the one who collects knows of its own site, so that no other member of the network speaks for it. The zero value:
// nothing.
type Own struct {
	SiteID string
	// Router tells whether a router with this id is one of the site's, and the name of the pod that it runs in, if it runs in one;
	// nil: not known, any may be. It is called on Collect's goroutine.
	Router func(id string) (pod string, ours bool)
}

// isOwn tells whether a source that says it is a router of the own site is one. The id of a router that runs in a pod is that of
// the pod's source too: with that one there, others of the same name are impostors.
func (t *table) isOwn(own Own, s *source, router *entry) bool {
	if own.SiteID == "" || own.Router == nil {
		return true
	}
	name := router.text(vanflow.Name)
	_, id, _ := strings.Cut(name, "/") // after the area
	pod, ours := own.Router(id)
	if !ours {
		return false
	}
	right := vanflow.SourceName(pod, unlikely) + ":0"
	if s.id == right {
		return true
	}
	o := t.sources[right]
	if o == nil {
		return true
	}
	r := o.records[right]
	return r == nil || r.typ != vanflow.Router || r.text(vanflow.Name) != name || r.text(vanflow.Parent) != own.SiteID
}

// unlikely is the name of no source: what one would be called whose name does not follow from that of the pod.
const unlikely = "     "

// speaksFor ranks what a source says of a site: a controller is the site's own, a router belongs to one site. Others have no say: 0.
func (s *source) speaksFor(site, routerOf string) int {
	switch {
	case s.kind == kindController && s.id == site:
		return 2
	case s.kind == kindRouter && routerOf == site:
		return 1
	}
	return 0
}
