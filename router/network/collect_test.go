package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/go-amqp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestMain lets the test's program be a router that can be killed.
func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// watcher is a Collect under way, with what it published last.
type watcher struct {
	t    *testing.T
	mu   sync.Mutex
	last Status
	when []time.Time
}

// watch collects at the URL that is returned by where until the test ends, and forgets sources after silence.
func watch(t *testing.T, silence time.Duration, where func() (string, error)) *watcher {
	t.Helper()
	w := &watcher{t: t}
	ctx, cancel := context.WithCancel(context.Background())
	tab := newTable()
	tab.silence = silence
	var done sync.WaitGroup
	done.Go(func() {
		collect(ctx, Options{Log: zerolog.New(zerolog.NewTestWriter(t)), Publish: w.publish, Router: func(context.Context) (manage.Options, error) {
			url, err := where()
			return manage.Options{URL: url}, err
		}}, tab)
	})
	t.Cleanup(func() {
		cancel()
		done.Wait()
		w.checkRate()
	})
	return w
}

func urlOf(n *routertest.Node) func() (string, error) {
	return func() (string, error) { return n.URL(), nil }
}

func (w *watcher) publish(s Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.when) > 0 && reflect.DeepEqual(s, w.last) {
		w.t.Error("published the same twice")
	}
	w.last, w.when = s, append(w.when, time.Now())
}

func (w *watcher) checkRate() {
	for i := 1; i < len(w.when); i++ {
		if d := w.when[i].Sub(w.when[i-1]); d < publishEvery-100*time.Millisecond {
			w.t.Errorf("published again after %v", d)
		}
	}
}

// text is a short form of what is known: each site with its links and services.
func (w *watcher) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, s := range w.last.SiteRecords() {
		var parts []string
		for _, l := range s.Links {
			up := "down"
			if l.Operational {
				up = "up"
			}
			parts = append(parts, l.Name+">"+l.RemoteSiteName+":"+up)
		}
		for _, k := range s.Services {
			parts = append(parts, fmt.Sprintf("%s%v%v", k.RoutingKey, k.Listeners, k.Connectors))
		}
		out = append(out, s.Name+"("+strings.Join(parts, " ")+")")
	}
	return strings.Join(out, " ")
}

func (w *watcher) await(d time.Duration, want string) {
	w.t.Helper()
	routertest.Eventually(w.t, d, func(context.Context) error {
		if got := w.text(); got != want {
			return fmt.Errorf("the network is %s, want %s", got, want)
		}
		return nil
	})
}

// addSite declares a router that is a site.
func addSite(m *routertest.Mesh, id string, run routertest.Runner) *routertest.Node {
	n := m.Add(id, run)
	n.Config.Router.Metadata = fmt.Sprintf(`{"id":"%s-id","version":"2.0"}`, id)
	n.Config.Sites = []config.Site{{Name: id, Platform: "linux", Namespace: "ns", Version: "2.0"}}
	return n
}

// TestBothEnds watches two sites from both, while they change.
func TestBothEnds(t *testing.T) {
	m := routertest.New(t)
	west, east := addSite(m, "west", routertest.Engine{}), addSite(m, "east", routertest.Engine{})
	cable := m.Cable("east", "west")
	m.Start()
	echo := routertest.Echo(t)
	west.Connect("back", "backend", echo.Port)
	seen := []*watcher{watch(t, Silence, urlOf(west)), watch(t, Silence, urlOf(east))}
	await := func(want string) {
		t.Helper()
		for _, w := range seen {
			w.await(15*time.Second, want)
		}
	}
	await("east(east-west>west:up) west(backend[][127.0.0.1])")
	east.Listen("front", "backend")
	await("east(east-west>west:up backend[front][]) west(backend[][127.0.0.1])")
	west.Delete("tcpConnector", "back")
	await("east(east-west>west:up backend[front][]) west()")
	east.Delete("tcpListener", "front")
	await("east(east-west>west:up) west()")

	cable.Cut()
	seen[1].await(15*time.Second, "east(east-west>west:down) west()")
	cable.Mend()
	await("east(east-west>west:up) west()")

	if got := seen[0].last.Incoming("west-id"); len(got) != 1 || got[0].Site.ID != "east-id" {
		t.Errorf("incoming links: %+v", got)
	}
	east.Stop() // it says so
	seen[0].await(3*time.Second, "west()")
	east.Start()
	await("east(east-west>west:up) west()")
}

// TestKilled is forgotten when it has been silent for long enough, and not before.
func TestKilled(t *testing.T) {
	m := routertest.New(t)
	west, east := addSite(m, "west", routertest.Engine{}), addSite(m, "east", routertest.Self(m.Dir()))
	m.Link("east", "west")
	m.Start()
	const silence = 5 * time.Second
	w := watch(t, silence, urlOf(west))
	w.await(15*time.Second, "east(east-west>west:up) west()")
	east.Kill()
	killed := time.Now()
	w.await(silence+5*time.Second, "west()")
	if d := time.Since(killed); d < silence-2500*time.Millisecond { // its last heartbeat was before
		t.Errorf("forgotten after %v", d)
	}
}

// TestRouterComesBack: the collector's own router ends, and is another one then.
func TestRouterComesBack(t *testing.T) {
	m := routertest.New(t)
	west := addSite(m, "west", routertest.Self(m.Dir()))
	var mu sync.Mutex
	known := false
	w := watch(t, 5*time.Second, func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if !known {
			return "", errors.New("there is no router yet")
		}
		return west.URL(), nil
	})
	m.Start()
	mu.Lock()
	known = true
	mu.Unlock()
	w.await(10*time.Second, "west()")
	west.Kill()
	time.Sleep(6 * time.Second) // longer than the silence: nobody could be heard, so nobody was silent
	if got := w.text(); got != "west()" {
		t.Errorf("the network is %q while there is no router to hear it through", got)
	}
	west.Config.Sites[0].Name = "again"
	west.Start()
	w.await(30*time.Second, "again()") // the former router's source is forgotten
}

// TestNoRouter ends though nobody ever answered.
func TestNoRouter(t *testing.T) {
	w := watch(t, Silence, func() (string, error) { return "amqp://127.0.0.1:1", nil })
	time.Sleep(500 * time.Millisecond)
	if w.text() != "" {
		t.Error("published something of nothing")
	}
}

// TestBeaconsLost: one message that cannot be taken ends the subscription to the address that it was sent to. That one is made
// again, and the connection with all others goes on.
func TestBeaconsLost(t *testing.T) {
	m := routertest.New(t)
	west := addSite(m, "west", routertest.Engine{})
	m.Start()
	events := make(chan event, backlog)
	cl, err := connect(t.Context(), Options{Log: zerolog.Nop(), Router: func(context.Context) (manage.Options, error) { return manage.Options{URL: west.URL()}, nil }}, events)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{Options: Options{Log: zerolog.Nop(), Publish: func(Status) {}, Own: func() Own { return Own{} }}, table: newTable(), events: events}
	c.connected(dialled{client: cl})
	defer c.disconnect()
	c.handle(event{client: cl, lost: errors.New("received message larger than max size")})
	if c.client != cl || !c.redial.IsZero() || c.table.deaf || c.beacons.IsZero() || c.deadline().After(c.beacons) {
		t.Fatalf("after the subscription was lost: %+v", c)
	}
	select {
	case <-cl.conn.Done():
		t.Fatal("the connection is closed")
	default:
	}
	c.beacons = time.Now()
	c.step(t.Context())
	if !c.beacons.IsZero() || len(cl.leaves[""]) != 1 {
		t.Errorf("beacons are not listened to again: %v", cl.leaves)
	}
	for len(c.table.sources) == 0 {
		select {
		case e := <-events:
			c.handle(e)
		case <-time.After(30 * time.Second):
			t.Fatal("no beacon is heard")
		}
	}
	// With its session all of a connection is lost, though it stands.
	c.handle(event{client: cl, source: "x", lost: fmt.Errorf("receive: %w", &amqp.SessionError{})})
	if c.client != nil || c.redial.IsZero() {
		t.Errorf("after the session has ended: %+v", c)
	}
}
