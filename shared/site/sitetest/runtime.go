package sitetest

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/site"
)

// Trial is what TestRuntime needs to try a runtime.
type Trial struct {
	Runtime site.Runtime
	// Desired can be started as it is: its files are in place and its ports free. The suite changes only its
	// tcpListeners.
	Desired site.Desired
	// FreePort is a TCP port of 127.0.0.1 for a listener that the suite adds to the running router.
	FreePort int
	// Patience bounds each wait for the router; 0 means 30 seconds.
	Patience time.Duration
}

// TestRuntime checks what site.Runtime promises. start prepares a runtime whose router does not run yet.
func TestRuntime(t *testing.T, start func(t *testing.T) Trial) {
	t.Run("idle", func(t *testing.T) { start(t).idle(t) })
	t.Run("start-and-stop", func(t *testing.T) { start(t).startAndStop(t) })
	t.Run("live-change", func(t *testing.T) { start(t).liveChange(t) })
}

func (tr Trial) patience() time.Duration {
	if tr.Patience == 0 {
		return 30 * time.Second
	}
	return tr.Patience
}

// idle: a router that never ran is observed and stopped without an error.
func (tr Trial) idle(t *testing.T) {
	obs, err := tr.Runtime.Observe(t.Context())
	must(t, err)
	if obs.Running || obs.Now.IsZero() {
		t.Errorf("observed %+v, want a router that does not run, and the time", obs)
	}
	must(t, tr.Runtime.Stop(t.Context()))
}

func (tr Trial) startAndStop(t *testing.T) {
	ctx := t.Context()
	defer tr.stopAtEnd(t)
	first := tr.run(t, tr.Desired)
	if first.RouterID != tr.Desired.RouterID {
		t.Errorf("router id %q, want %q", first.RouterID, tr.Desired.RouterID)
	}
	if second := tr.run(t, tr.Desired); !second.Since.Equal(first.Since) {
		t.Errorf("started again it runs since %v, want %v: it was restarted", second.Since, first.Since)
	}
	for range 2 { // the second finds nothing to stop
		must(t, tr.Runtime.Stop(ctx))
		tr.until(t, "the router is gone", func(o site.Observed) bool { return !o.Running })
	}
	tr.run(t, tr.Desired) // and once more from the beginning
}

// liveChange: a listener comes and goes while the router keeps running.
func (tr Trial) liveChange(t *testing.T) {
	defer tr.stopAtEnd(t)
	before := tr.run(t, tr.Desired)
	const key = "sitetest-live"
	changed := tr.Desired
	cfg := *tr.Desired.Config
	changed.Config = &cfg
	changed.Ports = maps.Clone(tr.Desired.Ports)
	cfg.TCPListeners = append(append([]config.TCPListener(nil), cfg.TCPListeners...),
		config.TCPListener{Name: "listener/" + key, Host: "127.0.0.1", Port: itoa(tr.FreePort), Address: key, SiteID: tr.Desired.SiteID})
	after := tr.run(t, changed)
	if !after.Since.Equal(before.Since) {
		t.Errorf("runs since %v, want %v: a listener is no reason to restart", after.Since, before.Since)
	}
	tr.until(t, "the listener is there", func(o site.Observed) bool { return o.Addresses[key].LocalListeners > 0 })
	tr.run(t, tr.Desired)
	tr.until(t, "the listener is gone", func(o site.Observed) bool { return o.Addresses[key].LocalListeners == 0 })
}

// run starts the router and waits until it says that it runs.
func (tr Trial) run(t *testing.T, d site.Desired) site.Observed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tr.patience())
	defer cancel()
	must(t, tr.Runtime.Start(ctx, d))
	return tr.until(t, "the router runs", func(o site.Observed) bool { return o.Running })
}

func (tr Trial) until(t *testing.T, what string, ok func(site.Observed) bool) site.Observed {
	t.Helper()
	deadline := time.Now().Add(tr.patience())
	for {
		o, err := tr.Runtime.Observe(t.Context())
		if err == nil && ok(o) {
			return o
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v until %s: %+v, %v", tr.patience(), what, o, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stopAtEnd leaves no router behind, even when the test's own context has ended.
func (tr Trial) stopAtEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), tr.patience())
	defer cancel()
	if err := tr.Runtime.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}
