package routertest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
)

// Failover has dialler, which has no links yet, reach first, hear from it that it may go to second instead, and go there and back as one of the two ends.
func Failover(tb testing.TB, m *Mesh, dialler, first, second *Node) {
	tb.Helper()
	link := m.Link(dialler.ID, first.ID)
	role, port := config.RoleInterRouter, second.inter
	if dialler.isEdge() {
		role, port = config.RoleEdge, second.edge
	}
	for i := range first.Config.Listeners {
		if l := &first.Config.Listeners[i]; l.Role == role {
			l.FailoverURLs = "amqps://" + net.JoinHostPort(loopback, port)
		}
	}
	name := link.Name
	for _, n := range []*Node{second, first, dialler} {
		n.Start()
	}
	Eventually(tb, time.Minute, func(ctx context.Context) error {
		return dialler.Manage(ctx, func(c *manage.Client) error {
			r, err := c.Read(ctx, "connector", name)
			if err == nil && (r["connectionStatus"] != "SUCCESS" || !strings.Contains(fmt.Sprint(r["failoverUrls"]), ":"+port)) {
				err = fmt.Errorf("connector is %v and may dial %v", r["connectionStatus"], r["failoverUrls"])
			}
			return err
		})
	})
	service := BulkServer(tb).Port
	for _, n := range []*Node{first, second} {
		n.Connect("out", "at-"+n.ID, service)
	}
	in := map[*Node]string{}
	for _, n := range []*Node{first, second} {
		in[n] = dialler.Listen("in-"+n.ID, "at-"+n.ID)
	}
	works := func(n *Node) {
		tb.Helper()
		Eventually(tb, time.Minute, func(ctx context.Context) error { return Bulk(ctx, in[n], 1<<20, 1<<20) })
	}
	works(first)
	first.Kill()
	works(second)
	first.Start()
	first.Connect("out", "at-"+first.ID, service)
	second.Kill()
	works(first)
}
