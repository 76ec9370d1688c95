package kubestore

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/skupper-plugins/suite/shared/site"
)

// patience bounds every wait.
const patience = 10 * time.Second

// fakeServer answers watches: those of links as the test wants it, of sites with 403, of all else with 404.
type fakeServer struct {
	mu      sync.Mutex
	watches int                       // of links, so far
	script  []func(send func(string)) // what each of them does; the last one is repeated
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/sites"):
		http.Error(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`, http.StatusForbidden)
		return
	case !strings.HasSuffix(r.URL.Path, "/links"):
		http.NotFound(w, r)
		return
	}
	f.mu.Lock()
	step := f.script[min(f.watches, len(f.script)-1)]
	f.watches++
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	step(func(event string) {
		if event == "" {
			<-r.Context().Done()
			return
		}
		fmt.Fprintln(w, event)
		w.(http.Flusher).Flush()
	})
}

// watching is a store over the server, and its events.
func watching(t *testing.T, script ...func(send func(string))) (<-chan site.Event, context.CancelFunc, *fakeServer) {
	t.Helper()
	f := &fakeServer{script: script}
	srv := httptest.NewServer(f)
	transport := &http.Transport{DisableKeepAlives: true}
	client, err := dynamic.NewForConfig(&rest.Config{Host: srv.URL, Transport: transport, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(srv.Close)
	t.Cleanup(cancel)
	events, err := New(client, Options{Namespace: "west"}).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return events, cancel, f
}

const (
	added  = `{"type":"ADDED","object":{"kind":"Link","apiVersion":"skupper.io/v2alpha1","metadata":{"name":"a"}}}`
	tooOld = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`
)

func open(send func(string)) { send("") }

// until reads events until one is as wanted.
func until(t *testing.T, events <-chan site.Event, what string, want func(site.Event) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("the channel was closed before %s", what)
			}
			if want(e) {
				return
			}
		case <-deadline:
			t.Fatalf("no event of %s", what)
		}
	}
}

func anything(e site.Event) bool { return e == (site.Event{}) }

// TestWatchBreaks has a watch that ends, one that is too old, and one that says something.
func TestWatchBreaks(t *testing.T) {
	events, _, f := watching(t, func(func(string)) {}, func(send func(string)) { send(tooOld); send("") },
		func(send func(string)) { send(added); time.Sleep(50 * time.Millisecond); send(added); send("") })
	until(t, events, "a link", func(e site.Event) bool { return e == site.Event{Kind: "Link", Name: "a"} })
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watches != 3 {
		t.Errorf("there were %d watches, want 3", f.watches)
	}
}

// TestWatchForbidden is announced every second: of the sites nothing else can be known.
func TestWatchForbidden(t *testing.T) {
	events, _, _ := watching(t, open)
	until(t, events, "the start", anything)
	time.Sleep(pollEvery / 2) // what comes with the start has come
	select {
	case <-events:
	default:
	}
	start := time.Now()
	until(t, events, "a poll", anything)
	until(t, events, "another poll", anything)
	if took := time.Since(start); took > 3*pollEvery {
		t.Errorf("two polls took %v", took)
	}
}

func TestWatchEnds(t *testing.T) {
	events, cancel, _ := watching(t, open)
	until(t, events, "the start", anything)
	cancel()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-events:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the channel is not closed after the context ended")
		}
	}
}
