//go:build cluster

package cluster

import (
	"context"
	"sync"
	"testing"
	"time"
)

// watchOutage asks an address all the time, until the function that it gives is called, which tells the longest time without an answer.
func watchOutage(t *testing.T, address string) (longest func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var worst time.Duration
	var wg sync.WaitGroup
	last := time.Now()
	wg.Go(func() {
		for ctx.Err() == nil {
			if get(ctx, address) == nil {
				worst = max(worst, time.Since(last))
				last = time.Now()
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
		worst = max(worst, time.Since(last))
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return func() time.Duration { cancel(); wg.Wait(); return worst }
}

// TestRouterGoes ends the router of a cluster in several ways; traffic comes back each time, in both directions, and the links with it.
func TestRouterGoes(t *testing.T) {
	inside := ours().in(t, west(t), "routers").site("--enable-link-access")
	outside := local(t, "outside").site().linkTo(inside)
	atOutside, atInside := bothWays(t, inside, outside)
	router := func() string {
		return kubectl(t, inside.c, "get", "pods", "--namespace", inside.name, "-l", "skupper.io/component=router",
			"--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].metadata.name}")
	}
	for _, how := range []struct {
		name string
		do   func() error
	}{
		{"pod deleted", func() error {
			kubectl(t, inside.c, "delete", "pod", "--namespace", inside.name, router(), "--wait=false")
			return nil
		}},
		{"router killed", func() error { return inside.c.KillContainer(t.Context(), inside.name, router(), "router") }},
		{"adaptor killed", func() error { return inside.c.KillContainer(t.Context(), inside.name, router(), "kube-adaptor") }},
		{"kubelet restarted", func() error { return inside.c.Restart("kubelet") }},
		{"containerd restarted", func() error { return inside.c.Restart("containerd") }},
		{"kube-apiserver restarted", func() error { return inside.c.Restart("kube-apiserver") }},
	} {
		t.Run(how.name, func(t *testing.T) {
			local, remote := watchOutage(t, atInside), watchOutage(t, atOutside)
			if err := how.do(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second) // for it to be noticed
			recovers(t, atOutside)
			recovers(t, atInside)
			outside.linked()
			t.Logf("out for %.1f s at the listener in the cluster, %.1f s at the one here", local().Seconds(), remote().Seconds())
			eventually(t, patience, "the API", func() error {
				_, err := inside.c.Kubectl(t.Context(), "get", "sites", "--namespace", inside.name)
				return err
			})
		})
	}
	// Changes still get to the router.
	inside.offer("after")
	answers(t, outside.use("after"))
}

// TestControllerGoesWhileTokensAreRedeemed ends the controller again and again while many sites redeem a token that allows just as many:
// all succeed, and none more.
func TestControllerGoesWhileTokensAreRedeemed(t *testing.T) {
	const sites = 4
	inside := ours().in(t, west(t), "redeemed").site("--enable-link-access")
	token := inside.token("--redemptions-allowed", "4")
	others := make([]*place, sites)
	for i := range others {
		others[i] = local(t, "other").site()
	}
	kill := func() {
		pods := kubectl(t, inside.c, "get", "pods", "--namespace", "skupper", "-l", "application=skupper-controller", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].metadata.name}")
		if err := inside.c.KillContainer(t.Context(), "skupper", pods, "controller"); err != nil {
			t.Error(err)
		}
	}
	var redeeming sync.WaitGroup
	for _, p := range others {
		redeeming.Go(func() {
			for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
				if r := p.try("token", "redeem", token); r.code == 0 {
					return
				}
			}
			t.Errorf("a token is not redeemed within %v", patience)
		})
	}
	kill()
	redeeming.Wait()
	for _, p := range others {
		p.linked()
	}
	if got := kubectl(t, inside.c, "get", "accessgrants", "--namespace", inside.name, "-o", "jsonpath={.items[*].status.redemptions}"); got != "4" {
		t.Errorf("%s redemptions are counted, want 4", got)
	}
	if r := local(t, "late").site().try("token", "redeem", token); r.code == 0 {
		t.Error("a token for four is redeemed a fifth time")
	}
}

// TestCut takes a cluster off the network and puts it back.
func TestCut(t *testing.T) {
	inside := ours().in(t, east(t), "cut").site("--enable-link-access")
	outside := local(t, "outside").site().linkTo(inside)
	atOutside, _ := bothWays(t, inside, outside)
	if err := inside.c.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	outside.shows(`Pending|Error`, "link", "status")
	t.Logf("the status says so after %.1f s", time.Since(began).Seconds())
	if err := inside.c.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	recovers(t, atOutside)
	t.Logf("the first answer comes %.1f s after it is mended", time.Since(began).Seconds())
	outside.linked()
}
