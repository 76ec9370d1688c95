package control

import (
	"maps"
	"slices"
	"time"
)

// NodeView is one router as management shows it.
type NodeView struct {
	ID              string
	ProtocolVersion int
	Instance        int64
	LinkState       []string // ids of its neighbours, sorted
	NextHop         string   // "(self)" for this router, "" for a router that is its own next hop
	ValidOrigins    []string // sorted
	Link            int      // control link of a neighbour, else 0
	Cost            int      // of the way to it; 0 for this router and the unreachable
	Reachable       bool
	LastTopoChange  time.Time // of this router only, zero for others and before the first
	Index           int       // 0 for this router
}

// Nodes lists the routers that are known, this one first, then by id.
func (e *Engine) Nodes() []NodeView {
	out := make([]NodeView, 0, 1+len(e.order))
	out = append(out, NodeView{
		ID: e.cfg.ID, ProtocolVersion: versionRouting, Instance: e.cfg.Instance,
		LinkState: slices.Sorted(maps.Keys(e.peers)), NextHop: "(self)",
		Reachable: true, LastTopoChange: e.lastChange,
	})
	for _, id := range e.order {
		n := e.nodes[id]
		v := NodeView{
			ID: id, ProtocolVersion: int(n.version), Instance: n.instance,
			LinkState: slices.Sorted(maps.Keys(n.peers)), Link: n.link, Index: n.index, Reachable: n.reachable,
		}
		if n.reachable {
			v.NextHop, v.Cost, v.ValidOrigins = n.announced.NextHop, n.announced.Cost, slices.Clone(n.announced.ValidOrigins)
		}
		out = append(out, v)
	}
	return out
}
