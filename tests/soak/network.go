package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/tests/bench/proc"
	"github.com/skupper-plugins/suite/tests/bench/tunnel"
)

// router is one process of the network.
type router struct {
	*proc.Child
	metrics string // a URL
	rest    gauges // before there was traffic
}

// network is the routers A, B and later C, in a row, and E, an edge router of A. Clients are at A, from where there is a way to B, through it one to C, and one
// to E; and at E, with a way to B.
type network struct {
	site    *tunnel.Site
	program string
	routers []*router
	cables  []*cable

	toB, toC   string // host:port for clients
	toE, fromE string
	bPort      string                    // where B lets C in
	configured map[*config.Config]string // the URLs of metrics
}

// up starts A and B.
func (w *network) up(ctx context.Context, program, dir, server string) (err error) {
	w.program, w.configured = program, map[*config.Config]string{}
	if w.site, err = tunnel.NewSite(dir, server, time.Now()); err != nil {
		return err
	}
	ports := make([]string, 9)
	for i := range ports {
		if ports[i], err = w.site.Ports.Next(); err != nil {
			return err
		}
	}
	w.toB, w.toC, w.bPort = net.JoinHostPort(proc.Loopback, ports[0]), net.JoinHostPort(proc.Loopback, ports[1]), ports[2]
	a, err := w.config("A")
	if err != nil {
		return err
	}
	tunnel.Listen(a, "to-b", ports[0])
	tunnel.Listen(a, "to-c", ports[1])
	tunnel.Accept(a, "access", ports[3])
	b, err := w.config("B")
	if err != nil {
		return err
	}
	tunnel.Connect(b, "to-b", server)
	tunnel.Accept(b, "access", w.bPort)
	if err := w.link(ctx, b, ports[4], ports[3]); err != nil {
		return err
	}
	w.toE, w.fromE = net.JoinHostPort(proc.Loopback, ports[5]), net.JoinHostPort(proc.Loopback, ports[6])
	tunnel.Listen(a, "to-e", ports[5])
	edges := len(a.Listeners)
	tunnel.Accept(a, "edges", ports[7])
	a.Listeners[edges].Role = config.RoleEdge
	e, err := w.config("E")
	if err != nil {
		return err
	}
	e.Router.Mode = config.ModeEdge
	tunnel.Listen(e, "to-b", ports[6])
	tunnel.Connect(e, "to-e", server)
	if err := w.link(ctx, e, ports[8], ports[7]); err != nil {
		return err
	}
	e.Connectors[len(e.Connectors)-1].Role = config.RoleEdge
	return errors.Join(w.run(a), w.run(b), w.run(e))
}

// grow starts C.
func (w *network) grow(ctx context.Context) error {
	c, err := w.config("C")
	if err != nil {
		return err
	}
	tunnel.Connect(c, "to-c", w.site.Server)
	port, err := w.site.Ports.Next()
	if err != nil {
		return err
	}
	if err := w.link(ctx, c, port, w.bPort); err != nil {
		return err
	}
	return w.run(c)
}

// config is a router with a place for its metrics.
func (w *network) config(id string) (*config.Config, error) {
	port, err := w.site.Ports.Next()
	if err != nil {
		return nil, err
	}
	cfg, err := w.site.Router(id)
	if err != nil {
		return nil, err
	}
	cfg.Listeners = append(cfg.Listeners, config.Listener{Name: "http", Role: config.RoleNormal, Host: proc.Loopback, Port: port, HTTP: true})
	w.configured[cfg] = "http://" + net.JoinHostPort(proc.Loopback, port) + "/metrics"
	return cfg, nil
}

// link has a router dial a port by way of a cable on another one.
func (w *network) link(ctx context.Context, cfg *config.Config, port, to string) error {
	k, err := newCable(ctx, net.JoinHostPort(proc.Loopback, port), net.JoinHostPort(proc.Loopback, to))
	if err != nil {
		return err
	}
	w.cables = append(w.cables, k)
	tunnel.Dial(cfg, "link", port)
	return nil
}

func (w *network) run(cfg *config.Config) error {
	c, err := w.site.Run(w.program, cfg)
	if err != nil {
		return err
	}
	w.routers = append(w.routers, &router{Child: c, metrics: w.configured[cfg]})
	return nil
}

// await waits until a flow to addr is right to its end.
func (w *network) await(ctx context.Context, addr string) error {
	for end := time.Now().Add(stuckAfter); ; {
		err := once(ctx, addr)
		if err == nil {
			return nil
		}
		if dead := w.alive(); dead != nil {
			return dead
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("no flow to %s within %v: %w", addr, stuckAfter, err)
		}
		sleep(ctx, 50*time.Millisecond)
	}
}

func once(ctx context.Context, addr string) error {
	var d net.Dialer
	c, err := proc.TCP(d.DialContext(ctx, "tcp", addr))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return (&client{}).flow(c, plan{kind: ask, id: 1, up: 1, down: 1})
}

// alive is nil while all routers run.
func (w *network) alive() error {
	var errs []error
	for _, r := range w.routers {
		errs = append(errs, r.Running())
	}
	return errors.Join(errs...)
}

// down ends everything that still runs.
func (w *network) down() error {
	var errs []error
	for _, r := range w.routers {
		errs = append(errs, r.Stop())
	}
	for _, k := range w.cables {
		k.close()
	}
	return errors.Join(errs...)
}
