//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// TestEdgeSites has edge sites at two linked interior sites: everything that they offer and use works, each shows the others, and none can be
// linked to.
func TestEdgeSites(t *testing.T) {
	t.Parallel()
	hub := in(t, "hub")
	hub.do("site", "create", "hub", "--enable-link-access")
	far := hub.beside("far")
	far.do("site", "create", "far", "--enable-link-access")
	far.do("token", "redeem", hub.issue())
	edges := map[string]place{"one": hub, "two": hub, "three": far}
	ports := loopback.FreePorts(t, len(edges)*len(edges))
	for name, at := range edges {
		e := hub.beside(name)
		e.do("site", "create", name, "--edge")
		e.do("token", "redeem", at.issue())
		e.shows(patience, `Ready +1 +OK`, "link", "status")
		e.refuses(1, "edge site", "token", "issue", e.dir("..", name+".yaml"))
		e.do("connector", "create", "echo-"+name, fmt.Sprint(loopback.Echo(t)), "--host", "127.0.0.1")
	}
	// Everybody uses what everybody offers.
	for from := range edges {
		for to := range edges {
			port := ports[0]
			ports = ports[1:]
			e := hub.beside(from)
			e.do("listener", "create", "to-"+to, fmt.Sprint(port), "--host", "127.0.0.1", "--routing-key", "echo-"+to)
			exchange(t, port)
		}
	}
	for _, name := range []string{"hub", "far", "one", "two", "three"} {
		hub.beside(name).shows(patience, `"sitesInNetwork": *5`, "site", "status", "--format", "json")
	}
}
