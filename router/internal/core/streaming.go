package core

import (
	"slices"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// group is an inter-router control connection with its data connections; streams are spread over the latter.
type group struct {
	control *Connection
	data    []*Connection
	next    int
}

// carrier is the connection of the group that carries the next stream.
func (c *Core) carrier(cn *Connection) *Connection {
	if cn.groupKey == "" {
		return cn
	}
	g := c.groups[cn.groupKey]
	if g == nil || len(g.data) == 0 {
		return cn
	}
	g.next++
	return g.data[g.next%len(g.data)]
}

// lane is one of two kinds of streaming links: streams without a window have sessions of their own, because those with one must not wait for them.
type lane int

const (
	windowed lane = iota
	plain
	lanes // their number
)

// laneOf is that of a stream.
func laneOf(flags uint32) lane {
	if flags&message.FlagQ2Disabled != 0 {
		return windowed
	}
	return plain
}

// class is the session of another link of the lane.
func (cn *Connection) class(n lane) conn.Class {
	if n == windowed {
		return conn.ClassStreaming
	}
	cn.messages++
	return conn.ClassMessages + conn.Class(cn.messages%conn.Lanes)
}

// stream has f called with a streaming link of cn that can send: at once when one is idle, else when the peer has answered. f gets nil
// when none can be had.
func (c *Core) stream(cn *Connection, n lane, f func(*link)) {
	if l := cn.idle(n); l != nil {
		f(l)
		return
	}
	l := &link{cn: cn, kind: streamingLink, lane: n, onReady: f}
	var caps []wire.Symbol
	if cn.role == InterRouter {
		caps = []wire.Symbol{"qd.router-data"}
	}
	var err error
	cn.peer.Do(func(k *conn.Conn) {
		l.l, err = k.OpenLink(cn.class(n), "qdlink."+Discriminator(), frame.RoleSender,
			&frame.Source{ExpiryPolicy: "link-detach", Capabilities: caps}, &frame.Target{ExpiryPolicy: "link-detach", Capabilities: caps}, 0, l)
	})
	if err != nil {
		c.log.Warn().Uint64("conn", cn.ID).Err(err).Msg("no streaming link")
		f(nil)
		return
	}
	cn.keep(l)
	c.waiting[l] = time.Now().Add(limits.StreamLinkTimeout)
}

// idle takes a link that has credit out of the pool, nil when there is none.
func (cn *Connection) idle(n lane) (found *link) {
	pool := cn.pool[n]
	if len(pool) == 0 {
		return nil
	}
	at := -1
	cn.peer.Do(func(k *conn.Conn) {
		for i := len(pool) - 1; i >= 0; i-- {
			if k.CanSend(pool[i].l) {
				at = i
				return
			}
		}
	})
	if at < 0 {
		return nil
	}
	found = pool[at]
	cn.pool[n] = slices.Delete(pool, at, at+1)
	cn.least[n] = min(cn.least[n], len(cn.pool[n]))
	return found
}

// free makes a link that has carried a stream to its end ready for the next: a streaming link goes to the pool of its connection, a client's goes on
// with what waits for it.
func (l *link) free() {
	if l.kind != streamingLink {
		l.busy = false
		l.pump()
		return
	}
	if !l.dead {
		l.cn.pool[l.lane] = append(l.cn.pool[l.lane], l)
	}
}

// leave detaches a link whose stream was cut. A receiver that could not take all of that yet may never look at another stream on the link: some routers
// do not go on behind one that was cut while they waited for their own receiver.
func (l *link) leave() {
	if !l.dead {
		l.cn.detach(l)
	}
}

// rest is free for a link whose receiver does not say when it is done with the stream that has ended.
func (l *link) rest() {
	l.cn.resting = append(l.cn.resting, restingLink{l, time.Now().Add(limits.StreamLinkRest)})
}

// restingLink is a link that becomes free at a time.
type restingLink struct {
	l  *link
	at time.Time
}

// wake frees the links that have rested.
func (cn *Connection) wake(now time.Time) {
	n := 0
	for n < len(cn.resting) && now.After(cn.resting[n].at) {
		if l := cn.resting[n].l; !l.dead { // to be used after those of which the receiver has said that it is done
			cn.pool[l.lane] = slices.Insert(cn.pool[l.lane], 0, l)
		}
		n++
	}
	cn.resting = slices.Delete(cn.resting, 0, n)
}

// GiveUp ends the wait for streaming links that the peer has not made usable in time.
func (c *Core) GiveUp(now time.Time) {
	for l, at := range c.waiting {
		if now.After(at) {
			l.cn.peer.Do(func(k *conn.Conn) { k.Detach(l.l, nil) })
			l.fail()
		}
	}
}

// TrimPools puts links that have rested into the pools of their connections and closes those above what a connection keeps and has not needed for a while.
func (c *Core) TrimPools(now time.Time) {
	for _, cn := range c.conns {
		cn.wake(now)
		if now.Sub(cn.trimmed) >= limits.StreamPoolScan {
			cn.trimmed = now
			for i, pool := range cn.pool {
				cn.surplus[i] = max(0, min(cn.least[i], len(pool))-limits.StreamPool)
				cn.least[i] = len(pool)
			}
		}
		cn.trim()
	}
}

// trim closes some of the links that are too many, those first that were used least.
func (cn *Connection) trim() {
	for i, pool := range cn.pool {
		n := min(cn.surplus[i], len(pool), limits.StreamPoolTrim)
		if n == 0 {
			continue
		}
		cn.surplus[i] -= n
		cn.peer.Do(func(k *conn.Conn) {
			for _, l := range pool[:n] {
				k.Detach(l.l, nil)
			}
		})
		cn.pool[i] = slices.Clone(pool[n:])
	}
}
