package interop

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/router/routertest"
)

// view is what a collector at one router knows.
type view struct {
	mu   sync.Mutex
	last network.Status
}

func (v *view) publish(s network.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = s
}

// text is each site with its links and who uses the service "shop" there.
func (v *view) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for _, s := range v.last.SiteRecords() {
		text := s.ID + " " + s.Name
		for _, l := range s.Links {
			text += fmt.Sprintf(" %s>%s:%v", l.Name, l.RemoteSiteName, l.Operational)
		}
		for _, k := range s.Services {
			text += fmt.Sprintf(" %s%v%v", k.RoutingKey, k.Listeners, k.Connectors)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// collect watches the network through n until the test ends.
func collect(t *testing.T, n *routertest.Node) *view {
	t.Helper()
	v := &view{}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		network.Collect(ctx, network.Options{Publish: v.publish, Log: zerolog.Nop(), Router: func(context.Context) (manage.Options, error) {
			return manage.Options{URL: n.URL()}, nil
		}})
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return v
}

// TestNetworkView: a collector sees the records of both makes of routers through either.
func TestNetworkView(t *testing.T) {
	m, real, ours := mesh(t)
	if p, ok := real.(routertest.Program); ok {
		p.Env = append(p.Env, "SKUPPER_SITE_ID=real-id")
		real = p
	}
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	a.Config.Sites = []config.Site{{Name: "real", Platform: "linux"}}
	b.Config.Sites = []config.Site{{Name: "ours", Platform: "linux"}}
	b.Config.Router.Metadata = `{"id":"ours-id"}`
	for _, n := range []*routertest.Node{a, b} {
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
	}
	m.Link("OURS", "REAL")
	m.Link("REAL", "OURS")
	m.Start()
	echo := routertest.Echo(t)
	a.Connect("server", "shop", echo.Port)
	b.Connect("server", "other", echo.Port)
	b.Listen("client", "shop")
	a.Listen("client", "other")
	want := "ours-id ours OURS-REAL>real:true other[][127.0.0.1] shop[client][]; real-id real REAL-OURS>ours:true other[client][] shop[][127.0.0.1]"
	views := map[string]*view{"real": collect(t, a), "ours": collect(t, b)}
	for at, v := range views {
		routertest.Eventually(t, 40*time.Second, func(context.Context) error {
			if got := v.text(); got != want {
				return fmt.Errorf("at %s the network is %s, want %s", at, got, want)
			}
			return nil
		})
	}
	b.Stop() // it tells that it is over: nobody has to wait until it has been silent for long
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		if got := views["real"].text(); got != "real-id real other[client][] shop[][127.0.0.1]" {
			return fmt.Errorf("the network is %s", got)
		}
		return nil
	})
}

// TestEdgeNetworkView: records of edge routers of both makes reach a collector anywhere, and a collector at an edge router gets those of all.
func TestEdgeNetworkView(t *testing.T) {
	m, real, ours := mesh(t)
	p, ok := real.(routertest.Program)
	if !ok {
		t.Fatal("real is no program")
	}
	of := func(id string) routertest.Runner {
		q := p
		q.Env = append([]string{"SKUPPER_SITE_ID=" + id}, p.Env...)
		return q
	}
	nodes := []*routertest.Node{m.Add("A", of("a")), m.Add("B", ours), m.AddEdge("C", of("c")), m.AddEdge("D", ours)}
	for _, n := range nodes {
		id := strings.ToLower(n.ID)
		n.Config.Sites = []config.Site{{Name: id, Platform: "linux"}}
		n.Config.Router.Metadata = fmt.Sprintf(`{"id":%q}`, id)
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
	}
	m.Link("B", "A")
	m.Link("C", "B")
	m.Link("D", "A")
	m.Start()
	echo := routertest.Echo(t)
	m.Node("C").Connect("server", "shop", echo.Port)
	m.Node("D").Listen("client", "shop")
	want := "a a shop[][]; b b B-A>a:true shop[][]; c c C-B>b:true shop[][127.0.0.1]; d d D-A>a:true shop[client][]"
	views := map[string]*view{}
	for _, n := range nodes {
		views[n.ID] = collect(t, n)
	}
	for at, v := range views {
		routertest.Eventually(t, 60*time.Second, func(context.Context) error {
			if got := strings.ReplaceAll(v.text(), " shop[][]", ""); got != strings.ReplaceAll(want, " shop[][]", "") {
				return fmt.Errorf("at %s the network is %s, want %s", at, got, want)
			}
			return nil
		})
	}
}
