package core

import (
	"fmt"
	"strings"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// attachEndpoint answers a link of a client.
func (cn *Connection) attachEndpoint(l *link) {
	if l.l.Sender() {
		cn.attachReceiver(l)
	} else {
		cn.attachSender(l)
	}
}

func (cn *Connection) refuse(l *link, cond wire.Symbol, text string) {
	cn.peer.Do(func(k *conn.Conn) { k.Refuse(l.l, &frame.Error{Condition: cond, Description: text}) })
}

// attachSender answers a client that wants to send. It reports whether that may.
func (cn *Connection) attachSender(l *link) bool {
	c := cn.core
	a := l.l.Peer()
	if a.Target == nil || a.Target.Coordinator {
		cn.refuse(l, "amqp:not-implemented", "this kind of target is not supported")
		return false
	}
	target := answerTarget(a.Target)
	if a.Target.Dynamic { // a new address, which anybody in the network may receive from
		target.Address, target.HasAddress = "amqp:/_$temp."+Discriminator(), true
	}
	capacity := uint32(0)
	if !target.HasAddress || target.Address == "" {
		l.anon = true
		capacity = limits.LinkCapacity
	} else {
		l.target = target.Address
		k := c.key(l.target)
		if c.treatment(k) == Unavailable {
			cn.refuse(l, "amqp:not-found", "Node not found")
			return false
		}
		switch k[0] {
		case 'M', 'L':
			l.addr = c.address(k)
			l.addr.producers = append(l.addr.producers, l)
			if l.addr.canSend(cn) {
				capacity = limits.LinkCapacity
			}
		default: // a place in the topology: whether it can be reached shows with each message
			capacity = limits.LinkCapacity
		}
	}
	cn.peer.Do(func(k *conn.Conn) { k.BySettlement(l.l) })
	if !cn.accept(l, answerSource(a.Source), target, capacity) {
		cn.endpointGone(l)
		return false
	}
	if l.addr != nil && c.cfg.Edge {
		c.proxy(l.addr)
	}
	return true
}

// attachReceiver answers a client that wants to receive.
func (cn *Connection) attachReceiver(l *link) {
	c := cn.core
	a := l.l.Peer()
	if a.Source == nil || !a.Source.Dynamic && a.Source.Address == "" {
		cn.refuse(l, "qd:no-route-to-dest", "No route to the destination node")
		return
	}
	src := answerSource(a.Source)
	if a.Source.Dynamic {
		src.Address, src.HasAddress = c.Temporary(), true
	}
	k := c.key(src.Address)
	switch {
	case isControl(k) || strings.HasPrefix(k, "M$management"):
		cn.refuse(l, "qd:forbidden", "this address cannot be received from")
		return
	case k[0] != 'M' && k[0] != 'L' || k[0] == 'L' && cn.downward():
		cn.refuse(l, "qd:no-route-to-dest", "No route to the destination node")
		return
	}
	if a := c.addrs[k]; a != nil && a.Treatment == Unavailable || a == nil && c.treatment(k) == Unavailable {
		cn.refuse(l, "amqp:not-found", "Node not found")
		return
	}
	if a := c.addrs[k]; a != nil && a.receivers(cn) >= limits.MaxReceivers {
		cn.refuse(l, "amqp:resource-limit-exceeded", fmt.Sprintf("%d links of the connection receive from this address already", limits.MaxReceivers))
		return
	}
	l.addr = c.address(k)
	if !cn.accept(l, src, answerTarget(a.Target), 0) {
		c.changed(l.addr)
		return
	}
	l.addr.locals = append(l.addr.locals, l)
	c.changed(l.addr)
}

// receivers is how many links of a connection receive from the address.
func (a *Address) receivers(cn *Connection) (n int) {
	for _, l := range a.locals {
		if l.cn == cn {
			n++
		}
	}
	return n
}

// Temporary is a new address that only this router has.
func (c *Core) Temporary() string {
	place := "_topo/0/"
	if c.cfg.Edge {
		place = "_edge/"
	}
	return "amqp:/" + place + c.cfg.ID + "/temp." + Discriminator()
}

func (cn *Connection) endpointGone(l *link) {
	if l.addr == nil {
		return
	}
	l.addr.locals = remove(l.addr.locals, l)
	l.addr.producers = remove(l.addr.producers, l)
	cn.core.changed(l.addr)
}

// LocalKey is the key of an address of this router.
func (c *Core) LocalKey(addr string) string { return c.key(addr) }
