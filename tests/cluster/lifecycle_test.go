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
	t.Parallel()
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
	t.Parallel()
	inside := ours().in(t, west(t), "available").site("--enable-link-access", "--enable-ha")
	outside := local(t, "outside").site()
	outside.do("token", "redeem", inside.token())
	outside.links(2)
	atOutside, atInside := bothWays(t, inside, outside)
	for _, group := range []string{"skupper-router", "skupper-router-2"} {
		lost := pod(t, inside.c, inside.name, "skupper.io/group="+group)
		kubectl(t, inside.c, "delete", "pod", "--namespace", inside.name, lost, "--wait=false")
		recovers(t, atOutside)
		recovers(t, atInside)
		if got := pod(t, inside.c, inside.name, "skupper.io/group="+group); got == lost {
			t.Errorf("pod %s did not go", lost)
		}
		outside.links(2)
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
	t.Parallel()
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
	t.Parallel()
	inside := ours().in(t, east(t), "upgraded").site("--enable-link-access")
	outside := local(t, "outside").site().linkTo(inside)
	atOutside, atInside := bothWays(t, inside, outside)
	token := inside.token()
	routers := func() string {
		return kubectl(t, inside.c, "get", "pods", "--namespace", inside.name, "-l", routerLabels, "-o", "jsonpath={.items[*].metadata.name}{.items[*].status.containerStatuses[*].containerID}")
	}
	before := routers()
	watch := watchOutage(t, atOutside)
	kubectl(t, inside.c, "set", "env", "--namespace", "skupper", "deployment/skupper-controller", "SKUPPER_TEST_GENERATION="+fmt.Sprint(time.Now().Unix()))
	kubectl(t, inside.c, "rollout", "status", "--namespace", "skupper", "deployment/skupper-controller", "--timeout="+patience.String())
	another := local(t, "another").site()
	another.redeem(token) // of before
	another.linked()
	answers(t, atInside)
	inside.offer("later")
	answers(t, outside.use("later"))
	if o := watch(); o.failed > 0 {
		t.Errorf("%d requests failed, and for %v there was no answer", o.failed, o.longest)
	}
	if after := routers(); after != before {
		t.Errorf("the routers were %s and are %s: they were restarted for nothing", before, after)
	}
}
