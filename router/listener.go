package router

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/bind"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// listener accepts AMQP connections of one role.
type listener struct {
	r        *Router
	cfg      config.Listener
	accessID string
	cancel   context.CancelFunc
	done     chan struct{}
	half     halfOpen
	conns    sync.WaitGroup
	flows    *record // nil unless it is for other routers

	ln net.Listener
}

// addListener starts a listener. A port that is taken is an error. r.mu is held.
func (r *Router) addListener(e config.Listener) error {
	if r.listeners[e.Name] != nil {
		return fmt.Errorf("listener %q exists", e.Name)
	}
	if e.HTTP {
		return r.addHTTP(e)
	}
	if _, err := config.ParseFailover(e.FailoverURLs); err != nil {
		return fmt.Errorf("listener %q: %w", e.Name, err)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	l := &listener{r: r, cfg: e, accessID: r.recordID(), cancel: cancel, done: make(chan struct{})}
	if err := l.listen(ctx); err != nil {
		cancel()
		return err
	}
	if roleOf(e.Role) != core.Normal {
		l.flows = r.flows.access(l.accessID, e)
	}
	r.listeners[e.Name] = l
	go l.run(ctx)
	return nil
}

func (l *listener) listen(ctx context.Context) (err error) {
	if l.ln, err = bind.Listen(ctx, l.cfg.Host, l.cfg.Port); err != nil {
		return fmt.Errorf("listener %q: %w", l.cfg.Name, err)
	}
	return nil
}

// stop closes the socket and the connections that came by it.
func (l *listener) stop() {
	l.cancel()
	<-l.done
	l.flows.end()
}

// run accepts until ctx ends. Accept returns when closing begins, so the end of closing is waited for: whoever sees the listener
// stopped may want its port at once.
func (l *listener) run(ctx context.Context) {
	defer close(l.done)
	defer l.conns.Wait()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = l.ln.Close()
	})
	l.accept(ctx, l.ln)
	if stop() {
		_ = l.ln.Close()
		return
	}
	<-closed
}

func (l *listener) accept(ctx context.Context, ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			l.r.log.Warn().Err(err).Str("listener", l.cfg.Name).Msg("cannot accept")
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond): // out of file descriptors: wait until some are free
			}
			continue
		}
		opened, gone := l.half.enter(c)
		if gone != nil {
			l.fails("too many handshakes at once", gone, nil)
			_ = gone.Close()
		}
		l.conns.Go(func() { l.serve(ctx, c, opened) })
	}
}

// serve runs one connection. half is called when it has opened, or has ended.
func (l *listener) serve(ctx context.Context, c net.Conn, half func()) {
	defer half()
	tcfg, mechs, ordinal, err := l.security()
	if err != nil {
		l.fails("connection refused", c, err)
		_ = c.Close()
		return
	}
	sock := transport.NewSocket(c, tcfg, false)
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	if err := sock.Handshake(ctx, time.Now().Add(limits.HandshakeTimeout)); err != nil {
		stop()
		l.fails("tls handshake failed", c, err)
		_ = c.Close()
		return
	}
	stop()
	o := core.ConnOptions{Role: roleOf(l.cfg.Role), Cost: l.cfg.Cost, Name: l.cfg.Name, Profile: l.cfg.SSLProfile, Ordinal: ordinal}
	linked, opened := false, false
	o.OnOpen = func(properties wire.Map) {
		opened = true
		half()
		if linked = !isData(properties); linked {
			l.flows.linked(1)
		}
	}
	describe(&o, sock)
	id := l.r.nextID.Add(1)
	var extra wire.Map
	if o.Role != core.Normal {
		extra = wire.Map{{Key: wire.Symbol("qd.access-id"), Value: l.accessID}}
	}
	if places, err := config.ParseFailover(l.cfg.FailoverURLs); err == nil && len(places) > 0 { // it was checked
		extra = append(extra, wire.Pair{Key: wire.Symbol(failoverProperty), Value: failoverList(places)})
	}
	cc := l.r.connConfig(connParams{
		role: o.Role, maxFrame: l.cfg.MaxFrameSize, window: l.cfg.MaxSessionFrames, idle: l.cfg.IdleTimeoutSeconds, cost: l.cfg.Cost,
		sessions: l.cfg.MaxSessions, patience: l.cfg.InitialHandshakeTimeoutSeconds, more: l.cfg.OpenProperties,
	}, id, extra)
	cc.Mechanisms, cc.SkipSASL = mechs, !l.cfg.AuthenticatePeer
	if len(mechs) > 0 {
		o.SASL = string(mechs[0].Mechanism())
	}
	peer := transport.NewPeer(sock, cc)
	defer l.r.trace(id, peer)()
	err = l.r.core.Serve(ctx, peer, id, o)
	wasOpened := false
	l.r.core.Call(context.WithoutCancel(ctx), func() { // after OnOpen; the core outlives listeners
		if linked {
			l.flows.linked(-1)
		}
		wasOpened = opened
	})
	switch { // here: the core waits for no log
	case err == nil:
	case wasOpened:
		l.r.lost.Info().Err(err).Uint64("conn", id).Str("listener", l.cfg.Name).Str("host", o.Host).Msg("connection lost")
	default:
		l.fails("connection not opened", c, err)
	}
}

// fails notes what a peer has not got done.
func (l *listener) fails(what string, c net.Conn, err error) {
	l.r.failing.note(time.Now(), what, l.cfg.Name, c.RemoteAddr(), err)
}

// security is the TLS configuration the SASL mechanisms that the listener offers, and the ordinal of the certificates, which may be newer
// than that: never older.
func (l *listener) security() (_ *tls.Config, _ []conn.SASL, ordinal uint64, err error) {
	l.r.mu.Lock()
	ordinal = l.r.ordinal(l.cfg.SSLProfile)
	l.r.mu.Unlock()
	p, err := l.r.profile(l.cfg.SSLProfile)
	if err != nil {
		return nil, nil, 0, err
	}
	words := strings.Fields(strings.ToUpper(l.cfg.SASLMechanisms))
	var mechs []conn.SASL
	external := false
	for _, w := range words {
		switch w {
		case "EXTERNAL":
			mechs, external = append(mechs, conn.SASLExternal), true
		case "ANONYMOUS":
			mechs = append(mechs, conn.SASLAnonymous)
		}
	}
	if len(words) == 0 {
		mechs = []conn.SASL{conn.SASLAnonymous}
	}
	if len(mechs) == 0 || external && p == nil {
		return nil, nil, 0, fmt.Errorf("saslMechanisms %q cannot be offered", l.cfg.SASLMechanisms)
	}
	if p == nil {
		return nil, mechs, 0, nil
	}
	cfg, err := p.Server(external)
	return cfg, mechs, ordinal, err
}
