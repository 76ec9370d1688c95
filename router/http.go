package router

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
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
