package control

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// fullPause is the least time between two lines about a full table.
const fullPause = time.Minute

// makeRoom takes a router out of a full table for one that another lists among
// its peers, by, or that itself is a neighbour, by this router; "" for one that
// nobody lists. It reports that none has to give way.
//
// A router that invents others, with what they say, cannot keep out real ones:
// first go those that there is no way to. Then it is seen where the newcomer
// would be in the tree of ways, from this router on: at the first fork where
// another branch has more routers than the newcomer's, that has to give one up.
// What a router invents is all beyond itself.
func (e *Engine) makeRoom(by string, via int) bool {
	var out *node
	count := map[int]int{} // those without a way, by the link on which they became known
	for _, n := range e.nodes {
		if n.parent == "" {
			count[n.via]++
		}
	}
	for _, n := range e.nodes {
		if n.parent != "" || n.link != 0 || n.id == by || by == "" && count[n.via] <= count[via]+1 {
			continue
		}
		if out == nil || count[n.via] > count[out.via] || count[n.via] == count[out.via] && n.made > out.made {
			out = n
		}
	}
	if out == nil && by != "" {
		out = e.heaviest(by)
	}
	if out == nil {
		return false
	}
	if out.reachable {
		e.emit(NodeUnreachable{ID: out.id})
		e.dirty, e.urgent = true, true
	}
	e.log.Debug().Str(fieldNode, out.id).Str("parent", out.parent).Msg("router gave way to another")
	e.remove(out)
	return true
}

// way is the routers from this one, without itself, to one that is known.
func (e *Engine) way(id string) (ids []string) {
	for n := e.nodes[id]; n != nil && len(ids) < MaxRouters; n = e.nodes[n.parent] {
		ids = append(ids, n.id)
	}
	slices.Reverse(ids)
	return ids
}

// heaviest is the router that gives way to a newcomer that by lists; nil if none
// does.
func (e *Engine) heaviest(by string) *node {
	size := map[string]int{} // of the branch that begins with a router
	ways := make(map[string][]string, len(e.nodes))
	for id := range e.nodes {
		ways[id] = e.way(id)
		for _, on := range ways[id] {
			size[on]++
		}
	}
	at, mine := e.cfg.ID, ways[by]
	if by != at && mine == nil {
		return nil
	}
	for level := 0; ; level++ {
		branch := ""
		if level < len(mine) {
			branch = mine[level]
		}
		most := branch
		for _, id := range e.order {
			if n := e.nodes[id]; n.parent == at && size[id] > max(size[most], size[branch]+1) {
				most = id
			}
		}
		switch {
		case most != branch:
			return e.last(most, ways)
		case branch == "":
			return nil
		}
		at = branch
	}
}

// last is the router of a branch that goes first: one that has said nothing,
// then the farthest, then the newest. It is no neighbour.
func (e *Engine) last(branch string, ways map[string][]string) (out *node) {
	for _, id := range e.order {
		n := e.nodes[id]
		if n.link != 0 || !slices.Contains(ways[id], branch) {
			continue
		}
		mute := n.lastSeen.IsZero()
		switch {
		case out == nil || mute != out.lastSeen.IsZero():
			if out == nil || mute {
				out = n
			}
		case len(ways[id]) != len(ways[out.id]):
			if len(ways[id]) > len(ways[out.id]) {
				out = n
			}
		case n.made > out.made:
			out = n
		}
	}
	return out
}

// listedBy is a router that there is a way to and that lists another, the
// nearest; "" if there is none.
func (e *Engine) listedBy(id string) (by string) {
	for _, o := range e.order {
		n := e.nodes[o]
		if _, lists := n.peers[id]; lists && n.parent != "" && (by == "" || n.announced.Cost < e.nodes[by].announced.Cost) {
			by = o
		}
	}
	return by
}

// Foreign tells whether a router is none of the table's, because that is full:
// what it floods need not be passed on, for there is no way to it.
func (e *Engine) Foreign(id string) bool {
	return id != e.cfg.ID && e.nodes[id] == nil && len(e.nodes) >= MaxRouters-1
}

// belongs refuses what cannot have come by a link. A HELLO is of the router at
// the other end, and so is what a neighbour says to this router alone, as long
// as no way around can be as cheap. What is flooded comes by all ways.
func (e *Engine) belongs(number int, b *body) error {
	l, n := e.links[number], e.nodes[b.id]
	neighbour := n != nil && n.link != 0
	switch {
	case l == nil || l.peer == "" || b.op == opRA:
		return nil
	case l.peer != b.id && (b.op == opHello || neighbour && e.straight(n)):
		return fmt.Errorf("%s of router %q: came in on a link to router %q", b.op, b.id, l.peer)
	case l.peer == b.id && b.op != opHello && neighbour && number != n.link:
		if h := e.heard[b.id][number]; h == nil || h.instance != n.instance {
			return fmt.Errorf("%s of router %q: came in on a link to another router of that id", b.op, b.id)
		}
	}
	return nil
}

// straight tells whether a neighbour's own link is the only cheapest way: any
// other one has a link of ours and one more, at a cost of 1 or more.
func (e *Engine) straight(n *node) bool {
	around := math.MaxInt
	for id, cost := range e.peers {
		if id != n.id {
			around = min(around, cost+1)
		}
	}
	return e.links[n.link] != nil && e.links[n.link].peer == n.id && e.peers[n.id] < around
}

// other tells whether a neighbour has another instance than that.
func (n *node) other(instance int64) bool {
	return n.link != 0 && n.hasInstance && n.instance != instance
}

// hearsay tells whether a neighbour is said to have another instance on a link
// that is not its own. Which it has its HELLOs tell.
func (n *node) hearsay(number int, instance int64) bool {
	return n.other(instance) && number != n.link
}

// namesake tells whether a HELLO is of another router than the neighbour that
// has its id. That goes on to say HELLO on its own link, so it was not
// restarted.
func (e *Engine) namesake(now time.Time, number int, n *node, b *body) bool {
	if !n.other(b.instance) || n.link == number || e.overdue(now, n) {
		return false
	}
	if n.namesake != b.instance {
		n.namesake = b.instance
		e.log.Error().Str("id", n.id).Int(fieldLink, number).Int("neighbour", n.link).Int64("instance", b.instance).
			Msg("another router has the id of a neighbour")
	}
	return true
}
