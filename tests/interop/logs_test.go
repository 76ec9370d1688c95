package interop

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// Of records of log lines. Real routers tell the file and the line of their source, too.
const (
	typeLog                                          uint32 = 14
	attrID, attrStart                                uint32 = 1, 3
	attrSeverity, attrText, attrSourceFile, attrLine uint32 = 48, 49, 50, 51
)

// TestLogRecords: what goes wrong at a router of either make is told to whoever listens at the other one, as a record of the same kind.
func TestLogRecords(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	for _, n := range []*routertest.Node{a, b} {
		n.Config.Addresses = []config.Address{{Prefix: "mc", Distribution: "multicast"}}
	}
	m.Link("OURS", "REAL")
	m.Start()
	heard := map[string]*telemetry{"REAL": hearAll(t, a), "OURS": hearAll(t, b)}
	server := routertest.BulkServer(t)
	for _, n := range []*routertest.Node{a, b} {
		t.Run(n.ID, func(t *testing.T) {
			source := ""
			for at, h := range heard { // the way to whoever listens is known once it has told of itself
				r := h.await(t, "router "+n.ID+" at "+at, typeRouter, func(r map[uint32]any) bool { return strings.HasSuffix(fmt.Sprint(r[attrName]), n.ID) })
				source, _, _ = strings.Cut(fmt.Sprint(r[attrID]), ":")
			}
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = taken.Close() }()
			_, port, _ := net.SplitHostPort(taken.Addr().String())
			n.Connect("out", "taken-"+n.ID, server.Port)
			began := time.Now().Add(-time.Minute)
			n.Must(func(ctx context.Context, c *manage.Client) error {
				return c.Create(ctx, "tcpListener", "taken", map[string]any{"host": "127.0.0.1", "port": port, "address": "taken-" + n.ID})
			})
			for at, h := range heard {
				r := h.await(t, "log line of "+n.ID+" at "+at, typeLog, func(r map[uint32]any) bool {
					return strings.HasPrefix(fmt.Sprint(r[attrID]), source+":") && strings.Contains(fmt.Sprint(r[attrText]), port)
				})
				t.Logf("at %s: %v", at, r)
				text, _ := r[attrText].(string)
				severity, _ := r[attrSeverity].(uint64)
				start, _ := r[attrStart].(uint64)
				if r[attrParent] != source+":0" || !strings.HasPrefix(text, "LOG_") || severity < 2 || severity > 4 || r[attrEnd] != r[attrStart] || time.UnixMicro(int64(start)).Before(began) {
					t.Errorf("at %s the log line of %s is %v", at, n.ID, r)
				}
				for k := range r {
					switch k {
					case 0, attrID, attrParent, attrStart, attrEnd, attrSeverity, attrText:
					case attrSourceFile, attrLine:
						if n == b {
							t.Errorf("a line of ours has attribute %d", k)
						}
					default:
						t.Errorf("at %s the log line of %s has attribute %d", at, n.ID, k)
					}
				}
			}
		})
	}
}
