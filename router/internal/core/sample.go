package core

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
)

// rateDepth is over how many seconds the rate of a link is taken.
const rateDepth = 5

// rate is how fast deliveries of a link are settled: what their number was at each of the last seconds.
type rate struct {
	at    int
	known [rateDepth]uint64
}

// note takes the number as it is now, once a second.
func (r *rate) note(n uint64) {
	r.known[r.at] = n
	r.at = (r.at + 1) % rateDepth
}

// perSecond is by how much n has grown since, on the average of the seconds.
func (r *rate) perSecond(n uint64) uint64 { return (n - r.known[r.at]) / rateDepth }

// settled is how many deliveries of the link have come to a good end, or one that their receiver wanted.
func (l *link) settled() uint64 {
	return l.presettled.Load() + l.outcomes.accepted.Load() + l.outcomes.rejected.Load()
}

// sample looks at all links once a second, for those who ask for rates and for links without credit.
func (c *Core) sample(now time.Time) {
	if now.Sub(c.sampled) < time.Second {
		return
	}
	c.sampled = now
	for _, cn := range c.conns {
		cn.peer.Do(func(*conn.Conn) {
			for _, l := range cn.links {
				switch {
				case l.l.Credit() > 0:
					l.broke = time.Time{}
				case l.broke.IsZero():
					l.broke = now
				}
			}
		})
		sum := uint64(0)
		for _, l := range cn.links {
			l.rate.note(l.settled())
			sum += l.deliveries.Load()
		}
		if sum > cn.deliveries {
			cn.delivered = now
		}
		cn.deliveries = sum
	}
}

// stuck counts the messages on each link of a connection that have had no outcome for too long.
func (cn *Connection) stuck(now time.Time) map[*link]uint64 {
	n := map[*link]uint64{}
	cn.peer.Do(func(c *conn.Conn) {
		c.EachUnsettled(func(user any) {
			if ob, ok := user.(*outbound); ok && ob.on != nil && ob.said.open(now, longDelay) {
				n[ob.on]++
			}
		}, func(k *conn.Link, since time.Time) {
			if l, ok := k.User.(*link); ok && l.kind != streamingLink && now.Sub(since) > longDelay {
				n[l]++
			}
		})
	})
	for _, l := range cn.links {
		for _, q := range l.queue {
			if q.ob.said.open(now, longDelay) {
				n[l]++
			}
		}
	}
	return n
}
