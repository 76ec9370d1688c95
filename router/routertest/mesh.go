package routertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

// Mesh is a network of routers that ends with its test.
type Mesh struct {
	tb  testing.TB
	dir string
	ca  *authority

	mu   sync.Mutex
	port int // the next to be given out; divisible by block: there is none

	nodes []*Node
	links map[string]int // connectors made so far, by "from-to"
}

// New is a mesh without routers.
func New(tb testing.TB) *Mesh {
	tb.Helper()
	dir := tb.TempDir()
	ca, err := newAuthority(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return &Mesh{tb: tb, dir: dir, ca: ca, links: map[string]int{}}
}

// Dir is a directory of the mesh; it holds the certificates and, for programs, the configurations.
func (m *Mesh) Dir() string { return m.dir }

// NewAuthority replaces the file of the authority that all routers trust. Their certificates are of the former one until they are issued again.
func (m *Mesh) NewAuthority() {
	m.tb.Helper()
	ca, err := newAuthority(m.dir)
	if err != nil {
		m.tb.Fatal(err)
	}
	m.ca = ca
}

// Node finds a router by its id.
func (m *Mesh) Node(id string) *Node {
	m.tb.Helper()
	for _, n := range m.nodes {
		if n.ID == id {
			return n
		}
	}
	m.tb.Fatalf("there is no router %q in the mesh", id)
	return nil
}

// Add declares an interior router with a listener for clients and, with TLS, one each for interior and for edge routers. Its configuration may be
// changed until it starts.
func (m *Mesh) Add(id string, run Runner) *Node {
	m.tb.Helper()
	n := m.add(id, run)
	for role, port := range map[string]string{config.RoleInterRouter: n.inter, config.RoleEdge: n.edge} {
		n.Config.Listeners = append(n.Config.Listeners, config.Listener{
			Name: role, Role: role, Host: loopback, Port: port, SSLProfile: "mesh", AuthenticatePeer: true, SASLMechanisms: "EXTERNAL",
		})
	}
	return n
}

// AddEdge declares an edge router. It needs at least one link to an interior one.
func (m *Mesh) AddEdge(id string, run Runner) *Node {
	m.tb.Helper()
	n := m.add(id, run)
	n.Config.Router.Mode = config.ModeEdge
	return n
}

func (m *Mesh) add(id string, run Runner) *Node {
	m.tb.Helper()
	profile, err := m.ca.issue(id)
	if err != nil {
		m.tb.Fatal(err)
	}
	n := &Node{ID: id, mesh: m, runner: run, amqp: m.Port(), inter: m.Port(), edge: m.Port(), log: &tail{}}
	n.Config = &config.Config{
		Router:      config.Router{ID: id, Mode: config.ModeInterior, HelloMaxAgeSeconds: 3},
		SSLProfiles: []config.SSLProfile{profile},
		Listeners: []config.Listener{
			{Name: "amqp", Host: loopback, Port: n.amqp},
		},
	}
	m.nodes = append(m.nodes, n)
	m.tb.Cleanup(n.end)
	return n
}

// Link declares that from, which may be an edge router, dials to. It returns the connector, which may be changed until from starts or has another link.
func (m *Mesh) Link(from, to string) *config.Connector {
	m.tb.Helper()
	f, t := m.Node(from), m.Node(to)
	name := from + "-" + to
	m.links[name]++
	if k := m.links[name]; k > 1 {
		name = fmt.Sprintf("%s-%d", name, k)
	}
	role, port := config.RoleInterRouter, t.inter
	if f.isEdge() {
		role, port = config.RoleEdge, t.edge
	}
	f.Config.Connectors = append(f.Config.Connectors, config.Connector{
		Name: name, Role: role, Host: loopback, Port: port, SSLProfile: "mesh", SASLMechanisms: "EXTERNAL",
	})
	return &f.Config.Connectors[len(f.Config.Connectors)-1]
}

// Cable is like Link, with a cable between that can be cut.
func (m *Mesh) Cable(from, to string) *Cable {
	m.tb.Helper()
	k := m.Link(from, to)
	port := m.Port()
	c, err := newCable(port, net.JoinHostPort(loopback, k.Port))
	if err != nil {
		m.tb.Fatal(err)
	}
	k.Port = port
	m.tb.Cleanup(c.close)
	return c
}

// Start runs every router that is not running and waits until all know all.
func (m *Mesh) Start() {
	m.tb.Helper()
	for _, n := range m.nodes {
		if n.running == nil {
			n.Start()
		}
	}
	m.AwaitAll()
}

// AwaitAll waits until every running interior router can reach exactly the running ones, and every edge router has one of them.
func (m *Mesh) AwaitAll() {
	m.tb.Helper()
	var ids []string
	for _, n := range m.nodes {
		if n.running != nil && !n.isEdge() {
			ids = append(ids, n.ID)
		}
	}
	slices.Sort(ids)
	for _, n := range m.nodes {
		if n.running == nil {
			continue
		}
		Eventually(m.tb, 20*time.Second, func(ctx context.Context) error {
			if n.isEdge() {
				_, err := n.Uplink(ctx)
				return err
			}
			got, err := n.Reachable(ctx)
			if err == nil && !slices.Equal(got, ids) {
				err = fmt.Errorf("%s reaches %s, want %s", n.ID, strings.Join(got, " "), strings.Join(ids, " "))
			}
			return err
		})
	}
}

// Eventually calls f until it succeeds; after d the test fails with the last error, and at once if that is a router that ended by itself.
func Eventually(tb testing.TB, d time.Duration, f func(ctx context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), d)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		if errors.Is(err, errEnded) {
			tb.Fatal(err)
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("not within %v: %v", d, err)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Issue makes a certificate of the mesh for somebody who is none of its routers, and the profile that names its files.
func (m *Mesh) Issue(name string) config.SSLProfile {
	m.tb.Helper()
	p, err := m.ca.issue(name)
	if err != nil {
		m.tb.Fatal(err)
	}
	return p
}
