package router

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/tcp"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// siteIDVariable is the environment variable with the id of the site, where the metadata of the configuration has none.
const siteIDVariable = "SKUPPER_SITE_ID"

// telemetry joins the source of telemetry with the core and the entities. Its methods may be called on any goroutine:
// what they do happens on the core's, in the order of the calls.
type telemetry struct {
	core   *core.Core
	source *vanflow.Source
	ledger *vanflow.Ledger
	logs   *vanflow.Log
	due    chan struct{} // the ledger's time has come
	nextID func() string

	// Below: the core's goroutine.
	gauges map[*vanflow.Record]func(*vanflow.Record) // bring records up to what has been counted
}

// record is a record of the source as its owner has it. A nil record takes everything and does nothing.
type record struct {
	t  *telemetry
	id string
	r  *vanflow.Record // set and used on the core's goroutine
}

// newTelemetry makes the source with its records of the site and the router, and has it hear who listens.
func newTelemetry(cfg *config.Config, version, name string, nextID func() string, c *core.Core) *telemetry {
	now := time.Now()
	t := &telemetry{core: c, source: vanflow.NewSource(name+":0", now), nextID: nextID, gauges: map[*vanflow.Record]func(*vanflow.Record){},
		ledger: vanflow.NewLedger(name+":0", nextID), logs: vanflow.NewLog(name+":0", nextID), due: make(chan struct{}, 1)}
	id := siteID(cfg.Router.Metadata, os.Getenv(siteIDVariable))
	if id != "" {
		for _, s := range cfg.Sites[:min(len(cfg.Sites), 1)] {
			r := t.source.Begin(now, vanflow.Site, id)
			r.TextIf(vanflow.Name, s.Name)
			r.TextIf(vanflow.Location, s.Location)
			r.TextIf(vanflow.Provider, s.Provider)
			r.TextIf(vanflow.Platform, s.Platform)
			r.TextIf(vanflow.Namespace, s.Namespace)
			r.TextIf(vanflow.Version, s.Version)
		}
	}
	r := t.source.Begin(now, vanflow.Router, name+":0")
	r.TextIf(vanflow.Parent, id)
	r.Text(vanflow.Mode, orDefault(cfg.Router.Mode, config.ModeInterior))
	r.Text(vanflow.Name, "0/"+cfg.Router.ID)
	r.Text(vanflow.Version, version)
	r.TextIf(vanflow.Hostname, os.Getenv("HOSTNAME"))
	r.TextIf(vanflow.Namespace, os.Getenv("POD_NAMESPACE")) // these three are variables of the containers of other routers
	r.TextIf(vanflow.ImageName, os.Getenv("APPLICATION_NAME"))
	r.TextIf(vanflow.ImageVersion, os.Getenv("VERSION"))

	c.Watch("M"+vanflow.Beacons, t.source.BeaconsWanted)
	c.Watch("M"+t.source.RecordAddress(), t.source.RecordsWanted)
	c.Subscribe("M"+t.source.CommandAddress(), true, func(m core.Incoming) {
		if vanflow.IsFlush(m.Body) {
			t.source.Flush()
			t.ledger.Flush()
		}
	})
	c.Watch("M"+t.ledger.Address(), t.ledger.Wanted)
	c.Watch("M"+t.logs.Address(), t.logs.Wanted)
	c.Subscribe("M"+t.ledger.HalfAddress(), true, func(m core.Incoming) { t.ledger.Hear(m.Body) })
	c.EachTick(t.tick)
	return t
}

// siteID is the id of the site: the environment's word counts before that of the router's metadata.
func siteID(metadata, variable string) string {
	if variable != "" {
		return variable
	}
	var m struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(metadata), &m) != nil { // the metadata may be anything
		return ""
	}
	return m.ID
}

// telemetryTreatment is how messages for the addresses of telemetry are distributed, configured or not.
func telemetryTreatment(addr string) (core.Treatment, bool) {
	switch {
	case hasPrefix(addr, "mc/sfe."):
		return core.Multicast, true
	case hasPrefix(addr, "sfe."), hasPrefix(addr, "vfcr."):
		return core.Closest, true
	}
	return core.Balanced, false
}

func hasPrefix(s, prefix string) bool { return len(s) > len(prefix) && s[:len(prefix)] == prefix }

func (t *telemetry) tick(now time.Time) {
	if t.source.Heard() {
		for r, gauge := range t.gauges {
			gauge(r)
		}
	}
	select {
	case t.due <- struct{}{}:
	default:
	}
	if !now.Before(t.source.NextDeadline()) {
		t.publish(now)
	}
	t.send(t.logs.Step())
}

func (t *telemetry) publish(now time.Time) {
	t.send(t.source.Step(now))
}

func (t *telemetry) send(ms []vanflow.Message) {
	for _, m := range ms {
		t.core.Publish(m.To, m.Body, 4)
	}
}

// tellFlows makes the records of flows until ctx ends. It is no work of the core's, which has to route meanwhile. also is done five times a second too.
func (t *telemetry) tellFlows(ctx context.Context, also func(now time.Time)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.due:
		}
		now := time.Now()
		also(now)
		if ms := t.ledger.Step(now); len(ms) > 0 {
			t.core.Call(ctx, func() { t.send(ms) }) // no more of them before these are on their way
		}
	}
}

// announce tells new neighbours soon that the source is there. On the core's goroutine.
func (t *telemetry) announce() { t.source.Announce(time.Now()) }

// close tells that all is over, before the connections are. What tellFlows had to say is said by then: its end comes before.
func (t *telemetry) close(ctx context.Context) {
	now := time.Now()
	flows := t.ledger.Close(now)
	t.core.Call(ctx, func() {
		t.send(flows)
		for r, gauge := range t.gauges {
			gauge(r)
		}
		t.source.EndAll(now)
		t.publish(now)
	})
}

// begin makes a record below the router's; "" as id means a new one.
func (t *telemetry) begin(typ vanflow.Type, id string, set func(r *vanflow.Record)) *record {
	if id == "" {
		id = t.nextID()
	}
	rec, now := &record{t: t, id: id}, time.Now()
	t.core.Do(func() {
		rec.r = t.source.Begin(now, typ, id)
		rec.r.Text(vanflow.Parent, t.source.ID())
		set(rec.r)
	})
	return rec
}

func (r *record) update(f func(v *vanflow.Record)) {
	if r != nil {
		r.t.core.Do(func() { f(r.r) })
	}
}

// end ends the record. It may be called more than once.
func (r *record) end() {
	if r == nil {
		return
	}
	now := time.Now()
	r.t.core.Do(func() {
		delete(r.t.gauges, r.r)
		r.t.source.End(now, r.r)
	})
}

// count has the record tell how many flows there have been.
func (r *record) count(f func() uint64) {
	r.gauge(func(v *vanflow.Record) { v.Number(vanflow.FlowCount, f()) })
}

// gauge has f bring the record up to date whenever somebody listens.
func (r *record) gauge(f func(v *vanflow.Record)) {
	r.update(func(v *vanflow.Record) { r.t.gauges[v] = f })
}

// link is the record of a connector to another router.
func (t *telemetry) link(e config.Connector) *record {
	return t.begin(vanflow.Link, "", func(r *vanflow.Record) {
		protocol := "amqp"
		if e.SSLProfile != "" {
			protocol = "amqps"
		}
		r.Text(vanflow.Protocol, protocol)
		r.Text(vanflow.DestPort, e.Port)
		r.Text(vanflow.Name, e.Name)
		r.Number(vanflow.LinkCost, uint64(max(e.Cost, 1)))
		r.Text(vanflow.Status, "down")
		r.Text(vanflow.Role, e.Role)
		r.Number(vanflow.DownCount, 0)
		r.Number(vanflow.Octets, 0)
		r.Number(vanflow.OctetsReverse, 0)
		if e.SSLProfile != "" {
			r.Number(vanflow.TLSOrdinal, 0)
		}
		through := "no"
		if e.ProxyProfile != "" {
			through = "yes"
		}
		r.Text(vanflow.HTTPProxy, through)
	})
}

// ordinal notes which certificates a link uses.
func (r *record) ordinal(e config.Connector, n uint64) {
	if e.SSLProfile != "" {
		r.update(func(v *vanflow.Record) { v.Number(vanflow.TLSOrdinal, n) })
	}
}

// maxAccessID bounds what a peer says of its listener, in octets.
const maxAccessID = 64

// peer notes which listener of the other router the link leads to.
func (r *record) peer(accessID string) {
	if accessID != "" && len(accessID) <= maxAccessID {
		r.update(func(v *vanflow.Record) { v.Text(vanflow.Peer, accessID) })
	}
}

// up notes that the link works.
func (r *record) up() {
	now := time.Now()
	r.update(func(v *vanflow.Record) {
		v.Text(vanflow.Status, "up")
		v.Time(vanflow.UpSince, now)
		if v.Count(vanflow.DownCount) > 0 {
			v.Text(vanflow.Result, "")
			v.Text(vanflow.Reason, "")
		}
	})
}

// down notes that the link does not work, and why. Further attempts that fail are no further downs.
func (r *record) down(why string) {
	now := time.Now()
	r.update(func(v *vanflow.Record) {
		if v.Count(vanflow.DownCount) == 0 || v.Count(vanflow.UpSince) > v.Count(vanflow.DownSince) {
			v.Number(vanflow.DownCount, v.Count(vanflow.DownCount)+1)
			v.Time(vanflow.DownSince, now)
		}
		v.Text(vanflow.Status, "down")
		v.Text(vanflow.Result, "connection-failed")
		v.Text(vanflow.Reason, why)
	})
}

// access is the record of a listener for other routers. Its id is what the listener tells them in its open.
func (t *telemetry) access(id string, e config.Listener) *record {
	return t.begin(vanflow.RouterAccess, id, func(r *vanflow.Record) {
		r.Text(vanflow.Name, e.Name)
		r.Number(vanflow.LinkCount, 0)
		r.Text(vanflow.Role, e.Role)
		if e.SSLProfile != "" {
			r.Number(vanflow.TLSOrdinal, 0)
		}
	})
}

// linked changes how many links come by the listener.
func (r *record) linked(n int) {
	r.update(func(v *vanflow.Record) {
		v.Number(vanflow.LinkCount, uint64(int64(v.Count(vanflow.LinkCount))+int64(n)))
	})
}

// isData tells a data connection, which belongs to a link, from the link's own.
func isData(properties wire.Map) bool {
	role, _ := properties.Get("qd.inter-router-role")
	return role == int32(core.InterRouterData)
}

// targets makes the records of a listener: one for each address that it sends connections to.
func (t *telemetry) targets(l *tcpListener, targets []tcp.Target) {
	gone := maps.Clone(l.flows)
	for _, to := range targets {
		delete(gone, to.Name)
		if l.flows[to.Name] == nil {
			l.flows[to.Name] = t.begin(vanflow.Listener, "", func(r *vanflow.Record) { service(r, l.cfg.Name, l.cfg.Host, l.cfg.Port, to.Address) })
		}
		in := l.l
		if l.cfg.Address != "" {
			l.flows[to.Name].count(func() uint64 { return uint64(in.Opened.Load()) })
		} else {
			l.flows[to.Name].count(func() uint64 { return uint64(in.To(to.Name)) })
		}
	}
	for name, r := range gone {
		r.end()
		delete(l.flows, name)
	}
	parents := make(map[string]string, len(l.flows))
	for name, r := range l.flows {
		parents[name] = r.id
	}
	l.books.parents.Store(&parents)
}

// connector is the record of a tcpConnector.
func (t *telemetry) connector(e config.TCPConnector) *record {
	return t.begin(vanflow.Connector, "", func(r *vanflow.Record) {
		r.TextIf(vanflow.ProcessID, e.ProcessID)
		service(r, e.Name, orDefault(e.Host, defaultHost), e.Port, e.Address) // without a host others do not count it
	})
}

func service(r *vanflow.Record, name, host, port, address string) {
	r.TextIf(vanflow.DestHost, host)
	r.Text(vanflow.Protocol, "tcp")
	r.Text(vanflow.DestPort, port)
	r.TextIf(vanflow.Address, address)
	r.Text(vanflow.Name, name)
	r.Number(vanflow.FlowCount, 0)
}
