//go:build cluster

package cluster

import (
	"strings"
	"testing"
)

// TestLocalRedeemsTokenOfCluster links a local site to one in a cluster, whose routers are reached in each of the ways there are.
func TestLocalRedeemsTokenOfCluster(t *testing.T) {
	for _, access := range []string{"default", "loadbalancer", "nodeport", "local"} {
		t.Run(access, func(t *testing.T) {
			inside := ours().in(t, west(t), "west-"+access)
			flags := []string{"--enable-link-access"}
			if access != "default" {
				flags = append(flags, "--link-access-type", access)
			}
			inside.site(flags...)
			outside := local(t, "outside").site().linkTo(inside)
			bothWays(t, inside, outside)
			inside.shows(`outside`, "link", "status") // the incoming link is seen too
			if sites := kubectl(t, inside.c, "get", "site", "--namespace", inside.name, inside.name, "-o", "jsonpath={.status.sitesInNetwork}"); sites != "2" {
				t.Errorf("the site knows of %s sites in its network, want 2", sites)
			}
		})
	}
}

// TestClusterRedeemsTokenOfLocal links them the other way round.
func TestClusterRedeemsTokenOfLocal(t *testing.T) {
	outside := local(t, "outside").site("--enable-link-access", "--advertise", "172.30.0.1")
	inside := ours().in(t, west(t), "inside").site().linkTo(outside)
	bothWays(t, inside, outside)
	if got := kubectl(t, inside.c, "get", "links", "--namespace", inside.name, "-o", "jsonpath={.items[*].status.remoteSiteName}"); got != "outside" {
		t.Errorf("the link leads to %q, want outside", got)
	}
}

// TestClusterToCluster links sites of two clusters, and a site of the first to another in the same.
func TestClusterToCluster(t *testing.T) {
	first := ours().in(t, west(t), "first").site("--enable-link-access")
	second := ours().in(t, east(t), "second").site().linkTo(first)
	bothWays(t, first, second)
	third := ours().in(t, west(t), "third").site().linkTo(first)
	bothWays(t, second, third) // by way of the first
}

// TestTokenIsSpent redeems a token twice.
func TestTokenIsSpent(t *testing.T) {
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
