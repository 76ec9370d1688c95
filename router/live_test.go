package router_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

func random(t *testing.T, n int) int {
	t.Helper()
	return rand.IntN(n) // the test says what came of it
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "${HOSTNAME}", "a|b"} {
		if _, err := router.New(&config.Config{Router: config.Router{ID: id, Mode: config.ModeInterior}}, router.Options{}); err == nil {
			t.Errorf("a router with id %q was made", id)
		}
	}
}

// TestListenerFollowsAddress opens and closes the socket with the address.
func TestListenerFollowsAddress(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	m.Start()
	s := routertest.BulkServer(t)
	addr := a.Listen("l", "svc")
	for range 3 {
		a.AwaitListener("l", false)
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			t.Error("the listener accepts though nobody would serve")
		}
		b.Connect("k", "svc", s.Port)
		a.AwaitListener("l", true)
		if err := routertest.Bulk(t.Context(), addr, 100, 100); err != nil {
			t.Error(err)
		}
		b.Delete("tcpConnector", "k")
	}
}

// TestLiveChanges makes and deletes entities of every kind while a flow runs, which must not notice.
func TestLiveChanges(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	m.Start()
	s := routertest.BulkServer(t)
	b.Connect("k", "svc", s.Port)
	addr := a.Listen("l", "svc")
	a.AwaitListener("l", true)
	stop := make(chan struct{})
	var traffic sync.WaitGroup
	traffic.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				t.Logf("%d exchanges beside the changes", n)
				return
			default:
				if err := routertest.Bulk(t.Context(), addr, 3<<20, 3<<20); err != nil {
					t.Errorf("exchange %d: %v", n, err)
					return
				}
			}
		}
	})
	defer traffic.Wait()
	defer close(stop)
	profile := a.Config.SSLProfiles[0]
	for i := range 3 {
		p, q := m.Port(), m.Port()
		create := func(n *routertest.Node, entityType, name string, attrs map[string]any) {
			t.Helper()
			n.Must(func(ctx context.Context, c *manage.Client) error { return c.Create(ctx, entityType, name, attrs) })
		}
		create(b, "sslProfile", "p", map[string]any{"caCertFile": profile.CACertFile, "certFile": profile.CertFile, "privateKeyFile": profile.PrivateKeyFile})
		create(a, "sslProfile", "p", map[string]any{"caCertFile": profile.CACertFile, "certFile": profile.CertFile, "privateKeyFile": profile.PrivateKeyFile})
		create(b, "listener", "extra", map[string]any{"role": "inter-router", "host": "127.0.0.1", "port": p, "sslProfile": "p", "authenticatePeer": true, "saslMechanisms": "EXTERNAL"})
		create(a, "connector", "extra", map[string]any{"role": "inter-router", "host": "127.0.0.1", "port": p, "sslProfile": "p", "cost": 5})
		create(b, "tcpConnector", "k2", map[string]any{"host": "127.0.0.1", "port": s.Port, "address": "svc2"})
		create(a, "tcpListener", "l2", map[string]any{"host": "127.0.0.1", "port": q, "address": "svc2"})
		a.AwaitListener("l2", true)
		if err := routertest.Bulk(t.Context(), net.JoinHostPort("127.0.0.1", q), 100_000, 100_000); err != nil {
			t.Errorf("round %d: %v", i, err)
		}
		routertest.Eventually(t, 5*time.Second, func(ctx context.Context) error {
			return a.Manage(ctx, func(c *manage.Client) error {
				r, err := c.Read(ctx, "connector", "extra")
				if err == nil && r["connectionStatus"] != "SUCCESS" {
					err = fmt.Errorf("connector is %v: %v", r["connectionStatus"], r["connectionMsg"])
				}
				return err
			})
		})
		a.Delete("connector", "extra")
		b.Delete("listener", "extra")
		a.Delete("tcpListener", "l2")
		b.Delete("tcpConnector", "k2")
		a.Delete("sslProfile", "p")
		b.Delete("sslProfile", "p")
	}
}

// TestDeleteDrops ends the connections of what is deleted, as dropTcpConnections says.
func TestDeleteDrops(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{true, false} {
		t.Run(fmt.Sprint(drop), func(t *testing.T) {
			t.Parallel()
			m := routertest.New(t)
			a := m.Add("A", routertest.Engine{})
			a.Config.Router.DropTCPConnections = &drop
			m.Start()
			echo := routertest.Echo(t)
			for i, entity := range []string{"tcpListener", "tcpConnector"} {
				name := fmt.Sprint("x", i)
				a.Connect(name+"k", name, echo.Port)
				addr := a.Listen(name+"l", name)
				a.AwaitListener(name+"l", true)
				c, done, err := routertest.Dial(t.Context(), addr)
				if err != nil {
					t.Fatal(err)
				}
				defer done()
				if err := ping(c); err != nil {
					t.Fatal(err)
				}
				a.Delete(entity, name+map[string]string{"tcpListener": "l", "tcpConnector": "k"}[entity])
				if drop {
					if took, err := routertest.AwaitEnd(c, 3*time.Second, false); err != nil {
						t.Errorf("%s deleted, after %v: %v", entity, took, err)
					}
				} else if err := ping(c); err != nil {
					t.Errorf("%s deleted: %v", entity, err)
				}
			}
		})
	}
}

func ping(c net.Conn) error {
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	defer c.SetDeadline(time.Time{}) // it fails on a closed socket only, and then nobody uses it again
	if _, err := c.Write([]byte("ping")); err != nil {
		return err
	}
	b := make([]byte, 4)
	for n := 0; n < len(b); {
		k, err := c.Read(b[n:])
		if err != nil {
			return err
		}
		n += k
	}
	if string(b) != "ping" {
		return fmt.Errorf("got %q", b)
	}
	return nil
}

// TestBalance spreads connections that stay open over two connectors, one here and one away.
func TestBalance(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b, c := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{}), m.Add("C", routertest.Engine{})
	m.Link("B", "A")
	m.Link("C", "A")
	m.Start()
	at := map[*routertest.Node]*routertest.Service{b: routertest.Echo(t), c: routertest.Echo(t)}
	for n, s := range at {
		n.Connect("k", "svc", s.Port)
	}
	addr := a.Listen("l", "svc")
	a.AwaitListener("l", true)
	awaitRemotes(t, a, "Msvc", 2)
	open(t, addr, 20)
	for n, s := range at {
		if got := s.Open(); got < 8 || got > 12 {
			t.Errorf("%s has %d of 20 connections", n.ID, got)
		}
	}
}

// TestCost prefers the nearer of two connectors as long as that has fewer connections than the other is farther.
func TestCost(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b, c := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{}), m.Add("C", routertest.Engine{})
	m.Link("B", "A").Cost = 1
	m.Link("C", "A").Cost = 11
	m.Start()
	near, far := routertest.Echo(t), routertest.Echo(t)
	b.Connect("k", "svc", near.Port)
	c.Connect("k", "svc", far.Port)
	addr := a.Listen("l", "svc")
	a.AwaitListener("l", true)
	awaitRemotes(t, a, "Msvc", 2)
	open(t, addr, 10)
	if near.Open() != 10 || far.Open() != 0 {
		t.Errorf("of 10 connections the nearer has %d, the farther %d", near.Open(), far.Open())
	}
	open(t, addr, 10)
	if near.Open() < 14 || far.Open() < 4 {
		t.Errorf("of 20 connections the nearer has %d, the farther %d", near.Open(), far.Open())
	}
}

// open makes n connections that stay.
func open(t *testing.T, addr string, n int) {
	t.Helper()
	for i := range n {
		c, done, err := routertest.Dial(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(done)
		if err := ping(c); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
}

func awaitRemotes(t *testing.T, n *routertest.Node, key string, want int64) {
	t.Helper()
	routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error {
		return n.Manage(ctx, func(c *manage.Client) error {
			all, err := c.Addresses(ctx)
			if err != nil {
				return err
			}
			for _, a := range all {
				if a.Key == key && a.Remotes == want {
					return nil
				}
			}
			return fmt.Errorf("%s has not %d remote destinations for %s", n.ID, want, key)
		})
	})
}
