package router

import (
	"time"

	"github.com/rs/zerolog"

	engine "github.com/skupper-plugins/suite/router/internal/control"
	"github.com/skupper-plugins/suite/router/internal/core"
)

// control joins the routing engine with the core. Everything happens on the core's goroutine.
type control struct {
	r      *Router
	core   *core.Core
	engine *engine.Engine
	flood  engine.Flood
	log    zerolog.Logger
}

func newControl(r *Router) *control {
	sec := func(n int) time.Duration { return time.Duration(n) * time.Second }
	c := r.cfg.Router
	now := time.Now()
	return &control{r: r, engine: engine.New(engine.Config{
		ID: c.ID, Instance: now.Unix(),
		HelloInterval: sec(c.HelloIntervalSeconds), HelloMaxAge: sec(c.HelloMaxAgeSeconds), RAInterval: sec(c.RAIntervalSeconds),
		RAIntervalFlux: sec(c.RAIntervalFluxSeconds), RemoteLSMaxAge: sec(c.RemoteLSMaxAgeSeconds), UnreachableHoldoff: sec(c.UnreachableHoldoffSeconds),
	}, few(r.opts.Log.Hook(r.level).With().Str("router", c.ID).Logger()), now), log: few(r.log)}
}

// LinkUp is a new neighbour that may speak.
func (c *control) LinkUp(link, cost int, peer string) {
	c.engine.LinkUp(time.Now(), link, cost)
	c.engine.Peer(link, peer)
	c.apply()
}

// LinkLost is the end of a control link.
func (c *control) LinkLost(link int) {
	c.engine.LinkLost(time.Now(), link)
	c.apply()
}

// Receive is a message from a neighbour.
func (c *control) Receive(link int, msg []byte) {
	if err := c.engine.Receive(time.Now(), link, msg); err != nil {
		c.log.Warn().Err(err).Int("link", link).Msg("control message refused")
	}
	c.apply()
}

// LocalAdded tells the network of an address.
func (c *control) LocalAdded(key string, t core.Treatment) {
	c.engine.LocalAdded(time.Now(), key, int(t))
	c.apply()
}

// LocalRemoved takes it back.
func (c *control) LocalRemoved(key string) {
	c.engine.LocalRemoved(time.Now(), key)
	c.apply()
}

// LocalMesh tells the network that an address has no destinations here but edge routers of one mesh, or with "" that it has others again.
func (c *control) LocalMesh(key, mesh string) {
	c.engine.LocalMesh(time.Now(), key, mesh)
	c.apply()
}

// Flood keeps copies of one advertisement from multiplying where there is more than one way.
func (c *control) Flood(ingress string, hops int, body []byte) bool {
	return !c.engine.Foreign(ingress) && c.flood.Forward(time.Now(), ingress, hops, body)
}

// Deadline is when Tick is due.
func (c *control) Deadline() time.Time { return c.engine.NextDeadline() }

// Tick does what time asks for.
func (c *control) Tick(now time.Time) {
	c.engine.Tick(now)
	c.apply()
}

// apply carries out what the engine asks for.
func (c *control) apply() {
	for effects := c.engine.Effects(); len(effects) > 0; effects = c.engine.Effects() {
		for _, e := range effects {
			switch e := e.(type) {
			case engine.Send:
				c.core.SendControl(e.To, e.Link, e.Body)
			case engine.NodeReachable:
				c.core.SetNode(e.ID, e.Link, e.NextHop, e.Cost, e.ValidOrigins)
				c.r.flows.announce()
			case engine.NodeUnreachable:
				c.core.NodeDown(e.ID)
			case engine.NodeDeleted:
				c.core.NodeGone(e.ID)
			case engine.AddressAdded:
				c.core.AddRemote(e.Node, e.Key, core.Treatment(e.Treatment), e.Mesh)
			case engine.AddressRemoved:
				c.core.RemoveRemote(e.Node, e.Key)
			case engine.AddressesFlushed:
				c.core.FlushNode(e.Node)
			case engine.RadiusChanged:
				c.core.SetRadius(e.Radius)
			}
		}
	}
}

// subscribe makes the engine hear its neighbours.
func (c *control) subscribe() {
	for _, k := range []string{"Lqdhello", "Tqdrouter", "Lqdrouter", "Tqdrouter.ma", "Lqdrouter.ma"} {
		c.core.Subscribe(k, false, func(m core.Incoming) {
			if m.Link > 0 {
				c.Receive(m.Link, m.Body)
			}
		})
	}
}
