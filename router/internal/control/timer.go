package control

import "time"

// Tick does what has become due. It is to be called when NextDeadline has
// come, and does no harm at any other time.
func (e *Engine) Tick(now time.Time) {
	e.tickHello(now)
	for _, id := range e.order {
		n := e.nodes[id]
		if len(n.peers) > 0 && now.Sub(n.lastSeen) >= e.cfg.RemoteLSMaxAge {
			e.log.Info().Str(fieldNode, id).Msg("link state expired")
			e.forget(n)
		}
	}
	if !now.Before(e.nextRA) {
		e.wantRA = true
	}
	e.settle(now)
	e.expireOrphans(now)
}

func (e *Engine) expireOrphans(now time.Time) {
	for i := 0; i < len(e.order); {
		n := e.nodes[e.order[i]]
		if !n.orphanSince.IsZero() && !now.Before(n.orphanSince.Add(orphanGrace)) {
			e.remove(n)
			continue
		}
		i++
	}
}

// NextDeadline is when Tick has something to do if nothing else happens.
func (e *Engine) NextDeadline() time.Time {
	next := e.nextRA
	at := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if len(e.links) > 0 {
		at(e.nextHello)
	}
	for _, on := range e.heard {
		for _, h := range on {
			at(h.last.Add(e.cfg.HelloMaxAge))
		}
	}
	if e.dirty {
		at(e.computeAt())
	}
	if e.wantRA {
		at(e.raAt())
	}
	if len(e.touched) > 0 {
		at(e.mobileAt())
	}
	for _, n := range e.nodes {
		e.nodeDeadlines(n, at)
	}
	return next
}

func (e *Engine) nodeDeadlines(n *node, at func(time.Time)) {
	if h := e.heard[n.id][n.link]; n.link != 0 && h != nil {
		at(h.both.Add(e.cfg.HelloMaxAge))
	}
	if len(n.peers) > 0 {
		at(n.lastSeen.Add(e.cfg.RemoteLSMaxAge))
	}
	if !n.orphanSince.IsZero() {
		at(n.orphanSince.Add(orphanGrace))
	}
	if n.reachable {
		if n.lsr.wanted {
			at(n.lsr.next)
		}
		if n.mar.wanted {
			at(n.mar.next)
		}
	} else if n.hasAddresses() {
		at(n.unreachableSince.Add(e.cfg.UnreachableHoldoff))
	}
}
