//go:build cluster

package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// left is what a namespace has besides what every one has.
func (p *place) left() string {
	p.t.Helper()
	kinds := "all,configmaps,secrets,serviceaccounts,roles,rolebindings,leases," +
		"sites,links,listeners,connectors,accessgrants,accesstokens,routeraccesses,securedaccesses,certificates"
	out := kubectl(p.t, p.c, "get", kinds, "--namespace", p.name, "-o", "name")
	var left []string
	for _, line := range strings.Fields(out) {
		if line != "configmap/kube-root-ca.crt" && line != "serviceaccount/default" && line != "configmap/skupper" {
			left = append(left, line)
		}
	}
	return strings.Join(left, " ")
}

// TestDeletedSiteLeavesNothing deletes a linked site that has everything.
func TestDeletedSiteLeavesNothing(t *testing.T) {
	first := ours().in(t, west(t), "kept").site("--enable-link-access")
	second := ours().in(t, west(t), "deleted").site("--enable-link-access").linkTo(first)
	second.token()
	second.do("connector", "create", "backend", "8080", "--selector", "app=nothing", "--wait", "none")
	second.do("listener", "create", "backend", "8080")
	second.do("site", "delete", "--all")
	eventually(t, patience, "nothing is left", func() error {
		if left := second.left(); left != "" {
			return fmt.Errorf("left: %s", left)
		}
		return nil
	})
	// Listeners and connectors are the user's: a site that goes alone leaves them, and a new one takes them up.
	second.site()
	second.do("listener", "create", "backend", "8080")
	second.do("site", "delete")
	eventually(t, patience, "only the listener is left", func() error {
		if left := second.left(); left != "listener.skupper.io/backend" {
			return fmt.Errorf("left: %s", left)
		}
		return nil
	})
	second.site()
	second.clusterAddress("backend")
}

// TestHighAvailability runs two routers, and loses one and the other.
func TestHighAvailability(t *testing.T) {
	inside := ours().in(t, west(t), "available").site("--enable-link-access", "--enable-ha")
	outside := local(t, "outside").site().linkTo(inside)
	if n := strings.Count(outside.do("link", "status"), "Ready"); n != 2 {
		t.Errorf("%d links are ready, want 2", n)
	}
	atOutside, atInside := bothWays(t, inside, outside)
	for _, group := range []string{"skupper-router", "skupper-router-2"} {
		kubectl(t, inside.c, "delete", "pod", "--namespace", inside.name, "-l", "skupper.io/group="+group, "--wait=false")
		recovers(t, atOutside)
		recovers(t, atInside)
		kubectl(t, inside.c, "rollout", "status", "--namespace", inside.name, "deployment/"+group, "--timeout=60s")
		outside.shows(`(?s)Ready.*Ready`, "link", "status")
	}
	inside.do("site", "update", "--enable-ha=false")
	eventually(t, patience, "the second router goes", func() error {
		if left := inside.left(); strings.Contains(left, "skupper-router-2") {
			return fmt.Errorf("left: %s", left)
		}
		return nil
	})
	recovers(t, atOutside)
	recovers(t, atInside)
}

// TestEdgeSite links an edge site, in a cluster, to an interior one.
func TestEdgeSite(t *testing.T) {
	interior := ours().in(t, west(t), "interior").site("--enable-link-access")
	edge := ours().in(t, west(t), "edge")
	edge.site("--edge")
	edge.linkTo(interior)
	bothWays(t, interior, edge)
	if r := edge.try("token", "issue", t.TempDir()+"/token.yaml"); r.code == 0 {
		t.Errorf("an edge site issues a token: %s", r.out)
	}
}

// TestUpgrade replaces the controller while a site works: traffic goes on, and afterwards changes are taken up again.
func TestUpgrade(t *testing.T) {
	inside := ours().in(t, west(t), "upgraded").site("--enable-link-access")
	outside := local(t, "outside").site().linkTo(inside)
	atOutside, atInside := bothWays(t, inside, outside)
	token := inside.token()
	pods := func() string {
		return kubectl(t, inside.c, "get", "pods", "--namespace", inside.name, "-l", "skupper.io/component=router", "-o", "name")
	}
	before := pods()
	watch := watchOutage(t, atOutside)
	kubectl(t, inside.c, "set", "env", "--namespace", "skupper", "deployment/skupper-controller", "SKUPPER_TEST_GENERATION="+fmt.Sprint(time.Now().Unix()))
	kubectl(t, inside.c, "rollout", "status", "--namespace", "skupper", "deployment/skupper-controller", "--timeout=60s")
	another := local(t, "another").site()
	another.do("token", "redeem", token) // of before
	another.linked()
	answers(t, atInside)
	inside.offer("later")
	answers(t, outside.use("later"))
	if outage := watch(); outage > time.Second {
		t.Errorf("traffic stood still for %v", outage)
	}
	if after := pods(); after != before {
		t.Errorf("the routers were %s and are %s: they were restarted for nothing", before, after)
	}
}
