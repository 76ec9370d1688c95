package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
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

// stream has f called with a streaming link of cn that has credit: at once when one is idle, else when the peer has answered. f gets nil
// when none can be had.
func (c *Core) stream(cn *Connection, f func(*link)) {
	if n := len(cn.pool); n > 0 {
		l := cn.pool[n-1]
		cn.pool = cn.pool[:n-1]
		l.freed = false
		f(l)
		return
	}
	l := &link{cn: cn, kind: streamingLink}
	l.onReady = func() { l.onReady = nil; l.ready = true; f(l) }
	var caps []wire.Symbol
	if cn.role == InterRouter {
		caps = []wire.Symbol{"qd.router-data"}
	}
	var err error
	cn.peer.Do(func(k *conn.Conn) {
		l.l, err = k.OpenLink(conn.ClassStreaming, "qdlink."+Discriminator(), frame.RoleSender,
			&frame.Source{ExpiryPolicy: "link-detach", Capabilities: caps}, &frame.Target{ExpiryPolicy: "link-detach", Capabilities: caps}, 0, l)
	})
	if err != nil {
		c.log.Warn().Uint64("conn", cn.ID).Err(err).Msg("no streaming link")
		l.onReady = nil
		f(nil)
		return
	}
	cn.links[l.l] = l
}

// free returns a streaming link to the pool of its connection.
func (l *link) free() {
	if l.l.Gone() || l.freed {
		return
	}
	l.freed = true
	l.cn.pool = append(l.cn.pool, l)
}

// TrimPools closes idle streaming links above what a connection keeps.
func (c *Core) TrimPools(now time.Time) {
	for _, cn := range c.conns {
		if now.Sub(cn.trimmed) < limits.StreamPoolScan {
			continue
		}
		cn.trimmed = now
		n := min(len(cn.pool)-limits.StreamPool, limits.StreamPoolTrim)
		for ; n > 0; n-- {
			l := cn.pool[0]
			cn.pool = cn.pool[1:]
			cn.peer.Do(func(k *conn.Conn) { k.Detach(l.l, nil) })
		}
	}
}
