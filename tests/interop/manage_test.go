package interop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// row finds the row of a query whose attribute has a value.
func row(n *routertest.Node, entityType, attribute string, value any) (found map[string]any) {
	n.Must(func(ctx context.Context, c *manage.Client) error {
		rows, err := c.Query(ctx, entityType)
		for _, r := range rows {
			if r[attribute] == value {
				found = r
			}
		}
		return err
	})
	return found
}

// TestManagement has either router tell of the other, and compares how they do it.
func TestManagement(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	m.Link("OURS", "REAL")
	a.Config.Connectors = append(a.Config.Connectors, config.Connector{Name: "vain", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: m.Port()})
	m.Start()
	s := routertest.BulkServer(t)
	for _, n := range []*routertest.Node{a, b} {
		n.Connect("out", "at-"+n.ID, s.Port)
		n.Listen("in", "nowhere")
	}
	for _, pair := range [][2]*routertest.Node{{a, b}, {b, a}} {
		n, o := pair[0], pair[1]
		t.Run(n.ID, func(t *testing.T) {
			addr := n.Listen("to-other", "at-"+o.ID)
			n.AwaitListener("to-other", true)
			if err := routertest.Bulk(t.Context(), addr, 1000, 1000); err != nil {
				t.Error(err)
			}
			node := row(n, "router.node", "id", o.ID)
			if node["cost"] != int64(1) || node["nextHop"] != nil || fmt.Sprint(node["linkState"]) != "["+n.ID+"]" {
				t.Errorf("node %s is %v", o.ID, node)
			}
			if addr := row(n, "router.address", "key", "Mat-"+o.ID); fmt.Sprint(addr["remoteHostRouters"]) != "["+o.ID+"]" || addr["remoteCount"] != int64(1) {
				t.Errorf("address of %s is %v", o.ID, addr)
			}
			if c := row(n, "connection", "container", o.ID); c["isEncrypted"] != true || c["sasl"] != "EXTERNAL" || !strings.HasPrefix(fmt.Sprint(c["role"]), "inter-router") {
				t.Errorf("connection with %s is %v", o.ID, c)
			}
			if l := row(n, "tcpListener", "name", "in"); l["operStatus"] != "down" {
				t.Errorf("listener for nobody is %v", l)
			}
			roles := map[any]int{}
			n.Must(func(ctx context.Context, c *manage.Client) error {
				rows, err := c.Query(ctx, "connection")
				for _, r := range rows {
					if r["container"] == o.ID {
						roles[r["role"]]++
					}
				}
				return err
			})
			if roles["inter-router"] != 1 || roles["inter-router-data"] == 0 {
				t.Errorf("connections by role: %v", roles)
			}
		})
	}
	for _, typ := range config.Types() {
		t.Run(typ.Name, func(t *testing.T) { sameShape(t, typ.Name, shape(a, typ.Name), shape(b, typ.Name)) })
	}
}

// shape is the attributes of an entity type with the types of their values in the rows that have any.
func shape(n *routertest.Node, entityType string) map[string][]string {
	s := map[string][]string{}
	n.Must(func(ctx context.Context, c *manage.Client) error {
		rows, err := c.Query(ctx, entityType)
		for _, r := range rows {
			for k, v := range r {
				if s[k] == nil {
					s[k] = []string{}
				}
				if name := fmt.Sprintf("%T", v); v != nil && !slices.Contains(s[k], name) {
					s[k] = append(s[k], name)
				}
			}
		}
		return err
	})
	return s
}

// onlyReal are attributes that routers of ours leave empty: what they do not do, and columns without a name.
var onlyReal = []string{"log.outputFile", "log.includeTimestamp", "log.includeSource", "routerMetrics."}

func sameShape(t *testing.T, entityType string, real, ours map[string][]string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(real)), slices.Sorted(maps.Keys(ours)); !slices.Equal(a, b) {
		t.Errorf("%s has attributes\n%v, ours\n%v", entityType, a, b)
	}
	for k, v := range real {
		slices.Sort(v)
		slices.Sort(ours[k])
		if len(v) > 0 && len(ours[k]) > 0 && !slices.Equal(v, ours[k]) {
			t.Errorf("%s.%s is of type %v, ours %v", entityType, k, v, ours[k])
		}
		if name := entityType + "." + k; len(v) > 0 && len(ours[k]) == 0 && !slices.Contains(onlyReal, name) {
			t.Errorf("%s has a value with a real router only", name)
		}
	}
}

// TestChanges has our client change either router, link them and part them.
func TestChanges(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	a.Start()
	b.Start()
	s := routertest.BulkServer(t)
	for _, pair := range [][2]*routertest.Node{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		t.Run(from.ID, func(t *testing.T) {
			port := m.Port()
			p := to.Config.SSLProfiles[0]
			files := map[string]any{"caCertFile": p.CACertFile, "certFile": p.CertFile, "privateKeyFile": p.PrivateKeyFile}
			routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error {
				return to.Manage(ctx, func(c *manage.Client) error { return c.Create(ctx, "sslProfile", "files", files) })
			})
			to.Must(func(ctx context.Context, c *manage.Client) error {
				return c.Create(ctx, "listener", "more", map[string]any{"role": "inter-router", "host": "127.0.0.1", "port": port, "sslProfile": "files", "authenticatePeer": true, "saslMechanisms": "EXTERNAL"})
			})
			routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error {
				return from.Manage(ctx, func(c *manage.Client) error {
					return c.Create(ctx, "connector", "more", map[string]any{"role": "inter-router", "host": "127.0.0.1", "port": port, "sslProfile": "mesh", "cost": 3})
				})
			})
			m.AwaitAll()
			if n := row(from, "router.node", "id", to.ID); n["cost"] != int64(3) {
				t.Errorf("the cost is %v, want 3", n["cost"])
			}
			to.Connect("svc", "svc", s.Port)
			addr := from.Listen("svc", "svc")
			from.AwaitListener("svc", true)
			if err := routertest.Bulk(t.Context(), addr, 1<<20, 1<<20); err != nil {
				t.Error(err)
			}
			for _, n := range []*routertest.Node{from, to} {
				n.Must(func(ctx context.Context, c *manage.Client) error {
					live, err := c.Config(ctx)
					if err != nil {
						return err
					}
					if err := live.Check(); err != nil {
						t.Errorf("what %s says of itself: %v", n.ID, err)
					}
					return nil
				})
			}
			for _, n := range []*routertest.Node{from, to} { // names are unique across types
				var refused *manage.StatusError
				err := n.Manage(t.Context(), func(c *manage.Client) error {
					return c.Create(t.Context(), "tcpConnector", "mesh", map[string]any{"host": "127.0.0.1", "port": "1", "address": "x"})
				})
				if !errors.As(err, &refused) || refused.Code != 400 || !strings.Contains(refused.Description, "duplicates unique attribute 'name'") {
					t.Errorf("%s, asked for a second %q, says %v", n.ID, "mesh", err)
				}
			}
			from.Delete("connector", "more")
			from.AwaitListener("svc", false)
			from.Delete("tcpListener", "svc")
			to.Delete("tcpConnector", "svc")
			to.Delete("listener", "more")
			to.Delete("sslProfile", "files")
		})
	}
}
