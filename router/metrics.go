package router

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
)

// exposition is a Prometheus text. Series of one metric are added one after the other.
type exposition struct {
	b    strings.Builder
	last string
}

// label is a label of a series.
type label struct{ name, value string }

// add adds a series. help may be empty.
func (e *exposition) add(name, kind, help string, value float64, labels ...label) {
	if name != e.last {
		e.last = name
		if help != "" {
			fmt.Fprintf(&e.b, "# HELP %s %s\n", name, help)
		}
		fmt.Fprintf(&e.b, "# TYPE %s %s\n", name, kind)
	}
	e.b.WriteString(name)
	for i, l := range labels {
		sep := ','
		if i == 0 {
			sep = '{'
		}
		fmt.Fprintf(&e.b, "%c%s=\"%s\"", sep, l.name, escapeLabel.Replace(l.value))
	}
	if len(labels) > 0 {
		e.b.WriteByte('}')
	}
	e.b.WriteByte(' ')
	e.b.WriteString(strconv.FormatFloat(value, 'f', -1, 64))
	e.b.WriteByte('\n')
}

// escapeLabel is what the text format asks for in the values of labels.
var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// scrape is the last answer to one. Those who ask while one is made, however many, share the next one: each costs the core a look at all there is. In a large
// router the answer is good for a moment longer.
type scrape struct {
	mu           sync.Mutex
	began, ended time.Time
	text         string
	ok           bool
}

// For how many times as long as it took to make it an answer is good, and for how long at most.
const (
	scrapeRest    = 4
	maxScrapeRest = 2 * time.Second
)

// answer is the last one, if it is good for who has asked then, or one that ask makes.
func (s *scrape) answer(asked time.Time, ask func() (text string, ok bool)) (text string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began.Before(asked) && time.Since(s.ended) > min(scrapeRest*s.ended.Sub(s.began), maxScrapeRest) {
		s.began = time.Now()
		s.text, s.ok = ask()
		s.ended = time.Now()
	}
	return s.text, s.ok
}

// metrics answers a scrape.
func (r *Router) metrics(w http.ResponseWriter, _ *http.Request) {
	text, ok := r.scrape.answer(time.Now(), r.exposition)
	if !ok {
		http.Error(w, "the router does not respond", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(w, text) // the scraper may be gone
}

// exposition is first the series that other routers have, by their names, then ours. ok is false when the core does not respond.
func (r *Router) exposition() (text string, ok bool) {
	ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
	defer cancel()
	var e exposition
	if !r.coreMetrics(ctx, &e) {
		return "", false
	}
	processMetrics(&e)
	e.add("skupper_router_flows_untold_total", "counter", "TCP connections that telemetry had no room for.", float64(r.flows.ledger.Missed()))
	e.add("skupper_router_log_lines_untold_total", "counter", "Log lines that telemetry had no room for.", float64(r.flows.logs.Lost()))
	e.add("skupper_router_buffers", "gauge", "Buffers of 64 KiB that octets of streams wait in.", float64(r.chunks.Out()))
	r.entityMetrics(&e)
	return e.b.String(), true
}

func (r *Router) coreMetrics(ctx context.Context, e *exposition) bool {
	var t core.Stats
	var conns, links, addrs, routers, changed, stuck, blocked float64
	if !r.core.Look(ctx, func() {
		t = r.core.Totals()
		all := r.core.Links()
		conns, links, addrs = float64(len(r.core.Connections())), float64(len(all)), float64(len(r.core.Addresses()))
		for _, l := range all {
			stuck += float64(l.Stuck)
			if l.Blocked {
				blocked++
			}
		}
		if r.edge() {
			return
		}
		for _, n := range r.control.engine.Nodes() {
			routers++
			if !n.LastTopoChange.IsZero() {
				changed = float64(n.LastTopoChange.Unix())
			}
		}
	}) {
		return false
	}
	for _, m := range []struct {
		name, kind string
		value      float64
	}{
		{"qdr_connections_total", "gauge", conns},
		{"qdr_links_total", "gauge", links},
		{"qdr_addresses_total", "gauge", addrs},
		{"qdr_routers_total", "gauge", routers},
		{"qdr_presettled_deliveries_total", "counter", float64(t.Presettled)},
		{"qdr_dropped_presettled_deliveries_total", "counter", float64(t.DroppedPresettled)},
		{"qdr_accepted_deliveries_total", "counter", float64(t.Accepted)},
		{"qdr_released_deliveries_total", "counter", float64(t.Released)},
		{"qdr_rejected_deliveries_total", "counter", float64(t.Rejected)},
		{"qdr_modified_deliveries_total", "counter", float64(t.ModifiedCount)},
		{"qdr_deliveries_ingress_total", "counter", float64(t.Ingress)},
		{"qdr_deliveries_egress_total", "counter", float64(t.Egress)},
		{"qdr_deliveries_transit_total", "counter", float64(t.Transit)},
		{"qdr_deliveries_delayed_1sec_total", "counter", float64(t.Delayed1)},
		{"qdr_deliveries_delayed_10sec_total", "counter", float64(t.Delayed10)},
		{"qdr_deliveries_stuck_total", "gauge", stuck},
		{"qdr_links_blocked_total", "gauge", blocked},
		{"qdr_last_topology_change_timestamp", "gauge", changed},
		{"qdr_amqp_service_connections", "gauge", conns},
		{"qdr_tcp_service_connections", "gauge", float64(r.openFlows())},
		{"qdr_http1_service_connections", "gauge", 0}, // HTTP is carried as TCP
		{"qdr_http2_service_connections", "gauge", 0},
	} {
		e.add(m.name, m.kind, "", m.value)
	}
	return true
}

func processMetrics(e *exposition) {
	e.add("qdr_router_vmsize_bytes", "gauge", "", float64(memoryInUse(0)))
	e.add("qdr_router_rss_bytes", "gauge", "", float64(residentMemory()))
	e.add("go_goroutines", "gauge", "", float64(runtime.NumGoroutine()))
	files, err := os.ReadDir("/proc/self/fd")
	if err == nil { // else the system does not tell
		e.add("process_open_fds", "gauge", "", float64(len(files)))
	}
}

// entityMetrics are by link, TCP listener and TCP connector.
func (r *Router) entityMetrics(e *exposition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.add("skupper_router_info", "gauge", "The router; always 1.", 1,
		label{"id", r.cfg.Router.ID}, label{"mode", orDefault(r.cfg.Router.Mode, config.ModeStandalone)}, label{"version", r.opts.Version})
	e.add("skupper_router_start_time_seconds", "gauge", "When the router started.", float64(r.started.UnixMilli())/1000)
	for _, name := range sortedNames(r.connectors) {
		up := 0.0
		if status, _ := r.connectors[name].state(); status == "SUCCESS" {
			up = 1
		}
		e.add("skupper_router_link_up", "gauge", "Whether the link that a connector makes works.", up, label{"name", name}, label{"role", r.connectors[name].cfg.Role})
	}
	for _, name := range sortedNames(r.profiles) {
		if at := r.profiles[name].tls.NotAfter(); !at.IsZero() {
			e.add("skupper_router_certificate_not_after_seconds", "gauge", "When the certificate of an sslProfile expires.", float64(at.Unix()), label{"profile", name})
		}
	}
	type tcpEntity struct {
		kind, name, address     string
		opened, closed, in, out float64
	}
	var all []tcpEntity
	for _, name := range sortedNames(r.tcpIn) {
		t := r.tcpIn[name]
		all = append(all, tcpEntity{"listener", name, t.cfg.Address, float64(t.l.Opened.Load()), float64(t.l.Closed.Load()), float64(t.l.BytesIn.Load()), float64(t.l.BytesOut.Load())})
	}
	for _, name := range sortedNames(r.tcpOut) {
		t := r.tcpOut[name]
		all = append(all, tcpEntity{"connector", name, t.cfg.Address, float64(t.k.Opened.Load()), float64(t.k.Closed.Load()), float64(t.k.BytesIn.Load()), float64(t.k.BytesOut.Load())})
	}
	for _, m := range []struct {
		name, kind, help string
		value            func(t tcpEntity) float64
	}{
		{"skupper_router_tcp_connections_total", "counter", "TCP connections that there have been.", func(t tcpEntity) float64 { return t.opened }},
		{"skupper_router_tcp_connections_open", "gauge", "TCP connections that there are.", func(t tcpEntity) float64 { return t.opened - t.closed }},
		{"skupper_router_tcp_received_bytes_total", "counter", "Octets read from TCP connections.", func(t tcpEntity) float64 { return t.in }},
		{"skupper_router_tcp_sent_bytes_total", "counter", "Octets written to TCP connections.", func(t tcpEntity) float64 { return t.out }},
	} {
		for _, t := range all {
			e.add(m.name, m.kind, m.help, m.value(t), label{"type", t.kind}, label{"name", t.name}, label{"address", t.address})
		}
	}
}
