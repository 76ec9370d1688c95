//go:build cluster

package cluster

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// TestLocalRedeemsTokenOfCluster links a local site to one in a cluster, whose routers are reached in each of the ways there are.
func TestLocalRedeemsTokenOfCluster(t *testing.T) {
	t.Parallel()
	for _, access := range []string{"default", "loadbalancer", "nodeport", "local"} {
		t.Run(access, func(t *testing.T) {
			t.Parallel()
			inside := ours().in(t, west(t), "west-"+access)
			flags := []string{"--enable-link-access"}
			if access != "default" {
				flags = append(flags, "--link-access-type", access)
			}
			inside.site(flags...)
			outside := local(t, "outside").site().linkTo(inside)
			bothWays(t, inside, outside)
			inside.shows(`outside`, "link", "status") // the incoming link is seen too
			inside.gives("2", "get", "site", inside.name, "-o", "jsonpath={.status.sitesInNetwork}")
		})
	}
}

// TestClusterRedeemsTokenOfLocal links them the other way round.
func TestClusterRedeemsTokenOfLocal(t *testing.T) {
	t.Parallel()
	outside := local(t, "outside").site("--enable-link-access", "--advertise", node.Outside)
	inside := ours().in(t, west(t), "inside").site().linkTo(outside)
	bothWays(t, inside, outside)
	inside.gives("outside", "get", "links", "-o", "jsonpath={.items[*].status.remoteSiteName}")
}

// TestClusterToCluster links sites of two clusters, and a site of the first to another in the same.
func TestClusterToCluster(t *testing.T) {
	t.Parallel()
	theEast, theWest := east(t), west(t)
	first := ours().in(t, theWest, "first").site("--enable-link-access")
	second := ours().in(t, theEast, "second").site().linkTo(first)
	bothWays(t, first, second)
	third := ours().in(t, theWest, "third").site().linkTo(first)
	bothWays(t, second, third) // by way of the first
}

// TestTokenIsSpent redeems a token twice.
func TestTokenIsSpent(t *testing.T) {
	t.Parallel()
	grantor := ours().in(t, west(t), "grantor").site("--enable-link-access")
	token := grantor.token()
	local(t, "one").site().do("token", "redeem", token)
	for _, other := range []*place{local(t, "two").site(), ours().in(t, west(t), "three").site()} {
		r := other.try("token", "redeem", token)
		if r.code == 0 || r.code == 3 || r.err == "" {
			t.Errorf("%s: redeeming a spent token ended with %d: %s%s", other.name, r.code, r.out, r.err)
		}
		t.Logf("%s is told: %s", other.name, strings.TrimSpace(r.err))
	}
}
