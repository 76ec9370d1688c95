package router

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// redialMax is the longest pause between attempts to connect to another router. A link that has healed works again after little more than that.
const redialMax = 2 * time.Second

// ending is how a connection, or the attempt to make one, ended.
type ending struct {
	opened *transport.Peer // nil: it has not
	unseen bool            // the peer may not know
	err    error
	place  config.Place
}

// once makes one connection and runs it to its end.
func (c *connector) once(ctx context.Context, g *generation, l *line, data bool) ending {
	place := c.place()
	o := core.ConnOptions{
		Role: roleOf(c.cfg.Role), Dialled: true, Cost: c.cfg.Cost, Name: c.cfg.Name, Data: data, Profile: c.cfg.SSLProfile, Ordinal: g.ordinal,
	}
	sock, sasl, err := c.dial(g.retired, place)
	if err != nil {
		return ending{err: err, place: place}
	}
	describe(&o, sock)
	o.SASL = string(sasl.Mechanism())
	id := c.r.nextID.Add(1)
	var extra wire.Map
	if o.Role == core.InterRouter {
		o.Correlator = l.correlator
		if data {
			extra = append(extra, wire.Pair{Key: wire.Symbol("qd.inter-router-role"), Value: int32(core.InterRouterData)})
		}
		extra = append(extra, wire.Pair{Key: wire.Symbol("qd.group-correlator"), Value: l.correlator},
			wire.Pair{Key: wire.Symbol("qd.group-ordinal"), Value: g.ordinal})
	}
	cc := c.r.connConfig(connParams{
		role: o.Role, maxFrame: c.cfg.MaxFrameSize, window: c.cfg.MaxSessionFrames, idle: c.cfg.IdleTimeoutSeconds, cost: c.cfg.Cost,
		sessions: c.cfg.MaxSessions, more: c.cfg.OpenProperties,
	}, id, extra)
	cc.Client, cc.Hostname, cc.SASL, cc.Handshake = true, place.Host, sasl, limits.RouterDialTimeout
	peer := transport.NewPeer(sock, cc)
	var opened atomic.Pointer[transport.Peer]
	o.OnOpen = func(properties wire.Map) {
		opened.Store(peer)
		if !data {
			if id, ok := properties.Get("qd.access-id"); ok {
				c.flows.peer(text(id))
			}
			c.learn(properties)
			c.opened(peer)
		}
	}
	peer.Count(&c.traffic)
	defer c.r.trace(id, peer)()
	err = c.r.core.Serve(ctx, peer, id, o)
	return ending{opened: opened.Load(), unseen: unseen(err), err: err, place: place}
}

// unseen reports that the peer may not know that a connection has ended: neither side has said so, and it did not just go away.
func unseen(err error) bool {
	var e *frame.Error
	if !errors.As(err, &e) {
		return err != nil
	}
	return e.Condition == "amqp:resource-limit-exceeded" || e.Condition == "amqp:connection:framing-error" && e.Description != transport.PeerGone
}

// dial makes the socket of a connection, with the certificates as they are now.
func (c *connector) dial(ctx context.Context, at config.Place) (*transport.Socket, conn.SASL, error) {
	sasl := conn.SASLAnonymous
	p, err := c.r.profile(c.cfg.SSLProfile)
	if err != nil {
		return nil, sasl, err
	}
	t := transport.Target{Host: at.Host, Port: at.Port}
	if p != nil {
		if t.TLS, err = p.Client(at.Host, c.cfg.VerifyHostname == nil || *c.cfg.VerifyHostname); err != nil {
			return nil, sasl, err
		}
		if len(t.TLS.Certificates) > 0 {
			sasl = conn.SASLExternal
		}
	}
	if name := c.cfg.ProxyProfile; name != "" {
		if t.Proxy, err = c.r.proxy(name); err != nil {
			return nil, sasl, err
		}
	}
	s, err := transport.Dial(ctx, t)
	return s, sasl, err
}

// proxy finds a proxy profile, and reads its password.
func (r *Router) proxy(name string) (*transport.Proxy, error) {
	r.mu.Lock()
	p, ok := r.proxies[name]
	r.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("there is no proxyProfile %q", name)
	}
	password, err := secret(p)
	if err != nil {
		return nil, err
	}
	return &transport.Proxy{Host: p.Host, Port: p.Port, Username: p.Username, Password: password}, nil
}

// secret is the password of a proxy profile: itself, or where it is to be found.
func secret(p config.ProxyProfile) (string, error) {
	kind, rest, ok := strings.Cut(p.Password, ":")
	switch {
	case ok && kind == "file":
		b, err := os.ReadFile(rest)
		if err != nil {
			return "", fmt.Errorf("proxyProfile %q: read the password: %w", p.Name, err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	case ok && kind == "env":
		return os.Getenv(rest), nil
	case ok && (kind == "pass" || kind == "literal"):
		return rest, nil
	}
	return p.Password, nil
}
