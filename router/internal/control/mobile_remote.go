package control

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// onMAU takes over addresses of a router, all of them or what changed.
func (e *Engine) onMAU(b *body) error {
	n := e.nodes[b.id]
	if n == nil {
		// It will be asked when its RA makes it known.
		e.log.Debug().Str(fieldNode, b.id).Msg("addresses of an unknown router ignored")
		return nil
	}
	var err error
	switch {
	case b.has&hasExist != 0:
		err = e.replaceAddresses(n, b)
	case b.mobileSeq == n.mobileSeq+1:
		err = e.changeAddresses(n, b)
	case b.mobileSeq > n.mobileSeq:
		n.mobileAdvertised = max(n.mobileAdvertised, b.mobileSeq)
		n.mar.want()
		return nil
	default:
		return nil // known already
	}
	if err == nil && n.mobileSeq >= n.mobileAdvertised {
		n.mar.done()
	}
	return err
}

// replaceAddresses makes exist the addresses of a node. An answer that is
// older than what a differential MAU has told since is of no use.
func (e *Engine) replaceAddresses(n *node, b *body) error {
	if b.mobileSeq < n.mobileSeq {
		return nil
	}
	exist := make(map[string]address, len(b.exist))
	for _, a := range b.exist {
		exist[a.key] = a
	}
	if err := e.room(n, len(exist)); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(n.addresses)) {
		if _, still := exist[key]; !still {
			e.removeAddress(n, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(exist)) {
		e.addAddress(n, exist[key])
	}
	n.mobileSeq = b.mobileSeq
	return nil
}

// changeAddresses applies a differential MAU.
func (e *Engine) changeAddresses(n *node, b *body) error {
	more := make(map[string]address, len(b.add))
	fresh := 0
	for _, a := range b.add {
		if _, again := more[a.key]; !again {
			if _, known := n.addresses[a.key]; !known {
				fresh++
			}
		}
		more[a.key] = a
	}
	if err := e.room(n, len(n.addresses)+fresh); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		e.addAddress(n, more[key])
	}
	del := slices.Clone(b.del)
	slices.Sort(del)
	for _, key := range del {
		e.removeAddress(n, key)
	}
	n.mobileSeq = b.mobileSeq
	return nil
}

// room checks that a node may have so many addresses.
func (e *Engine) room(n *node, count int) error {
	if count > MaxAddresses {
		return fmt.Errorf("%d addresses are more than %d", count, MaxAddresses)
	}
	if all := e.remoteAddresses - len(n.addresses) + count; all > MaxRemoteAddresses {
		return fmt.Errorf("%d addresses of all routers are more than %d", all, MaxRemoteAddresses)
	}
	return nil
}

// hasAddresses tells whether there is anything to take back.
func (n *node) hasAddresses() bool { return n.mobileSeq > 0 || len(n.addresses) > 0 }

func (e *Engine) addAddress(n *node, a address) {
	old, known := n.addresses[a.key]
	if known && old == a {
		return
	}
	if !known {
		e.remoteAddresses++
	}
	if n.addresses == nil {
		n.addresses = map[string]address{}
	}
	n.addresses[a.key] = a
	e.emit(AddressAdded{Node: n.id, Key: a.key, Treatment: a.treatment, Mesh: a.mesh})
}

func (e *Engine) removeAddress(n *node, key string) {
	if _, known := n.addresses[key]; !known {
		return
	}
	delete(n.addresses, key)
	e.remoteAddresses--
	e.emit(AddressRemoved{Node: n.id, Key: key})
}

// settleMobile removes the addresses of routers that stayed unreachable, and
// sends requests and answers about addresses, then what changed here.
func (e *Engine) settleMobile(now time.Time) {
	for _, id := range e.order {
		n := e.nodes[id]
		if !n.reachable && n.hasAddresses() && !now.Before(n.unreachableSince.Add(e.cfg.UnreachableHoldoff)) {
			// They will be asked for as soon as there is a way again.
			n.mobileAdvertised = max(n.mobileAdvertised, n.mobileSeq)
			n.mar.want()
			e.flushAddresses(n)
		}
		if n.reachable && n.mar.due(now) {
			n.mar.sent(now, e.cfg.RAInterval)
			e.send(toMobile(e.cfg.Area, id), body{op: opMAR, has: hasHaveSeq, haveSeq: n.mobileSeq})
		}
	}
	for _, id := range e.order {
		if n := e.nodes[id]; n.reachable && n.owesMAU {
			n.owesMAU = false
			e.sendMAU(id)
		}
	}
	if len(e.touched) > 0 && !now.Before(e.mobileAt()) {
		e.flushMobile(now)
	}
}
