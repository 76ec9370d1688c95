package router

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// connector keeps connections to one peer: a control connection, and for inter-router ones data connections beside it.
type connector struct {
	r      *Router
	cfg    config.Connector
	ctx    context.Context //nolint:containedctx // the life of what it starts
	cancel context.CancelFunc
	done   sync.WaitGroup
	flows  *record // nil unless it leads to another router

	mu      sync.Mutex
	traffic transport.Traffic // of all its connections
	status  string            // INITIALIZING, CONNECTING, SUCCESS, FAILED, CLOSING
	msg     string
	places  places
	up      []*transport.Peer // control connections that are open
	doubts  int               // looks in a row at which none of those was heard
	now     *generation
}

// generation is the connections that a connector makes with one set of certificates. When there are newer ones it makes no more, but those that it
// has go on as long as they have streams.
type generation struct {
	ordinal uint64
	retired context.Context //nolint:containedctx // ends when a newer one has taken over the dialling
	retire  context.CancelFunc

	mu   sync.Mutex
	line *line
}

// line is a control connection with the data connections that belong to it.
type line struct {
	correlator string
	ctx        context.Context //nolint:containedctx // ends with the line, and its data connections with it
	cut        context.CancelFunc
}

func (g *generation) current() *line {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.line
}

// renew gives up a line whose peer may not have heard of the end: that would take a new connection of the same line for a double.
func (g *generation) renew(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.line.cut()
	g.line = newLine(ctx, core.Discriminator())
}

func newLine(ctx context.Context, correlator string) *line {
	l := &line{correlator: correlator}
	l.ctx, l.cut = context.WithCancel(ctx)
	return l
}

// addConnector starts a connector. r.mu is held.
func (r *Router) addConnector(e config.Connector) error {
	if r.connectors[e.Name] != nil {
		return fmt.Errorf("connector %q exists", e.Name)
	}
	role := roleOf(e.Role)
	if role == core.Edge && !r.edge() {
		return fmt.Errorf("connector %q: role edge is for routers of mode edge: use role inter-router", e.Name)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	c := &connector{r: r, cfg: e, ctx: ctx, cancel: cancel, status: "INITIALIZING", places: newPlaces(orDefault(e.Host, defaultHost), e.Port)}
	if role != core.Normal {
		c.flows = r.flows.link(e)
		c.flows.gauge(c.measure)
	}
	c.start(r.ordinal(e.SSLProfile), core.Discriminator())
	r.connectors[e.Name] = c
	return nil
}

// start begins to dial with the certificates of an ordinal. Two generations never start at once: r.mu is held.
func (c *connector) start(ordinal uint64, correlator string) {
	g := &generation{ordinal: ordinal, line: newLine(c.ctx, correlator)}
	g.retired, g.retire = context.WithCancel(c.ctx)
	c.mu.Lock()
	c.now = g
	c.mu.Unlock()
	c.flows.ordinal(c.cfg, ordinal)
	c.done.Go(func() { c.run(g, false) })
	if roleOf(c.cfg.Role) == core.InterRouter {
		for range c.r.dataConnections() {
			c.done.Go(func() { c.run(g, true) })
		}
	}
}

// rotate goes over to newer certificates: new connections take the place of those that there are. r.mu is held.
func (c *connector) rotate(ordinal uint64) {
	c.mu.Lock()
	old := c.now
	c.mu.Unlock()
	if ordinal <= old.ordinal || roleOf(c.cfg.Role) == core.Normal {
		return
	}
	old.retire()
	c.start(ordinal, old.current().correlator)
}

// dataConnections is how many data connections an inter-router connector makes.
func (r *Router) dataConnections() int {
	s := orDefault(r.cfg.Router.DataConnectionCount, "auto")
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return min(n, 64)
	}
	threads := r.cfg.Router.WorkerThreads
	if threads <= 0 {
		threads = 4
	}
	return (threads + 1) / 2
}

func (c *connector) stop() {
	c.set("CLOSING", "")
	c.cancel()
	c.done.Wait()
	c.flows.end()
}

func (c *connector) set(status, msg string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLocked(status, msg)
}

func (c *connector) setLocked(status, msg string) {
	c.status, c.msg = status, msg
	switch status {
	case "SUCCESS":
		c.flows.up()
	case "FAILED":
		c.flows.down(msg)
	}
}

// opened and failed are told of control connections. While one of them is open the link works, whatever becomes of others.
func (c *connector) opened(p *transport.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up = append(c.up, p)
	c.doubts = 0
	c.setLocked("SUCCESS", "")
}

func (c *connector) failed(was *transport.Peer, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up = slices.DeleteFunc(c.up, func(p *transport.Peer) bool { return p == was })
	if len(c.up) == 0 && c.status != "CLOSING" {
		c.doubts = 0
		c.setLocked("FAILED", why)
	}
}

// Looks at the control connections of a connector.
const (
	doubtful = 2 // looks in a row without a word: at the first one the reader may not have got on yet, after a time in which nothing could
	silence  = "nothing has been heard of the peer for too long"
)

// look says that a link is down as soon as that is likely, and that it is up when its peer is heard all the same. The connection has more time. It runs
// on the core's goroutine, a few times a second.
func (c *connector) look(now time.Time) {
	c.mu.Lock()
	up := slices.Clone(c.up)
	c.mu.Unlock()
	if len(up) == 0 || c.flows == nil {
		return
	}
	silent := !slices.ContainsFunc(up, func(p *transport.Peer) bool { return !p.Doubtful(now) })
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !slices.Equal(c.up, up) || c.status == "CLOSING":
	case silent:
		if c.doubts++; c.doubts == doubtful {
			c.setLocked("FAILED", silence)
		}
	default:
		if c.doubts >= doubtful {
			c.setLocked("SUCCESS", "")
		}
		c.doubts = 0
	}
}

// watchLinks looks at all connectors.
func (r *Router) watchLinks(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.connectors {
		c.look(now)
	}
}

// place is where to dial now.
func (c *connector) place() config.Place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.places.current()
}

// learn notes where else the peer says that it can be reached.
func (c *connector) learn(properties wire.Map) {
	if told, ok := toldPlaces(properties); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.places.learn(told)
	}
}

// failover is where the connector may dial, as management shows it.
func (c *connector) failover() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.places.String()
}

// measure brings the link's record up to date.
func (c *connector) measure(v *vanflow.Record) {
	v.Number(vanflow.Octets, c.traffic.Out.Load())
	v.Number(vanflow.OctetsReverse, c.traffic.In.Load())
	c.mu.Lock()
	up := slices.Clone(c.up)
	c.mu.Unlock()
	if len(up) == 0 {
		return
	}
	if rtt := up[len(up)-1].Socket().RTT(); rtt > 0 { // a socket that is closed has none
		v.Number(vanflow.Latency, uint64(rtt.Microseconds()))
	}
}

func (c *connector) state() (status, msg string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.msg
}

// run dials until the generation retires, and then keeps its last connection to its end.
func (c *connector) run(g *generation, data bool) {
	b := transport.Backoff{Max: redialMax}
	for g.retired.Err() == nil {
		l := g.current()
		ctx := c.ctx
		if data {
			ctx = l.ctx
		}
		end := c.once(ctx, g, l, data)
		if end.opened != nil {
			b.Reset()
		}
		if !data {
			c.ended(g, end)
		}
		if !b.Wait(g.retired) {
			return
		}
	}
}

// ended draws the consequences of the end of a control connection, or of an attempt to make one.
func (c *connector) ended(g *generation, end ending) {
	text := "connection closed by the peer"
	if end.err != nil {
		text = end.err.Error()
	}
	c.mu.Lock()
	moved := c.places.next()
	c.mu.Unlock()
	if moved || end.opened != nil && end.unseen {
		g.renew(c.ctx)
	}
	if c.ctx.Err() != nil {
		return
	}
	c.failed(end.opened, text)
	c.r.log.Info().Str("connector", c.cfg.Name).Str("host", end.place.Host).Str("port", end.place.Port).Str("err", text).Msg("connection failed")
}
