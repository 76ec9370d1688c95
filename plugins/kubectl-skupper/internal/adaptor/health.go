package adaptor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// health is whether the router can be managed.
type health struct {
	mu  sync.Mutex
	why error
}

func newHealth() *health { return &health{why: errors.New("the router has not answered yet")} }

func (h *health) set(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.why = why
}

func (h *health) get() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.why
}

// ServeHTTP answers a probe.
func (h *health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if err := h.get(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, "ok\n") // a probe that is gone needs no answer
}

// counters are what is told to those who measure.
type counters struct {
	changes, failures, published, octets atomic.Uint64
	leader                               atomic.Bool
	health                               *health
}

// ServeHTTP answers in the text format of Prometheus.
func (c *counters) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	line := func(name, kind, help string, value uint64) {
		_, _ = fmt.Fprintf(w, "# HELP %[1]s %[3]s\n# TYPE %[1]s %[2]s\n%[1]s %[4]d\n", name, kind, help, value)
	}
	line("skupper_adaptor_router_changes_total", "counter", "Times that the running router's configuration was changed.", c.changes.Load())
	line("skupper_adaptor_sync_failures_total", "counter", "Attempts to change it that failed.", c.failures.Load())
	line("skupper_adaptor_network_status_published_total", "counter", "Times that the network status was written.", c.published.Load())
	line("skupper_adaptor_network_status_bytes", "gauge", "Size of the network status.", c.octets.Load())
	line("skupper_adaptor_leader", "gauge", "1 if this adaptor writes the network status.", number(c.leader.Load()))
	line("skupper_adaptor_router_up", "gauge", "1 if the router can be managed.", number(c.health.get() == nil))
}

func number(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// serve answers at an address until ctx ends.
func serve(ctx context.Context, address string, at map[string]http.Handler) (wait func() error, err error) {
	var conf net.ListenConfig
	ln, err := conf.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve at %s: %w", address, err)
	}
	mux := http.NewServeMux()
	for path, h := range at {
		mux.Handle("GET "+path, h)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	return func() error {
		defer stop()
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve at %s: %w", address, err)
		}
		return nil
	}, nil
}
