package interop

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// proxyCase is who dials whom through an HTTP proxy, and what the dialling router has to say to that.
type proxyCase struct{ ours, edge, known bool }

// name says it in words.
func (p proxyCase) name() string {
	who, what, how := "real", "interior", "without a password"
	if p.ours {
		who = "ours"
	}
	if p.edge {
		what = "edge"
	}
	if p.known {
		how = "with a password"
	}
	return fmt.Sprintf("%s dials as %s router %s", who, what, how)
}

// TestProxyProfile has a router of either make dial the other one through an HTTP proxy that takes it only after a while, and then through another proxy.
func TestProxyProfile(t *testing.T) {
	for k := range 8 {
		p := proxyCase{ours: k&1 == 0, edge: k&2 != 0, known: k&4 != 0}
		t.Run(p.name(), func(t *testing.T) { throughProxy(t, p) })
	}
}

func throughProxy(t *testing.T, p proxyCase) {
	m, real, ours := mesh(t)
	from, to := real, ours
	if p.ours {
		from, to = ours, real
	}
	b, add := m.Add("FAR", to), m.Add
	if p.edge {
		add = m.AddEdge
	}
	a := add("NEAR", from)
	link := m.Link(a.ID, b.ID)
	link.ProxyProfile = "proxy"
	place := net.JoinHostPort("127.0.0.1", link.Port)

	nobody := func(string, string, bool) bool { return false }
	knows := func(password string) func(string, string, bool) bool {
		return func(u, pw string, given bool) bool {
			if !p.known { // then nothing at all may be said of users
				return !given
			}
			return u == "me" && pw == password
		}
	}
	first := newHTTPProxy(t, nobody)
	profile := config.ProxyProfile{Name: "proxy", Host: "127.0.0.1", Port: first.Port}
	change := map[string]any{}
	if p.known {
		file := filepath.Join(t.TempDir(), "password.txt")
		if err := os.WriteFile(file, []byte("right:one\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		profile.Username, profile.Password = "me", "file:"+file
		change["password"] = "pass:two"
	}
	a.Config.ProxyProfiles = []config.ProxyProfile{profile}
	b.Start()
	a.Start()
	refusal(t, a, first, p)
	first.admit(knows("right:one"))
	m.AwaitAll()

	b.Connect("out", "at-far", routertest.BulkServer(t).Port)
	a.Connect("out", "at-near", routertest.BulkServer(t).Port)
	there, back := a.Listen("in", "at-far"), b.Listen("in", "at-near")
	a.AwaitListener("in", true)
	b.AwaitListener("in", true)
	flows := func(proxy *httpProxy) {
		t.Helper()
		const size = 1 << 20
		before := proxy.octets.Load()
		for _, addr := range []string{there, back} {
			routertest.Eventually(t, time.Minute, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, size, size) })
		}
		if n := proxy.octets.Load() - before; n < 4*size {
			t.Errorf("%d octets went through the proxy, want at least %d: the flows take another way", n, 4*size)
		}
		tunnels, elsewhere, refused := proxy.counts(place)
		if tunnels == 0 || elsewhere > 0 {
			t.Errorf("the proxy made %d connections to %s and %d to others", tunnels, place, elsewhere)
		}
		t.Logf("tunnels: %d, refusals: %d", tunnels, refused)
	}
	flows(first)

	// Another proxy, with another password, is used from the next connection on.
	second := newHTTPProxy(t, knows("two"))
	change["port"] = second.Port
	a.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Update(ctx, "proxyProfile", "proxy", change)
	})
	first.Close()
	routertest.Eventually(t, time.Minute, func(context.Context) error {
		if n, _, _ := second.counts(place); n == 0 {
			return fmt.Errorf("the other proxy is not used")
		}
		return nil
	})
	m.AwaitAll()
	a.AwaitListener("in", true)
	b.AwaitListener("in", true)
	flows(second)
	if _, _, refused := second.counts(place); refused > 0 {
		t.Errorf("the other proxy had to refuse %d times", refused)
	}
}

// refusal waits until a proxy has refused a router, and the router has said so.
func refusal(t *testing.T, n *routertest.Node, proxy *httpProxy, p proxyCase) {
	t.Helper()
	// A real router tells it in its log only; of the connector it says that it is still being made, with no message.
	says := "proxy request denied 407"
	switch {
	case p.ours && p.known:
		says = "it does not accept the user name and password"
	case p.ours:
		says = "it wants a user name and password"
	}
	routertest.Eventually(t, time.Minute, func(ctx context.Context) error {
		if _, _, refused := proxy.counts(""); refused == 0 {
			return fmt.Errorf("the proxy was not asked")
		}
		if !strings.Contains(n.Log(), says) {
			return fmt.Errorf("the log does not say %q", says)
		}
		return n.Manage(ctx, func(c *manage.Client) error {
			rows, err := c.Query(ctx, "connector")
			if err != nil {
				return err
			}
			for _, r := range rows {
				switch msg := fmt.Sprint(r["connectionMsg"]); {
				case r["connectionStatus"] == "SUCCESS":
					return fmt.Errorf("the connector is %v: %s", r["connectionStatus"], msg)
				case p.ours && (r["connectionStatus"] != "FAILED" || !strings.Contains(msg, says)):
					return fmt.Errorf("the connector is %v: %s, want FAILED: %s", r["connectionStatus"], msg, says)
				}
				t.Logf("while the proxy refuses the connector is %v: %v", r["connectionStatus"], r["connectionMsg"])
			}
			return nil
		})
	})
}
