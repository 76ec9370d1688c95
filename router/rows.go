package router

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/agent"
	engine "github.com/skupper-plugins/suite/router/internal/control"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

var (
	_ agent.Source    = (*Router)(nil)
	_ agent.LogSource = (*Router)(nil)
)

// Rows lists the entities of a type.
func (r *Router) Rows(entityType string) []map[string]any {
	switch entityType {
	case "connection":
		return r.connectionRows()
	case "router.node":
		return r.nodeRows()
	case "router.address":
		return r.addressRows()
	case "router.link":
		return r.linkRows()
	case "routerMetrics":
		return r.metricRows()
	case "router":
		rows := r.configured(entityType)
		host, _ := os.Hostname()
		for _, m := range rows {
			m["area"], m["version"], m["hostName"] = "0", r.opts.Version, host
		}
		return rows
	}
	return r.configured(entityType)
}

// current is the configuration as it is now.
func (r *Router) current() *config.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &config.Config{Router: r.cfg.Router, Sites: r.cfg.Sites, Logs: slices.Clone(r.cfg.Logs), Addresses: r.cfg.Addresses}
	for _, n := range sortedNames(r.profiles) {
		c.SSLProfiles = append(c.SSLProfiles, r.profiles[n].cfg)
	}
	for _, n := range sortedNames(r.proxies) {
		c.ProxyProfiles = append(c.ProxyProfiles, r.proxies[n])
	}
	for _, n := range sortedNames(r.listeners) {
		c.Listeners = append(c.Listeners, r.listeners[n].cfg)
	}
	for _, n := range sortedNames(r.connectors) {
		c.Connectors = append(c.Connectors, r.connectors[n].cfg)
	}
	for _, n := range sortedNames(r.tcpOut) {
		c.TCPConnectors = append(c.TCPConnectors, r.tcpOut[n].cfg)
	}
	for _, n := range sortedNames(r.tcpIn) {
		c.TCPListeners = append(c.TCPListeners, r.tcpIn[n].cfg)
	}
	for _, n := range sortedNames(r.alts) {
		c.ListenerAddresses = append(c.ListenerAddresses, r.alts[n])
	}
	return c
}

// configured lists configured entities with their defaults and what can be said of their work.
func (r *Router) configured(entityType string) []map[string]any {
	t := config.Lookup(entityType)
	var rows []map[string]any
	for _, e := range r.current().Entities() {
		if t == nil || config.Lookup(e.Type) != t {
			continue
		}
		m := maps.Clone(e.Attributes)
		for _, a := range t.Attributes {
			if _, ok := m[a.Name]; !ok && a.Default != nil {
				m[a.Name] = a.Default
			}
		}
		m["name"] = e.Name()
		r.operational(entityType, e.Name(), m)
		rows = append(rows, m)
	}
	if entityType == "log" {
		rows = withModules(rows)
	}
	return rows
}

// withModules adds the log modules that are not configured.
func withModules(rows []map[string]any) []map[string]any {
	for _, mod := range config.LogModules() {
		if !slices.ContainsFunc(rows, func(m map[string]any) bool { return m["module"] == mod }) {
			enable := "default"
			if mod == "DEFAULT" {
				enable = "info+"
			}
			rows = append(rows, map[string]any{"module": mod, "enable": enable, "name": "log/" + mod})
		}
	}
	return rows
}

// operational adds the state of a running entity.
func (r *Router) operational(entityType, name string, m map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operationalLocked(entityType, name, m)
}

func (r *Router) operationalLocked(entityType, name string, m map[string]any) {
	switch entityType {
	case "connector":
		if c := r.connectors[name]; c != nil {
			m["connectionStatus"], m["connectionMsg"] = c.state()
			m["failoverUrls"] = c.failover()
		}
	case "tcpListener":
		if t := r.tcpIn[name]; t != nil {
			up, problem := t.l.State()
			m["operStatus"] = "down"
			if up {
				m["operStatus"] = "up"
			}
			m["connectionMsg"] = problem
			m["connectionsOpened"], m["connectionsClosed"] = t.l.Opened.Load(), t.l.Closed.Load()
			m["bytesIn"], m["bytesOut"] = int64(t.l.BytesIn.Load()), int64(t.l.BytesOut.Load())
			if t.cfg.Address == "" {
				m["address"] = nil
			}
		}
	case "listenerAddress":
		if t := r.tcpIn[r.alts[name].Listener]; t != nil {
			m["connectionsOpened"] = t.l.To(name)
		}
	case "tcpConnector":
		if t := r.tcpOut[name]; t != nil {
			m["connectionsOpened"], m["connectionsClosed"] = t.k.Opened.Load(), t.k.Closed.Load()
			m["bytesIn"], m["bytesOut"] = int64(t.k.BytesIn.Load()), int64(t.k.BytesOut.Load())
		}
	}
}

func (r *Router) connectionRows() []map[string]any {
	var rows []map[string]any
	r.view(func(c *core.Core) {
		for _, v := range c.Connections() {
			id := strconv.FormatUint(v.ID, 10)
			m := map[string]any{
				"name": "connection/" + v.Options.Host, "identity": id, "host": v.Options.Host, "localSocket": v.Options.LocalAddr, "role": v.Role.String(),
				"protocol": "amqp", "dir": "in", "sasl": v.Options.SASL, "isAuthenticated": v.Options.User != "", "user": orDefault(v.Options.User, "anonymous"),
				"isEncrypted": v.Options.TLSVersion != "", "sslProto": v.Options.TLSVersion, "sslCipher": v.Options.TLSCipher, "sslSsf": int64(0),
				"ssl": v.Options.TLSVersion != "", "opened": v.Opened, "active": v.Active, "adminStatus": "enabled", "operStatus": "up",
				"enableProtocolTrace": r.isTraced(v.ID), "meshId": v.Mesh, "tlsOrdinal": v.Options.Ordinal, "groupCorrelationId": v.Correlator, "groupOrdinal": v.Ordinal,
			}
			if v.Options.Dialled {
				m["dir"] = "out"
			}
			if v.Opened {
				m["container"], m["properties"] = v.Remote.ContainerID, v.Remote.Properties
				m["uptimeSeconds"] = uint32(time.Since(v.Since) / time.Second)
				if !v.Delivered.IsZero() {
					m["lastDlvSeconds"] = uint32(time.Since(v.Delivered) / time.Second)
				}
			}
			rows = append(rows, m)
		}
	})
	return rows
}

func (r *Router) nodeRows() []map[string]any {
	if r.edge() {
		return nil
	}
	var nodes []engine.NodeView
	r.view(func(*core.Core) { nodes = r.control.engine.Nodes() })
	var rows []map[string]any
	for i, n := range nodes {
		m := map[string]any{
			"id": n.ID, "protocolVersion": int32(n.ProtocolVersion), "instance": int32(n.Instance), "linkState": n.LinkState, "nextHop": n.NextHop,
			"validOrigins": n.ValidOrigins, "address": "amqp:/_topo/0/" + n.ID, "index": int32(n.Index),
			"name": "router.node/" + n.ID, "identity": "router.node/" + n.ID,
		}
		if n.NextHop == "" {
			m["nextHop"] = nil
		}
		if n.Link > 0 {
			m["routerLink"] = int32(n.Link)
		}
		if n.Reachable && i > 0 {
			m["cost"] = int32(n.Cost)
		}
		if !n.LastTopoChange.IsZero() {
			m["lastTopoChange"] = int32(n.LastTopoChange.Unix())
		}
		rows = append(rows, m)
	}
	return rows
}

func (r *Router) addressRows() []map[string]any {
	var rows []map[string]any
	r.view(func(c *core.Core) {
		for _, a := range c.Addresses() {
			rows = append(rows, map[string]any{
				"name": a.Key, "identity": a.Key, "key": a.Key, "distribution": a.Treatment.String(), "inProcess": uint32(a.InProcess),
				"subscriberCount": uint32(a.Subscribers), "remoteCount": uint32(a.Remotes), "remoteHostRouters": append([]string{}, a.RemoteRouters...),
				"deliveriesIngress": a.Ingress, "deliveriesEgress": a.Egress, "deliveriesTransit": a.Transit, "deliveriesToContainer": a.ToContainer,
				"deliveriesFromContainer": a.FromContainer, "deliveriesEgressRouteContainer": uint64(0), "deliveriesIngressRouteContainer": uint64(0),
				"deliveriesEgressInterNetwork": uint64(0), "deliveriesIngressInterNetwork": uint64(0), "trackedDeliveries": a.Outstanding, "transitOutstanding": numbers(a.OutstandingByLink),
				"priority": int32(a.Priority), "deliveriesRedirectedToFallback": uint64(0), "watch": a.Watched,
			})
		}
	})
	return rows
}

// numbers are those of a list, nil for none.
func numbers(in []int64) any {
	if in == nil {
		return nil
	}
	out := make([]any, len(in))
	for i, n := range in {
		out[i] = n
	}
	return out
}

// histogram is how many of a link's deliveries entered the network at each router, by the index of that; nil for a link without such books.
func histogram(entered map[string]uint64, index map[string]int) any {
	if entered == nil {
		return nil
	}
	out := make([]any, limits.MaxRouters)
	for i := range out {
		out[i] = uint64(0)
	}
	for id, n := range entered {
		if i, known := index[id]; known && i < len(out) {
			out[i] = n
		}
	}
	return out
}

// nodeIndex is the index of each router that is known, this one's under "". On the core's goroutine.
func (r *Router) nodeIndex() map[string]int {
	index := map[string]int{"": 0}
	if r.edge() {
		return index
	}
	for _, n := range r.control.engine.Nodes() {
		index[n.ID] = n.Index
	}
	return index
}

func (r *Router) linkRows() []map[string]any {
	var rows []map[string]any
	r.view(func(c *core.Core) {
		index := r.nodeIndex()
		for _, l := range c.Links() {
			dir := "in"
			if l.Out {
				dir = "out"
			}
			id := fmt.Sprintf("%d/%s", l.Conn, l.Name)
			rows = append(rows, map[string]any{
				"name": id, "identity": id, "linkName": l.Name, "linkType": l.Kind, "linkDir": dir, "owningAddr": l.Address, "capacity": l.Capacity,
				"unsettledCount": l.Unsettled, "presettledCount": l.Presettled, "droppedPresettledCount": l.DroppedPresettled, "acceptedCount": l.Accepted,
				"rejectedCount": l.Rejected, "releasedCount": l.Released, "modifiedCount": l.Modified,
				"undeliveredCount": uint64(l.Queued), "deliveryCount": l.Deliveries, "connectionId": strconv.FormatUint(l.Conn, 10), "operStatus": "up",
				"priority": uint32(l.Priority), "creditAvailable": l.Credit, "zeroCreditSeconds": uint32(l.NoCredit / time.Second), "settleRate": uint32(l.SettleRate),
				"deliveriesDelayed1Sec": l.Delayed1, "deliveriesDelayed10Sec": l.Delayed10, "deliveriesStuck": l.Stuck,
				"openMovedStreams": l.Moved, "ingressHistogram": histogram(l.Entered, index),
			})
		}
	})
	return rows
}

func (r *Router) metricRows() []map[string]any {
	m := map[string]any{"id": r.cfg.Router.ID, "version": r.opts.Version, "uptimeSeconds": uint32(time.Since(r.started) / time.Second)}
	for _, none := range []string{
		"autoLinkCount", "deliveriesIngressRouteContainer", "deliveriesEgressRouteContainer", "deliveriesIngressInterNetwork",
		"deliveriesEgressInterNetwork", "deliveriesRedirectedToFallback",
	} { // routers of ours do no such thing
		m[none] = uint64(0)
	}
	open := uint64(r.openFlows())
	r.view(func(c *core.Core) {
		t, links := c.Totals(), c.Links()
		m["addrCount"], m["connectionCount"] = uint64(len(c.Addresses())), uint64(len(c.Connections()))
		m["linkCount"] = uint64(len(links))
		if !r.edge() {
			m["nodeCount"] = uint64(len(r.control.engine.Nodes()))
		}
		m["deliveriesIngress"], m["deliveriesEgress"], m["deliveriesTransit"] = t.Ingress, t.Egress, t.Transit
		m["presettledDeliveries"], m["droppedPresettledDeliveries"] = t.Presettled, t.DroppedPresettled
		m["acceptedDeliveries"], m["rejectedDeliveries"], m["releasedDeliveries"], m["modifiedDeliveries"] = t.Accepted, t.Rejected, t.Released, t.ModifiedCount
		m["deliveriesDelayed1Sec"], m["deliveriesDelayed10Sec"] = t.Delayed1, t.Delayed10
		stuck, blocked := uint64(0), uint32(0)
		for _, l := range links {
			stuck += l.Stuck
			if l.Blocked {
				blocked++
			}
		}
		m["deliveriesStuck"], m["linksBlocked"] = stuck, blocked
		m["connectionCounters"] = map[string]any{"tcp": open, "amqp": uint64(len(c.Connections())), "http1": uint64(0), "http2": uint64(0)}
	})
	m["memoryUsage"], m["residentMemoryUsage"] = memoryInUse(0), memoryInUse(1)
	return []map[string]any{m}
}

// residentMemory is the process' memory in octets, 0 where the system does not tell.
func residentMemory() uint64 { return memoryInUse(1) }

// memoryInUse is the virtual memory of the process (0) or the resident one (1).
func memoryInUse(what int) uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseUint(f[what], 10, 64)
	return n * uint64(os.Getpagesize())
}
