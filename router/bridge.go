package router

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/tcp"
)

// tcpListener and tcpConnector are the entities with what runs for them.
type tcpListener struct {
	cfg   config.TCPListener
	l     *tcp.Listener
	flows map[string]*record // by name of the target
	books *flowBooks
}

type tcpConnector struct {
	cfg   config.TCPConnector
	k     *tcp.Connector
	flows *record
}

// van puts the tenant's prefix before an address.
func (r *Router) van(addr string) string {
	if v := r.cfg.Router.VanID; v != "" {
		return v + "/" + addr
	}
	return addr
}

func (r *Router) dropConnections() bool {
	return r.cfg.Router.DropTCPConnections == nil || *r.cfg.Router.DropTCPConnections
}

// addTCPListener starts a tcpListener. r.mu is held.
func (r *Router) addTCPListener(e config.TCPListener) error {
	if r.tcpIn[e.Name] != nil {
		return fmt.Errorf("tcpListener %q exists", e.Name)
	}
	t := &tcpListener{cfg: e, flows: map[string]*record{}, books: &flowBooks{t: r.flows}}
	c := tcp.ListenerConfig{Name: t.cfg.Name, Host: t.cfg.Host, Port: t.cfg.Port}
	switch t.cfg.MultiAddressStrategy {
	case config.StrategyPriority:
		c.Strategy = tcp.Priority
	case config.StrategyWeighted:
		c.Strategy = tcp.Weighted
	}
	c.Targets = r.targets(t)
	if p := t.cfg.SSLProfile; p != "" {
		demand := t.cfg.AuthenticatePeer
		c.TLS = func() (*tls.Config, error) {
			prof, err := r.profile(p)
			if err != nil {
				return nil, err
			}
			return prof.Server(demand)
		}
	}
	c.Books = t.books
	c.Fails = func(client net.Addr, err error) {
		r.failing.note(time.Now(), "tls handshake failed", t.cfg.Name, client, err)
	}
	t.l = tcp.NewListener(c, r.core, r.log)
	r.flows.targets(t, c.Targets)
	t.l.Start(r.ctx)
	r.tcpIn[e.Name] = t
	return nil
}

// targets is where a tcpListener sends its connections. r.mu is held.
func (r *Router) targets(t *tcpListener) (all []tcp.Target) {
	if s := t.cfg.MultiAddressStrategy; s != config.StrategyPriority && s != config.StrategyWeighted {
		return []tcp.Target{{Name: t.cfg.Name, Address: r.van(t.cfg.Address), Value: 1}}
	}
	for _, name := range sortedNames(r.alts) {
		if a := r.alts[name]; a.Listener == t.cfg.Name {
			all = append(all, tcp.Target{Name: a.Name, Address: r.van(a.Address), Value: a.Value})
		}
	}
	return all
}

// retarget makes a multi-address listener know its alternatives again. r.mu is held.
func (r *Router) retarget(name string) {
	if t := r.tcpIn[name]; t != nil {
		all := r.targets(t)
		r.flows.targets(t, all)
		t.l.SetTargets(all)
	}
}

// retire keeps a listener whose connections go on, so that they end with the router at the latest.
func (r *Router) retire(l *tcp.Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving = append(r.stillLeaving(), l)
}

// stillLeaving is those listeners that have connections left. r.mu is held.
func (r *Router) stillLeaving() []*tcp.Listener {
	return slices.DeleteFunc(r.leaving, (*tcp.Listener).Idle)
}

// addTCPConnector starts a tcpConnector. r.mu is held.
func (r *Router) addTCPConnector(e config.TCPConnector) error {
	if r.tcpOut[e.Name] != nil {
		return fmt.Errorf("tcpConnector %q exists", e.Name)
	}
	host := orDefault(e.Host, defaultHost)
	c := tcp.ConnectorConfig{Name: e.Name, Host: host, Port: e.Port, Address: r.van(e.Address)}
	if p := e.SSLProfile; p != "" {
		verify := e.VerifyHostname == nil || *e.VerifyHostname
		c.TLS = func() (*tls.Config, error) {
			prof, err := r.profile(p)
			if err != nil {
				return nil, err
			}
			return prof.Client(host, verify)
		}
	}
	t := &tcpConnector{cfg: e, flows: r.flows.connector(e)}
	c.Books = &flowBooks{t: r.flows, connector: t.flows.id}
	t.k = tcp.NewConnector(c, r.core, r.log)
	t.flows.count(func() uint64 { return uint64(t.k.Opened.Load()) })
	t.k.Start(r.ctx)
	r.tcpOut[e.Name] = t
	return nil
}
