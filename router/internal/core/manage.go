package core

import (
	"maps"
	"slices"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Disconnect closes a connection by request. On the core's goroutine.
func (c *Core) Disconnect(id uint64) bool {
	cn := c.conns[id]
	if cn == nil {
		return false
	}
	c.force(cn, "Connection forced-closed by management request")
	return true
}

// ConnectionView is a connection as management shows it.
type ConnectionView struct {
	ID         uint64
	Options    ConnOptions
	Role       Role
	Opened     bool
	Since      time.Time
	Remote     *frame.Open // nil before it opened
	Correlator string
	Control    int       // number of its control link, 0 if none
	Ordinal    uint64    // of the dialler's certificates
	Active     bool      // false for a connection to an interior router that only waits
	Mesh       string    // of the edge router at the other end
	Delivered  time.Time // about when the last delivery began; zero: there was none
}

// Connections lists the connections by id. On the core's goroutine, as all views.
func (c *Core) Connections() []ConnectionView {
	var out []ConnectionView
	for _, id := range slices.Sorted(maps.Keys(c.conns)) {
		cn := c.conns[id]
		out = append(out, ConnectionView{cn.ID, cn.opts, cn.role, cn.open, cn.since, cn.remote, cn.correlator, cn.controlNo, cn.ordinal, !cn.upward() || cn == c.up.active, cn.mesh, cn.delivered})
	}
	return out
}

// AddressView is an address as management shows it.
type AddressView struct {
	Key                                                  string
	Treatment                                            Treatment
	Priority                                             int
	InProcess, Subscribers, Remotes                      int
	RemoteRouters                                        []string
	Watched                                              bool
	Ingress, Egress, Transit, ToContainer, FromContainer uint64
	Outstanding                                          int64
	LocalProducers                                       int
	// OutstandingByLink is the deliveries without an outcome by the number of the link that they left on; nil when there is no such count.
	OutstandingByLink []int64
}

// Addresses lists the address table by key.
func (c *Core) Addresses() []AddressView {
	out := make([]AddressView, 0, len(c.addrs))
	for _, k := range sortedKeys(c.addrs) {
		a := c.addrs[k]
		v := AddressView{
			Key: k, Treatment: a.Treatment, Priority: a.Priority, InProcess: len(a.subs) + len(a.consumers), Subscribers: len(a.locals), Remotes: len(a.remotes),
			Watched: len(a.watches) > 0, Ingress: a.ingress, Egress: a.egress, Transit: a.transit, ToContainer: a.toContainer,
			FromContainer: a.fromContainer, LocalProducers: a.ingoing + len(a.producers),
		}
		for _, n := range a.remotes {
			v.RemoteRouters = append(v.RemoteRouters, n.id)
		}
		if a.Treatment == Balanced && a.outstanding != nil {
			v.OutstandingByLink = make([]int64, len(c.links))
		}
		for cn, n := range a.outstanding {
			v.Outstanding += int64(n.Load())
			if v.OutstandingByLink != nil && cn.controlNo > 0 { // 0: a connection that is no link between routers, or none any more
				v.OutstandingByLink[cn.controlNo] += int64(n.Load())
			}
		}
		out = append(out, v)
	}
	return out
}

// LinkView is a link as management shows it.
type LinkView struct {
	Conn                                                                             uint64
	Name                                                                             string
	Kind                                                                             string
	Out                                                                              bool
	Address                                                                          string
	Priority                                                                         int
	Queued                                                                           int
	Deliveries                                                                       uint64
	Credit                                                                           uint32
	Capacity                                                                         uint32 // of an incoming link: the credit that it is given
	Presettled, DroppedPresettled, Unsettled, Accepted, Rejected, Released, Modified uint64
	Delayed1, Delayed10, Stuck, SettleRate                                           uint64
	NoCredit                                                                         time.Duration // for how long
	Blocked                                                                          bool          // for too long
	Moved                                                                            uint64        // open streams for which it was chosen, and that are on links of their own
	// Entered is how many deliveries that left on it have come into the network at each router, "" for this one; nil of a link without such books.
	Entered map[string]uint64
}

// Links lists the links of all connections, those of each in the order in which they came.
func (c *Core) Links() []LinkView {
	var out []LinkView
	now := time.Now()
	for _, cv := range c.Connections() {
		cn := c.conns[cv.ID]
		stuck := cn.stuck(now)
		for _, l := range cn.inOrder() {
			v := LinkView{Conn: cn.ID, Name: l.l.Name, Kind: l.kind.String(), Out: l.l.Sender(), Priority: l.priority, Queued: len(l.queue), Deliveries: l.deliveries.Load()}
			v.Presettled, v.DroppedPresettled, v.Capacity = l.presettled.Load(), l.dropped.Load(), limits.LinkCapacity
			o := &l.outcomes
			v.Accepted, v.Rejected, v.Released, v.Modified = o.accepted.Load(), o.rejected.Load(), o.released.Load(), o.modified.Load()
			v.Delayed1, v.Delayed10, v.Stuck, v.SettleRate = o.delayed1.Load(), o.delayed10.Load(), stuck[l], l.rate.perSecond(l.settled())
			if !l.broke.IsZero() {
				v.NoCredit = now.Sub(l.broke)
				v.Blocked = v.NoCredit > longDelay
			}
			v.Unsettled, v.Moved = uint64(max(l.unsettled.Load(), 0)), uint64(max(l.moved.Load(), 0))
			if v.Out && cn.role != InterRouter {
				v.Entered = make(map[string]uint64, len(l.entered))
				for id, n := range l.entered {
					v.Entered[id] = n.Load()
				}
			}
			switch {
			case l.kind == trackingLink:
				v.Capacity = limits.TrackingCapacity
			case l.kind == meshLink:
				v.Capacity = limits.MeshCapacity
			}
			if l.addr != nil {
				v.Address = l.addr.Key
			}
			cn.peer.Do(func(*conn.Conn) { v.Credit = l.l.Credit() })
			out = append(out, v)
		}
	}
	return out
}
