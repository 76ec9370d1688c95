package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// drops is how many messages were given up on a connection because their receivers do not take them.
type drops struct {
	n    uint64
	last string // the address of the last one's link, if it has one
	told time.Time
}

func (d *drops) note(l *link) {
	d.n++
	d.last = ""
	if l.addr != nil {
		d.last = l.addr.Key[1:]
	}
}

// tellDrops says so, once in a while, and whose receivers are sent nothing more.
func (c *Core) tellDrops(now time.Time) {
	for _, cn := range c.conns {
		if cn.paused && now.Sub(cn.toldPause) >= limits.DropsPause {
			c.log.Warn().Uint64("conn", cn.ID).Str("container", cn.container()).Str("host", cn.opts.Host).Int("limit", limits.MaxUnsettled).
				Msg("messages wait: too many that were sent are not settled")
			cn.toldPause = now
		}
		cn.paused = false
		d := &cn.dropped
		if d.n == 0 || now.Sub(d.told) < limits.DropsPause {
			continue
		}
		c.log.Warn().Uint64("conn", cn.ID).Str("container", cn.container()).Str("host", cn.opts.Host).Uint64("messages", d.n).Str("address", d.last).
			Msg("messages were given up: their receiver does not take them")
		d.n, d.told = 0, now
	}
}

// container is the peer's id, "" before it has said it.
func (cn *Connection) container() string {
	if cn.remote == nil {
		return ""
	}
	return cn.remote.ContainerID
}
