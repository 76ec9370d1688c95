package control

import (
	"slices"
	"sort"
	"time"
)

// node is what is known of one other router.
type node struct {
	id          string
	index       int // 1 to MaxRouters-1, free again when the node is deleted
	version     int64
	instance    int64 // only if hasInstance
	hasInstance bool
	namesake    int64 // instance of another router with its id that was logged

	link int // control link of a neighbour, else 0
	via  int // control link on which it became known

	parent string // the last router on the way to it, or that is said to be; "" while there is none
	made   int    // when it was made, as a number that rises

	// What it last said of itself. An advertised number above the stored one
	// means that something is to be asked for.
	peers            map[string]int // its link state; empty means none
	lsSeq            int64          // stored: number of peers
	lsAdvertised     int64
	addresses        map[string]address
	mobileSeq        int64 // stored: number of addresses
	mobileAdvertised int64
	lastSeen         time.Time // of an RA or LSU; zero means never
	behindSince      time.Time // its RAs are behind the stored numbers; zero means they are not

	lsr, mar         ask
	owesLSU, owesMAU bool // it asked us while there was no way to it

	reachable        bool
	announced        NodeReachable // last effect, while reachable
	unreachableSince time.Time     // while not reachable
	orphanSince      time.Time     // nothing speaks of it; zero means something does
}

// lookup finds the node of an id, or makes one. It returns nil if the table is
// full, and nobody has to give way to one that becomes known by that link and
// that another router lists, by; "" if nobody is known to.
func (e *Engine) lookup(now time.Time, id, by string, via int) *node {
	if n := e.nodes[id]; n != nil {
		return n
	}
	index := slices.Index(e.used[:], false)
	if index < 0 {
		if by == "" {
			by = e.listedBy(id)
		}
		if e.makeRoom(by, via) {
			index = slices.Index(e.used[:], false)
		}
	}
	if index < 0 {
		if e.full.IsZero() || now.Sub(e.full) >= fullPause {
			e.full = now
			e.log.Error().Str(fieldNode, id).Int("limit", MaxRouters).Msg("router table full, router ignored")
		}
		return nil
	}
	e.made++
	n := &node{id: id, index: index, via: via, made: e.made, parent: by, unreachableSince: now, orphanSince: now}
	n.lsr.want()
	e.used[index] = true
	e.nodes[id] = n
	at := sort.SearchStrings(e.order, id)
	e.order = slices.Insert(e.order, at, id)
	e.rescan = true
	e.log.Debug().Str(fieldNode, id).Int("index", index).Msg("router created")
	return n
}

// remove deletes a node.
func (e *Engine) remove(n *node) {
	e.flushAddresses(n)
	delete(e.nodes, n.id)
	at := sort.SearchStrings(e.order, n.id)
	e.order = slices.Delete(e.order, at, at+1)
	e.used[n.index] = false
	e.emit(NodeDeleted{ID: n.id})
	e.log.Debug().Str(fieldNode, n.id).Msg("router deleted")
}

// scanOrphans notes which nodes nothing speaks of: no neighbour, without a
// link state, and in nobody's link state.
func (e *Engine) scanOrphans(now time.Time) {
	listed := map[string]bool{}
	for id := range e.peers {
		listed[id] = true
	}
	for _, n := range e.nodes {
		for id := range n.peers {
			listed[id] = true
		}
	}
	for _, n := range e.nodes {
		switch {
		case n.link != 0 || len(n.peers) > 0 || listed[n.id]:
			n.orphanSince = time.Time{}
		case n.orphanSince.IsZero():
			n.orphanSince = now
		}
	}
	e.rescan = false
}

// forget clears the link state of a node. The next one is accepted whatever
// its number.
func (e *Engine) forget(n *node) {
	if len(n.peers) > 0 {
		e.dirty = true
	}
	n.peers, n.lsSeq, n.lsAdvertised = nil, 0, 0
	n.lsr.restart()
	n.lsr.want()
	e.rescan = true
}

// restarted makes a node start over: nothing it said before holds any more.
func (e *Engine) restarted(n *node, instance int64) {
	e.log.Info().Str(fieldNode, n.id).Int64("was", n.instance).Int64("instance", instance).Msg("router restarted")
	n.instance = instance
	n.behindSince = time.Time{}
	e.forget(n)
	e.flushAddresses(n)
	n.mobileAdvertised = 0
	n.mar.done()
	if n.reachable {
		n.mar.maybe(time.Time{}) // what it advertised may have come before we knew
	}
	e.dirty, e.urgent = true, true
	if n.link != 0 {
		e.wantRA = true // it lost ours; routers farther off ask, or hear it soon since the network is in flux
	}
}

// identify records the instance of a node, and tells whether it is another
// than before.
func (e *Engine) identify(n *node, instance int64) (restarted bool) {
	if !n.hasInstance {
		n.instance, n.hasInstance = instance, true
		return false
	}
	if n.instance == instance {
		return false
	}
	e.restarted(n, instance)
	return true
}

// flushAddresses removes all addresses of a node.
func (e *Engine) flushAddresses(n *node) {
	if len(n.addresses) > 0 {
		e.remoteAddresses -= len(n.addresses)
		e.emit(AddressesFlushed{Node: n.id})
	}
	n.addresses, n.mobileSeq = nil, 0
}
