package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// predecessor is the connection that speaks for the same connector as cn, which has just got its control links.
func (c *Core) predecessor(cn *Connection) *Connection {
	if cn.lineage == "" {
		return nil
	}
	for _, old := range c.links {
		if old != nil && old != cn && old.lineage == cn.lineage {
			return old
		}
	}
	return nil
}

// succeed has cn take the place of old in the routing protocol, under the same number, so that no way changes. With newer certificates the
// old connection carries its streams to their end. With the same ones it is dead, and its end has just not been seen here: a connector has
// one control connection of each ordinal.
func (c *Core) succeed(old, cn *Connection) {
	if old.ordinal > cn.ordinal {
		c.force(cn, "Existing connection takes precedence")
		return
	}
	c.log.Info().Uint64("conn", old.ID).Uint64("by", cn.ID).Uint64("ordinal", cn.ordinal).Msg("connection succeeded")
	cn.controlNo, old.controlNo, old.succeeded = old.controlNo, 0, true
	c.links[cn.controlNo] = cn
	if old.ordinal == cn.ordinal {
		c.force(old, "New inter-router connection takes precedence")
		return
	}
	if !cn.opts.Dialled { // the dialler ends what it has made
		return
	}
	for _, l := range old.control {
		if l != nil {
			old.detach(l)
		}
	}
	for _, o := range c.conns {
		if o.lineage == cn.lineage && o.ordinal < cn.ordinal {
			o.retiring = true
		}
	}
}

// retire ends connections that others have succeeded when their last stream is over, and forgets the addresses of superseded ones: not at once, so that
// the new connection has told of them before.
func (c *Core) retire(now time.Time) {
	for _, cn := range c.conns {
		if !cn.superseded.IsZero() && now.Sub(cn.superseded) > limits.SupersedeAfter {
			cn.superseded = now.Add(1 << 60) // never again
			cn.supersede()
		}
		if !cn.retiring || now.Before(cn.unlink) {
			continue
		}
		if !cn.unlink.IsZero() {
			cn.unlink = time.Time{}
			cn.unlinkEdge()
		}
		quiet := false
		cn.peer.Do(func(k *conn.Conn) { quiet = k.Quiet() })
		if !quiet {
			cn.quiet = 0
		} else if cn.quiet++; cn.quiet == limits.QuietLooks {
			cn.peer.Do(func(k *conn.Conn) { k.Close(nil) })
		}
	}
}

// force closes a connection, and tells the peer why.
func (c *Core) force(cn *Connection, why string) {
	cn.peer.Do(func(k *conn.Conn) {
		k.Close(&frame.Error{Condition: "amqp:connection:forced", Description: why})
	})
}

// Expire closes the connections that were made with certificates of a profile that are older than an ordinal. It may be called on any
// goroutine.
func (c *Core) Expire(profile string, oldest uint64) {
	c.Do(func() {
		c.oldest[profile] = oldest
		for _, cn := range c.conns {
			if cn.open && cn.opts.Profile == profile && cn.opts.Ordinal < oldest {
				c.expire(cn)
			}
		}
	})
}

func (c *Core) expire(cn *Connection) {
	c.log.Info().Uint64("conn", cn.ID).Str("profile", cn.opts.Profile).Uint64("ordinal", cn.opts.Ordinal).Msg("connection expired")
	c.force(cn, "the TLS certificates of the connection have expired")
}
