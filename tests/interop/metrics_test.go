package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/routertest"
)

// ofPools reports that a name is of how a real router manages memory, by its types of C: another make has nothing to say of that.
func ofPools(name string) bool { return strings.Contains(name, ":") || name == "qdr_alloc_pool_bytes" }

// TestMetrics compares /metrics name by name, and what kind of measure each is: whoever has a dashboard for the one can use it for the other.
func TestMetrics(t *testing.T) {
	m, real, ours := mesh(t)
	measures := func(n *routertest.Node, port string) map[string]string {
		t.Helper()
		types := map[string]string{}
		routertest.Eventually(t, 30*time.Second, func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port)+"/metrics", nil)
			if err != nil {
				return err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s, %w", n.ID, res.Status, err)
			}
			for line := range strings.Lines(string(b)) {
				if f := strings.Fields(line); len(f) == 4 && f[1] == "TYPE" {
					types[f[2]] = f[3]
				}
			}
			return nil
		})
		return types
	}
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	ports := map[*routertest.Node]string{a: m.Port(), b: m.Port()}
	for n, port := range ports {
		n.Config.Listeners = append(n.Config.Listeners, config.Listener{Name: "@" + port, Role: "normal", Host: "127.0.0.1", Port: port, HTTP: true, HTTPRootDir: "disabled"})
	}
	m.Link("OURS", "REAL")
	m.Start()
	defer http.DefaultClient.CloseIdleConnections()
	want, got := measures(a, ports[a]), measures(b, ports[b])
	if len(want) == 0 {
		t.Fatal("the real router measures nothing")
	}
	for name, kind := range want {
		if got[name] != kind && !ofPools(name) {
			t.Errorf("%s is of type %q, want %s", name, got[name], kind)
		}
	}
	t.Logf("%d names of the real router, %d of ours", len(want), len(got))
}
