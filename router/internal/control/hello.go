package control

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// link is a control link that is up.
type link struct {
	cost int
	peer string   // the router at the other end, as it named itself when it connected; "" means not known
	told []string // sorted: the ids that our last HELLO on it listed
}

// hearing is what was heard of one router on one link.
type hearing struct {
	last time.Time // of its last HELLO
	both time.Time // of its last HELLO that listed us; zero means none
	// of the router that said it
	instance int64
	// A later HELLO, on another link, did not list us: the other end has
	// probably given this link up.
	doubt bool
}

// LinkUp tells that both directions of a control link are up. link is a number
// of 1 or more that no other link up has; cost is the larger of what the two
// ends want, 1 or more.
func (e *Engine) LinkUp(now time.Time, link, cost int) {
	if len(e.links) == 0 {
		e.nextHello = now.Add(e.cfg.HelloInterval)
	}
	e.linkUp(link, cost)
	if e.links[link] != nil {
		e.sendHello(link)
	}
	e.settle(now)
}

// Peer tells which router a link that is up leads to: the connection's peer has
// named itself. From then on nobody else is heard there.
func (e *Engine) Peer(link int, id string) {
	if l := e.links[link]; l != nil {
		l.peer = id
	}
}

func (e *Engine) linkUp(number, cost int) {
	if number < 1 || e.links[number] == nil && len(e.links) >= MaxLinks {
		e.log.Error().Int(fieldLink, number).Int("limit", MaxLinks).Msg("control link ignored")
		return
	}
	cost = min(max(cost, 1), MaxCost)
	if l := e.links[number]; l != nil {
		l.cost = cost // counts from the next time a neighbour is found on it
		return
	}
	e.links[number] = &link{cost: cost}
}

// LinkLost tells that a control link is gone. A neighbour on it is lost at
// once, unless another link to it is up.
func (e *Engine) LinkLost(now time.Time, link int) {
	delete(e.links, link)
	for id, on := range e.heard {
		if delete(on, link); len(on) == 0 {
			delete(e.heard, id)
		}
	}
	e.checkNeighbours(now)
	e.settle(now)
}

func (e *Engine) onHello(now time.Time, number int, b *body) error {
	if b.id == e.cfg.ID {
		if b.instance != e.cfg.Instance && b.instance != e.duplicate {
			e.duplicate = b.instance
			e.log.Error().Str(fieldNode, b.id).Int(fieldLink, number).Int64("instance", b.instance).
				Msg("another router has the id of this one")
		}
		return nil
	}
	l := e.links[number]
	if l == nil {
		return errors.New("came in on a link that is not up")
	}
	on := e.heard[b.id]
	if on == nil {
		if len(e.heard) >= MaxRouters-1 {
			return errors.New("too many routers are heard")
		}
		on = map[int]*hearing{}
		e.heard[b.id] = on
	}
	h := on[number]
	if h == nil {
		h = &hearing{}
		on[number] = h
	}
	h.last, h.instance = now, b.instance
	if slices.Contains(b.seen, e.cfg.ID) {
		h.both, h.doubt = now, false
		e.neighbour(now, number, b)
	} else if n := e.nodes[b.id]; n == nil || n.instance == b.instance {
		for other, h := range on {
			h.doubt = h.doubt || other != number
		}
	}
	// A router that does not know yet that we hear it is told at once.
	if _, told := slices.BinarySearch(l.told, b.id); !told {
		e.sendHello(number)
	}
	return nil
}

// neighbour is called for each HELLO that lists this router. While several
// links to a neighbour are up it stays on the one it has, unless that misses
// HELLOs: to change with each HELLO would make the network compute its ways
// again each time.
func (e *Engine) neighbour(now time.Time, number int, b *body) {
	n := e.lookup(now, b.id, e.cfg.ID, number)
	if n == nil || e.namesake(now, number, n, b) {
		return
	}
	n.version = b.version
	if e.identify(n, b.instance) {
		// The other links are of the former instance, and just do not know it.
		for l := range e.heard[b.id] {
			if l != number {
				delete(e.heard[b.id], l)
			}
		}
		e.setLink(n, number)
	} else if n.link == 0 || n.link != number && e.overdue(now, n) {
		e.setLink(n, number)
	}
}

// setLink makes a node a neighbour on a link. The cost holds as long as it
// stays one on this link.
func (e *Engine) setLink(n *node, number int) {
	cost := e.links[number].cost
	if old, is := e.peers[n.id]; !is || old != cost {
		e.peers[n.id] = cost
		e.linksChanged = true
	}
	n.link = number
	n.lsr.restart()
	n.lsr.want()
	e.dirty, e.urgent = true, true
	e.log.Info().Str(fieldNode, n.id).Int(fieldLink, number).Int("cost", cost).Msg("neighbour found")
}

// checkNeighbours finds neighbours whose link is gone or silent.
func (e *Engine) checkNeighbours(now time.Time) {
	for _, id := range e.order {
		n := e.nodes[id]
		if n.link == 0 || e.alive(now, n.id, n.link) {
			continue
		}
		if other := e.best(now, n.id); other != 0 {
			e.setLink(n, other)
			continue
		}
		e.log.Info().Str(fieldNode, n.id).Int(fieldLink, n.link).Msg("neighbour lost")
		n.link = 0
		delete(e.peers, n.id)
		e.linksChanged = true
	}
}

func (e *Engine) alive(now time.Time, id string, number int) bool {
	h := e.heard[id][number]
	return h != nil && !h.both.IsZero() && now.Sub(h.both) < e.cfg.HelloMaxAge
}

// overdue tells whether a neighbour's link seems to be of no use any more: the
// next HELLO should have come, or is in doubt. After a reconnection that only
// the other end has noticed, HELLOs come on the new link alone.
func (e *Engine) overdue(now time.Time, n *node) bool {
	h := e.heard[n.id][n.link]
	return h == nil || h.doubt || now.Sub(h.both) > e.cfg.HelloInterval*3/2
}

// best is the link to take for a neighbour: the cheapest, then the first; 0 if
// there is none.
func (e *Engine) best(now time.Time, id string) int {
	best := 0
	for _, number := range slices.Sorted(maps.Keys(e.heard[id])) {
		if e.alive(now, id, number) && (best == 0 || e.links[number].cost < e.links[best].cost) {
			best = number
		}
	}
	return best
}

// tickHello drops what was not heard for too long, and says HELLO when it is time.
func (e *Engine) tickHello(now time.Time) {
	for id, on := range e.heard {
		for number, h := range on {
			if now.Sub(h.last) >= e.cfg.HelloMaxAge {
				delete(on, number)
			}
		}
		if len(on) == 0 {
			delete(e.heard, id)
		}
	}
	e.checkNeighbours(now)
	if now.Before(e.nextHello) {
		return
	}
	for _, number := range slices.Sorted(maps.Keys(e.links)) {
		e.sendHello(number)
	}
	e.nextHello = now.Add(e.cfg.HelloInterval)
}

func (e *Engine) sendHello(number int) {
	l := e.links[number]
	l.told = slices.Sorted(maps.Keys(e.heard))
	b := e.complete(body{op: opHello, has: hasInstance | hasSeen, instance: e.cfg.Instance, seen: l.told})
	e.emit(Send{To: toHello, Link: number, Body: b.encode(toHello)})
}
