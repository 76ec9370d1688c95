package control

import (
	"maps"
	"slices"
	"time"
)

// onRA learns what a router has to say, and asks for what is not known yet.
func (e *Engine) onRA(now time.Time, link int, b *body) {
	n := e.lookup(now, b.id, "", link)
	if n == nil || n.hearsay(link, b.instance) {
		return
	}
	n.version = b.version
	n.lastSeen = now
	e.identify(n, b.instance)
	if b.lsSeq < n.lsSeq || b.mobileSeq < n.mobileSeq {
		// A late RA, or one that was overtaken. But if that goes on, then the
		// router restarted within the same second, or something it said
		// before a restart came in after it.
		switch {
		case n.link != 0 && n.link != link: // it is heard itself
		case n.behindSince.IsZero():
			n.behindSince = now
		case now.Sub(n.behindSince) >= e.cfg.RAIntervalFlux:
			e.restarted(n, b.instance)
		}
	} else {
		n.behindSince = time.Time{}
	}
	n.lsr.advertised(n.lsSeq, &n.lsAdvertised, b.lsSeq)
	n.mar.advertised(n.mobileSeq, &n.mobileAdvertised, b.mobileSeq)
}

// onLSR notes that a router wants our link state; it gets it as soon as there
// is a way to it.
func (e *Engine) onLSR(now time.Time, link int, b *body) {
	if n := e.lookup(now, b.id, "", link); n != nil {
		n.version = b.version
		n.owesLSU = true
	}
}

// onLSU takes over the link state of a router, if it is news.
func (e *Engine) onLSU(now time.Time, link int, b *body) {
	n := e.lookup(now, b.id, "", link)
	if n == nil || n.hearsay(link, b.instance) {
		return
	}
	n.version = b.version
	if n.hasInstance && b.instance < n.instance {
		return // sent before the restart that we know of
	}
	e.identify(n, b.instance)
	n.lastSeen = now
	if b.ls.seq > n.lsSeq {
		n.lsSeq = b.ls.seq
		delete(b.ls.peers, n.id)
		if !maps.Equal(n.peers, b.ls.peers) {
			n.peers = b.ls.peers
			e.dirty, e.rescan = true, true
		}
		for _, id := range slices.Sorted(maps.Keys(n.peers)) {
			if id != e.cfg.ID && e.lookup(now, id, n.id, link) == nil {
				break // for the others there is no room either
			}
		}
	}
	if n.lsSeq >= n.lsAdvertised {
		n.lsr.done()
	}
}

// settle does what the last events made due: it computes the ways, and sends
// requests, answers and the advertisement, in this order.
func (e *Engine) settle(now time.Time) {
	if e.linksChanged {
		e.linksChanged = false
		e.lsSeq++
		e.dirty, e.urgent, e.wantRA = true, true, true
	}
	if e.dirty && !now.Before(e.computeAt()) {
		e.compute(now)
	}
	if e.rescan {
		e.scanOrphans(now)
	}
	for _, id := range e.order {
		if n := e.nodes[id]; n.reachable && n.lsr.due(now) {
			n.lsr.sent(now, e.cfg.RAInterval)
			e.send(toRouter(e.cfg.Area, id), body{op: opLSR})
		}
	}
	for _, id := range e.order {
		if n := e.nodes[id]; n.reachable && n.owesLSU {
			n.owesLSU = false
			e.sendLSU(id)
		}
	}
	e.settleMobile(now)
	if e.wantRA && !now.Before(e.raAt()) {
		e.sendRA(now)
	}
}

// computeAt is when the ways may be computed again for other routers' sake.
// In a large network many of them change together, and each change costs.
func (e *Engine) computeAt() time.Time {
	if e.urgent || e.lastCompute.IsZero() || len(e.nodes) < smallNetwork {
		return time.Time{}
	}
	return e.lastCompute.Add(computeSpacing)
}

// compute finds the ways and announces what changed: first the routers that
// are their own next hops, for the others are reached through them.
func (e *Engine) compute(now time.Time) {
	e.dirty, e.urgent, e.rescan = false, false, true
	e.lastCompute = now
	e.lastChange = now
	e.fluxUntil = now.Add(2 * e.cfg.RAIntervalFlux)
	if flux := now.Add(e.cfg.RAIntervalFlux); flux.Before(e.nextRA) {
		e.nextRA = flux
	}

	p := computePaths(e.cfg.ID, e.linkStates())
	for _, direct := range []bool{true, false} {
		for _, id := range e.order {
			if r, ok := p.routes[id]; ok && (r.next == id) == direct {
				e.setRoute(now, e.nodes[id], r)
			}
		}
	}
	for _, id := range e.order {
		n := e.nodes[id]
		r, ok := p.routes[id]
		n.parent = r.parent
		if !ok && n.reachable {
			n.reachable, n.unreachableSince = false, now
			e.emit(NodeUnreachable{ID: id})
			e.log.Info().Str(fieldNode, id).Msg("router unreachable")
		}
	}
	if p.radius != e.radius {
		e.radius = p.radius
		e.emit(RadiusChanged{Radius: p.radius})
	}
}

// linkStates joins ours with what the others said, without routers that did
// not fit the table.
func (e *Engine) linkStates() map[string]map[string]int {
	states := make(map[string]map[string]int, len(e.nodes)+1)
	states[e.cfg.ID] = e.peers
	for id, n := range e.nodes {
		if len(n.peers) == 0 {
			continue
		}
		known := make(map[string]int, len(n.peers))
		for p, cost := range n.peers {
			if p == e.cfg.ID || e.nodes[p] != nil {
				known[p] = cost
			}
		}
		states[id] = known
	}
	return states
}

func (e *Engine) setRoute(now time.Time, n *node, r route) {
	next := r.next
	if next == n.id {
		next = ""
	}
	v := NodeReachable{ID: n.id, Link: n.link, NextHop: next, Cost: r.cost, ValidOrigins: r.origins, Hops: r.hops}
	a := n.announced
	if n.reachable && a.Link == v.Link && a.NextHop == v.NextHop && a.Cost == v.Cost && a.Hops == v.Hops &&
		slices.Equal(a.ValidOrigins, v.ValidOrigins) {
		return
	}
	if !n.reachable {
		n.reachable = true
		// While there was no way its advertisements went past us. A neighbour
		// sends one now, but the next one of a far router may take long.
		n.lsr.restart()
		n.lsr.want()
		n.mar.restart()
		if n.link != 0 {
			n.mar.maybe(now.Add(askFirst))
		} else {
			n.mar.maybe(time.Time{})
			if at := now.Add(raSettle); at.Before(e.nextRA) {
				e.nextRA = at
			}
		}
		e.log.Info().Str(fieldNode, n.id).Int("cost", r.cost).Msg("router reachable")
	}
	n.announced = v
	e.emit(v)
}

func (e *Engine) sendLSU(id string) {
	e.send(toRouter(e.cfg.Area, id), body{
		op: opLSU, has: hasInstance | hasLSSeq | hasLS,
		instance: e.cfg.Instance, lsSeq: e.lsSeq,
		ls: linkState{id: e.cfg.ID, area: e.cfg.Area, seq: e.lsSeq, peers: e.peers},
	})
}

// raAt is when a wanted RA may go out.
func (e *Engine) raAt() time.Time {
	if e.lastRA.IsZero() {
		return time.Time{}
	}
	return e.lastRA.Add(raSpacing)
}

// sendRA advertises this router, if there is anybody to hear it.
func (e *Engine) sendRA(now time.Time) {
	e.wantRA = false
	interval := e.cfg.RAInterval
	if now.Before(e.fluxUntil) {
		interval = e.cfg.RAIntervalFlux
	}
	e.nextRA = now.Add(interval)
	if len(e.peers) == 0 {
		return
	}
	e.lastRA = now
	e.send(toAll, body{
		op: opRA, has: hasInstance | hasLSSeq | hasMobileSeq,
		instance: e.cfg.Instance, lsSeq: e.lsSeq, mobileSeq: e.mobileSeq,
	})
}
