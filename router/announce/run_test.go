package announce

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestMain lets the test's program be a router that can be killed.
func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// makes are the routers to test with.
func makes(m *routertest.Mesh) map[string]routertest.Runner {
	out := map[string]routertest.Runner{"engine": routertest.Self(m.Dir())}
	if path := os.Getenv("SKROUTERD"); path != "" {
		out["skrouterd"] = routertest.Program{Path: path, Dir: m.Dir()}
	}
	return out
}

// run runs f in the background until the test ends.
func run(t *testing.T, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { f(ctx) })
	t.Cleanup(func() { cancel(); done.Wait() })
}

// TestRun tells one router of a site, hears of it at another, and goes on when its router was killed.
func TestRun(t *testing.T) {
	for name := range makes(routertest.New(t)) {
		t.Run(name, func(t *testing.T) {
			m := routertest.New(t)
			runner := makes(m)[name]
			near, far := m.Add("near", runner), m.Add("far", runner)
			near.Config.Router.Metadata = `{"id":"site-1"}`
			m.Link("near", "far")
			m.Start()
			near.Connect("db", "db", "5432")
			log := zerolog.New(zerolog.NewTestWriter(t))
			at := func(n *routertest.Node) func(context.Context) (manage.Options, error) {
				return func(context.Context) (manage.Options, error) { return manage.Options{URL: n.URL()}, nil }
			}
			processes := make(chan []Process)
			site := Site{ID: "site-1", Name: "west", Namespace: "ns", Platform: "kubernetes", Provider: "kubernetes", Version: "1.2", Started: time.Now()}
			run(t, func(ctx context.Context) {
				Run(ctx, Options{Site: site, Processes: processes, Router: at(near), Log: log})
			})
			var mu sync.Mutex
			var last network.Status
			run(t, func(ctx context.Context) {
				network.Collect(ctx, network.Options{Router: at(far), Log: log, Publish: func(s network.Status) {
					mu.Lock()
					defer mu.Unlock()
					last = s
				}})
			})
			await := func(target string) {
				t.Helper()
				routertest.Eventually(t, 25*time.Second, func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					want := network.SiteInfo{ID: "site-1", Name: "west", Namespace: "ns", Platform: "kubernetes", Version: "1.2"}
					if len(last.Sites) != 1 || !reflect.DeepEqual(last.Sites[0].Info, want) {
						return fmt.Errorf("sites are %+v", last.Sites)
					}
					var found []network.Connector
					for _, r := range last.Sites[0].Routers {
						found = append(found, r.Connectors...)
					}
					if len(found) == 0 || slices.ContainsFunc(found, func(c network.Connector) bool { return c.Target != target }) {
						return fmt.Errorf("connectors are %+v, want the target %q", found, target)
					}
					return nil
				})
			}
			await("")
			pod := Process{ID: "uid-1", Name: "db-0", SourceHost: "127.0.0.1", Started: time.Now()}
			processes <- []Process{pod}
			await("db-0")
			processes <- nil
			await("")
			near.Kill()
			pod.Name = "db-1" // to be told once there is a router again
			processes <- []Process{pod}
			m.Start()
			near.Connect("db", "db", "5432")
			await("db-1")
		})
	}
}

// TestNoRouter ends though nobody ever answered, and takes processes meanwhile.
func TestNoRouter(t *testing.T) {
	processes := make(chan []Process)
	run(t, func(ctx context.Context) {
		Run(ctx, Options{Site: Site{ID: "s"}, Processes: processes, Log: zerolog.Nop(), Router: func(context.Context) (manage.Options, error) {
			return manage.Options{URL: "amqp://127.0.0.1:1"}, nil
		}})
	})
	for range 3 {
		select {
		case processes <- nil:
		case <-time.After(20 * time.Second):
			t.Fatal("processes are not taken")
		}
	}
}
