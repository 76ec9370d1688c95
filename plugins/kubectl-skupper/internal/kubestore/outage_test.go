package kubestore

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/skupper-plugins/suite/shared/fault"
)

// TestOutage has a cluster that goes away: at once that is an error, between two answers it is not.
func TestOutage(t *testing.T) {
	var down atomic.Bool
	var refused atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			refused.Add(1)
			http.Error(w, "no healthy upstream", http.StatusServiceUnavailable) // a load balancer without a server
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"apiVersion":"skupper.io/v2alpha1","kind":"Link","metadata":{"name":"a"}}`) // the client tells
	}))
	t.Cleanup(srv.Close)
	client, err := dynamic.NewForConfig(&rest.Config{Host: srv.URL, QPS: -1, Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	s := New(client, Options{Namespace: "west"})
	down.Store(true)
	start := time.Now()
	if _, err := s.Get(t.Context(), "Link", "a"); fault.KindOf(err) != fault.Failed || time.Since(start) > askAgain {
		t.Errorf("at first: %v after %v", err, time.Since(start))
	}
	down.Store(false)
	if _, err := s.Get(t.Context(), "Link", "a"); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	before := refused.Load()
	time.AfterFunc(500*time.Millisecond, func() { down.Store(false) })
	if _, err := s.Get(t.Context(), "Link", "a"); err != nil || refused.Load() == before {
		t.Errorf("later: %v, %d refused", err, refused.Load()-before)
	}
}
