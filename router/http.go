package router

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

// addHTTP starts the listener for probes and scrapes of a configuration. r.mu is held.
func (r *Router) addHTTP(e config.Listener) error {
	mux := http.NewServeMux()
	if e.Healthz == nil || *e.Healthz {
		mux.HandleFunc("GET /healthz", r.healthz)
	}
	if e.Metrics == nil || *e.Metrics {
		mux.HandleFunc("GET /metrics", r.metrics)
	}
	srv := &http.Server{
		Addr: net.JoinHostPort(e.Host, e.Port), Handler: mux,
		ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(&httpFailures{r, e.Name}, "", 0),
	}
	if e.SSLProfile != "" && r.profiles[e.SSLProfile] == nil {
		return fmt.Errorf("listener %q: there is no sslProfile %q", e.Name, e.SSLProfile)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	l := &listener{r: r, cfg: e, cancel: cancel, done: make(chan struct{})}
	if err := l.listen(ctx); err != nil {
		cancel()
		return err
	}
	l.ln = &boundedListener{l.ln, l}
	if e.SSLProfile != "" {
		l.ln = tls.NewListener(l.ln, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			p, err := r.profile(e.SSLProfile) // as it is now, and its files
			if err != nil {
				return nil, err
			}
			return p.Server(e.AuthenticatePeer)
		}})
	}
	r.listeners[e.Name] = l
	go func() {
		defer close(l.done)
		stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
		defer stop()
		if err := srv.Serve(l.ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			r.log.Error().Err(err).Str("listener", e.Name).Msg("health server ended")
		}
	}()
	return nil
}

// boundedListener lets no more connections be than there may be half-open ones elsewhere: who holds many gives up the oldest of his.
type boundedListener struct {
	net.Listener
	l *listener
}

// Accept returns the next connection.
func (b *boundedListener) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	leave, gone := b.l.half.enter(c)
	if gone != nil {
		b.l.fails("too many connections at once", gone, nil)
		_ = gone.Close()
	}
	return &countedConn{c, leave}, nil
}

// countedConn is one of them.
type countedConn struct {
	net.Conn
	leave func()
}

// Close closes it.
func (c *countedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// httpFailures takes what the HTTP server has to say of its peers, which is as much as they like: of each host it is told once.
type httpFailures struct {
	r        *Router
	listener string
}

// Write takes one line.
func (f *httpFailures) Write(p []byte) (int, error) {
	line := strings.TrimSpace(string(p[:min(len(p), maxLine)]))
	what, peer := "http server", ""
	if rest, ok := strings.CutPrefix(line, "http: TLS handshake error from "); ok {
		what = "tls handshake failed"
		peer, line, _ = strings.Cut(rest, ": ")
	}
	f.r.failing.note(time.Now(), what, f.listener, peerName(peer), errors.New(line))
	return len(p), nil
}

// peerName is the address of a peer as text.
type peerName string

// Network is of no interest.
func (peerName) Network() string { return "tcp" }

// String is the address.
func (p peerName) String() string { return string(p) }

// healthz answers once the core has done a piece of work: it proves that the core is alive.
func (r *Router) healthz(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), 5*time.Second)
	defer cancel()
	if !r.core.Call(ctx, func() {}) {
		http.Error(w, "the router does not respond", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprint(w, "OK\n")
}
