//go:build cluster

package cluster

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// outage is what the clients of an address see.
type outage struct {
	longest time.Duration // without an answer
	failed  int           // requests that came to an end without one; on a busy machine some may come to none
}

// watchOutage asks an address all the time, until the function that it gives is called.
func watchOutage(t *testing.T, address string) (end func() outage) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var seen outage
	var wg sync.WaitGroup
	last := time.Now()
	wg.Go(func() {
		for ctx.Err() == nil {
			switch err := get(ctx, address); {
			case err == nil:
				seen.longest = max(seen.longest, time.Since(last))
				last = time.Now()
			case ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded):
				seen.failed++
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
		seen.longest = max(seen.longest, time.Since(last))
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return func() outage { cancel(); wg.Wait(); return seen }
}

// TestRouterGoes ends the router of a cluster in several ways; traffic comes back each time, in both directions, and the links with it.
func TestRouterGoes(t *testing.T) {
	t.Parallel()
	inside := ours().in(t, eastAlone(t), "routers").site("--enable-link-access")
	outside := local(t, "outside").site().linkTo(inside)
	atOutside, atInside := bothWays(t, inside, outside)
	for _, how := range []struct {
		name string
		do   func() error
	}{
		{"pod deleted", func() error {
			kubectl(t, inside.c, "delete", "pod", "--namespace", inside.name, inside.router(), "--wait=false")
			return nil
		}},
		{"router killed", func() error { return inside.c.KillContainer(t.Context(), inside.name, inside.router(), "router") }},
		{"adaptor killed", func() error { return inside.c.KillContainer(t.Context(), inside.name, inside.router(), "kube-adaptor") }},
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
			t.Logf("out for %.1f s at the listener in the cluster, %.1f s at the one here", local().longest.Seconds(), remote().longest.Seconds())
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
	t.Parallel()
	inside := ours().in(t, east(t), "redeemed").site("--enable-link-access")
	token := inside.token("--redemptions-allowed", "4")
	others := make([]*place, sites)
	for i := range others {
		others[i] = local(t, "other").site()
	}
	kill := func() {
		if err := inside.c.KillContainer(t.Context(), "skupper", pod(t, inside.c, "skupper", controllerLabels), "controller"); err != nil {
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
	inside.gives("4", "get", "accessgrants", "-o", "jsonpath={.items[*].status.redemptions}")
	if r := local(t, "late").site().try("token", "redeem", token); r.code == 0 {
		t.Error("a token for four is redeemed a fifth time")
	}
}

// TestCut takes a cluster off the network and puts it back.
func TestCut(t *testing.T) {
	t.Parallel()
	inside := ours().in(t, eastAlone(t), "cut").site("--enable-link-access")
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
