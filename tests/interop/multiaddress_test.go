package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestMultiAddress has a listener with several addresses at a router of one make, and the servers of those behind one of the other.
func TestMultiAddress(t *testing.T) {
	for _, oursListens := range []bool{true, false} {
		for _, strategy := range []string{"priority", "weighted"} {
			t.Run(fmt.Sprintf("%s, ours listens=%t", strategy, oursListens), func(t *testing.T) {
				m, real, ours := mesh(t)
				r, o := m.Add("REAL", real), m.Add("OURS", ours)
				m.Link("OURS", "REAL")
				m.Start()
				in, out := r, o
				if oursListens {
					in, out = o, r
				}
				port := m.Port()
				for _, e := range []struct {
					kind, name string
					attrs      map[string]any
				}{
					{"tcpListener", "in", map[string]any{"host": "127.0.0.1", "port": port, "multiAddressStrategy": strategy}},
					{"listenerAddress", "low", map[string]any{"listener": "in", "address": "low", "value": 1}},
					{"listenerAddress", "high", map[string]any{"listener": "in", "address": "high", "value": 3}},
				} {
					in.Must(func(ctx context.Context, c *manage.Client) error { return c.Create(ctx, e.kind, e.name, e.attrs) })
				}
				serve := func(name string) {
					s := routertest.Serve(t, func(c *net.TCPConn) {
						// Who speaks first, or last, may not be heard behind real routers: TestFirstWords, TestLastWords.
						if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
							return
						}
						_, _ = c.Write([]byte(name))
						_, _ = io.Copy(io.Discard, c)
					})
					out.Connect(name, name, s.Port)
				}
				use := func(ctx context.Context) (name string, err error) {
					c, done, err := routertest.Dial(ctx, net.JoinHostPort("127.0.0.1", port))
					if err != nil {
						return "", err
					}
					defer done()
					_ = c.SetDeadline(time.Now().Add(20 * time.Second))
					if _, err := c.Write([]byte("?")); err != nil {
						return "", err
					}
					b := make([]byte, 8)
					n, err := c.Read(b)
					if err != nil {
						return "", err
					}
					_ = c.CloseWrite()
					rest, err := io.ReadAll(c)
					return string(b[:n]) + string(rest), err
				}
				// settles waits until a flow gets there.
				settles := func(where string) {
					t.Helper()
					routertest.Eventually(t, time.Minute, func(ctx context.Context) error {
						if name, err := use(ctx); name != where {
							return fmt.Errorf("a flow gets to %q, want %s; %v", name, where, err)
						}
						return nil
					})
				}
				counts := func(n int) map[string]int {
					t.Helper()
					all := map[string]int{}
					for range n {
						name, err := use(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						all[name]++
					}
					return all
				}
				serve("low")
				in.AwaitListener("in", true)
				settles("low")
				if got := counts(10); got["low"] != 10 {
					t.Errorf("while the better address cannot be reached flows get to %v", got)
				}
				serve("high")
				settles("high")
				got := counts(60)
				switch {
				case strategy == "priority" && got["high"] != 60:
					t.Errorf("flows get to %v, want all at the better address", got)
				case strategy == "weighted" && (got["low"] < 1 || got["high"] < 25): // 15 and 45 on average
					t.Errorf("flows get to %v, want one of four at the lesser address", got)
				}
				t.Logf("flows get to %v", got)
				out.Delete("tcpConnector", "high")
				settles("low")
				out.Delete("tcpConnector", "low")
				in.AwaitListener("in", false)
			})
		}
	}
}
