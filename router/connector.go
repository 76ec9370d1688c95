package router

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// connector keeps connections to one peer: a control connection, and for inter-router ones data connections beside it.
type connector struct {
	r          *Router
	cfg        config.Connector
	correlator string
	cancel     context.CancelFunc
	done       sync.WaitGroup
	flows      *record // nil unless it leads to another router

	mu     sync.Mutex
	status string // INITIALIZING, CONNECTING, SUCCESS, FAILED, CLOSING
	msg    string
}

// addConnector starts a connector. r.mu is held.
func (r *Router) addConnector(e config.Connector) error {
	if r.connectors[e.Name] != nil {
		return fmt.Errorf("connector %q exists", e.Name)
	}
	if e.ProxyProfile != "" {
		return fmt.Errorf("connector %q: proxy profiles are not supported by this router", e.Name)
	}
	role := roleOf(e.Role)
	if role == core.Edge && !r.edge() {
		return fmt.Errorf("connector %q: role edge is for routers of mode edge: use role inter-router", e.Name)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	c := &connector{r: r, cfg: e, correlator: core.Discriminator(), cancel: cancel, status: "INITIALIZING"}
	if role != core.Normal {
		c.flows = r.flows.link(e)
	}
	c.done.Go(func() { c.run(ctx, false) })
	if role == core.InterRouter {
		for range r.dataConnections() {
			c.done.Go(func() { c.run(ctx, true) })
		}
	}
	r.connectors[e.Name] = c
	return nil
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
	c.status, c.msg = status, msg
	switch status {
	case "SUCCESS":
		c.flows.up()
	case "FAILED":
		c.flows.down(msg)
	}
}

func (c *connector) state() (status, msg string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.msg
}

// run dials for ever.
func (c *connector) run(ctx context.Context, data bool) {
	var b transport.Backoff
	for ctx.Err() == nil {
		opened, err := c.once(ctx, data)
		if opened {
			b.Reset()
		}
		if ctx.Err() != nil {
			return
		}
		if !data {
			text := "connection closed by the peer"
			if err != nil {
				text = err.Error()
			}
			c.set("FAILED", text)
			c.r.log.Info().Str("connector", c.cfg.Name).Str("host", c.cfg.Host).Str("port", c.cfg.Port).Str("err", text).Msg("connection failed")
		}
		if !b.Wait(ctx) {
			return
		}
	}
}

// once makes one connection and runs it to its end.
func (c *connector) once(ctx context.Context, data bool) (bool, error) {
	host := orDefault(c.cfg.Host, "127.0.0.1")
	p, err := c.r.profile(c.cfg.SSLProfile)
	if err != nil {
		return false, err
	}
	o := core.ConnOptions{Role: roleOf(c.cfg.Role), Dialled: true, Cost: c.cfg.Cost, Name: c.cfg.Name, Data: data}
	sasl := conn.SASLAnonymous
	var sock *transport.Socket
	if p != nil {
		tcfg, err := p.Client(host, c.cfg.VerifyHostname == nil || *c.cfg.VerifyHostname)
		if err != nil {
			return false, err
		}
		if len(tcfg.Certificates) > 0 {
			sasl = conn.SASLExternal
		}
		sock, err = transport.Dial(ctx, host, c.cfg.Port, tcfg)
		if err != nil {
			return false, err
		}
	} else if sock, err = transport.Dial(ctx, host, c.cfg.Port, nil); err != nil {
		return false, err
	}
	describe(&o, sock)
	o.SASL = string(sasl.Mechanism())
	id := c.r.nextID.Add(1)
	var extra wire.Map
	if o.Role == core.InterRouter {
		o.Correlator = c.correlator
		if data {
			extra = append(extra, wire.Pair{Key: wire.Symbol("qd.inter-router-role"), Value: int32(core.InterRouterData)})
		}
		extra = append(extra, wire.Pair{Key: wire.Symbol("qd.group-correlator"), Value: c.correlator},
			wire.Pair{Key: wire.Symbol("qd.group-ordinal"), Value: uint64(0)})
	}
	cc := c.r.connConfig(connParams{role: o.Role, maxFrame: c.cfg.MaxFrameSize, window: c.cfg.MaxSessionFrames, idle: c.cfg.IdleTimeoutSeconds, cost: c.cfg.Cost}, id, extra)
	cc.Client, cc.Hostname, cc.SASL = true, host, sasl
	var opened atomic.Bool
	o.OnOpen = func(properties wire.Map) {
		opened.Store(true)
		if !data {
			if id, ok := properties.Get("qd.access-id"); ok {
				c.flows.peer(text(id))
			}
			c.set("SUCCESS", "")
		}
	}
	err = c.r.core.Serve(ctx, transport.NewPeer(sock, cc), id, o)
	c.r.core.Call(ctx, func() {}) // OnOpen runs there
	return opened.Load(), err
}
