package controller

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"k8s.io/client-go/rest"
)

// freePort is an address where nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// TestServerAway has an API server that is not there when the controller starts: it waits, is alive and not ready, and goes on when the
// server is back.
func TestServerAway(t *testing.T) {
	server, health := freePort(t), freePort(t)
	done := make(chan error, 1)
	go func() {
		done <- answered(t.Context(), &rest.Config{Host: "http://" + server}, health, zerolog.Nop())
	}()
	codes := func(path string) int {
		resp, err := http.Get("http://" + health + path)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for end := time.Now().Add(time.Minute); codes("/healthz") != http.StatusOK; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not say that it is alive")
		}
	}
	if got := codes("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", got)
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	ln, err := net.Listen("tcp", server)
	if err != nil {
		t.Skipf("NOT TESTED: the port was taken by another program: %v", err)
	}
	tries := 0
	api := &httptest.Server{Listener: ln, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // of a test
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // its own parts are not there yet
			return
		}
		w.WriteHeader(http.StatusUnauthorized) // it is there
	})}}
	api.Start()
	defer api.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if tries < 2 {
		t.Errorf("it took %d answers, that it is not ready, for one", tries)
	}
	if got := codes("/healthz"); got != 0 {
		t.Errorf("the health address is still taken: it answers %d", got)
	}
}

// TestServerThatWaitingDoesNotCure has a server whose certificate nobody trusts.
func TestServerThatWaitingDoesNotCure(t *testing.T) {
	api := httptest.NewTLSServer(http.NotFoundHandler())
	defer api.Close()
	err := answered(t.Context(), &rest.Config{Host: api.URL}, "", zerolog.Nop())
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

// TestServerAwayUntilTheEnd is told to end while it waits.
func TestServerAwayUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- answered(ctx, &rest.Config{Host: "http://" + freePort(t)}, "", zerolog.Nop()) }()
	cancel()
	if err := <-done; err == nil {
		t.Error("no error")
	}
}
