package router_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// tunnel is an HTTP proxy that wants a user and password.
func tunnel(t *testing.T, user, password string, used *atomic.Int64) *routertest.Service {
	t.Helper()
	return routertest.Serve(t, func(c *net.TCPConn) {
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization")) // so that it is parsed
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password || r.Method != http.MethodConnect {
			_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
			return
		}
		out, err := net.Dial("tcp", r.Host)
		if err != nil {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		used.Add(1)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nVia: 1.1 test\r\n\r\n")
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(out, in)
			_ = out.Close()
		}()
		_, _ = io.Copy(c, out)
		_ = c.Close()
		<-done
	})
}

// status waits until a connector has a status and a message.
func status(t *testing.T, n *routertest.Node, connector, want, msg string) {
	t.Helper()
	routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error {
		return n.Manage(ctx, func(c *manage.Client) error {
			r, err := c.Read(ctx, "connector", connector)
			if err == nil && (r["connectionStatus"] != want || !strings.Contains(fmt.Sprint(r["connectionMsg"]), msg)) {
				err = fmt.Errorf("connector is %v: %v, want %s: %s", r["connectionStatus"], r["connectionMsg"], want, msg)
			}
			return err
		})
	})
}

// TestProxyProfile links routers through an HTTP proxy whose password is in a file, and changes.
func TestProxyProfile(t *testing.T) {
	for _, edge := range []bool{false, true} {
		t.Run(fmt.Sprint("edge=", edge), func(t *testing.T) {
			var used atomic.Int64
			proxy := tunnel(t, "me", "right:one", &used)
			file := filepath.Join(t.TempDir(), "password.txt")
			write := func(text string) {
				t.Helper()
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("wrong")
			m := routertest.New(t)
			b := m.Add("B", routertest.Engine{})
			add := m.Add
			if edge {
				add = m.AddEdge
			}
			a := add("A", routertest.Engine{})
			m.Link("A", "B").ProxyProfile = "proxy"
			a.Config.ProxyProfiles = []config.ProxyProfile{{Name: "proxy", Host: "127.0.0.1", Port: proxy.Port, Username: "me", Password: "file:" + file}}
			a.Start()
			b.Start()
			status(t, a, "A-B", "FAILED", "does not accept the user name and password")
			write("right:one\n")
			m.AwaitAll()
			status(t, a, "A-B", "SUCCESS", "")
			if used.Load() == 0 {
				t.Error("the proxy was not used")
			}
			b.Connect("out", "svc", routertest.BulkServer(t).Port)
			addr := a.Listen("in", "svc")
			a.AwaitListener("in", true)
			if err := routertest.Bulk(t.Context(), addr, 3<<20, 3<<20); err != nil {
				t.Error(err)
			}
			// Another proxy counts from the next connection on.
			var other atomic.Int64
			second := tunnel(t, "me", "two", &other)
			a.Must(func(ctx context.Context, c *manage.Client) error {
				return c.Update(ctx, "proxyProfile", "proxy", map[string]any{"port": second.Port, "password": "pass:two"})
			})
			proxy.Close()
			m.AwaitAll()
			routertest.Eventually(t, 15*time.Second, func(ctx context.Context) error { return routertest.Bulk(ctx, addr, 1000, 1000) })
			if other.Load() == 0 {
				t.Error("the other proxy was not used")
			}
			second.Close()
			status(t, a, "A-B", "FAILED", "proxy: dial tcp 127.0.0.1:"+second.Port)
		})
	}
}
