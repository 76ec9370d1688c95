//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// upstreamEnv is a directory with static builds of the programs of Skupper that are written in Go: controller, kube-adaptor, skupper.
const upstreamEnv = "UPSTREAM_SKUPPER"

const (
	theirController = "localhost/upstream-controller:test"
	theirAdaptor    = "localhost/upstream-adaptor:test"
)

// upstream gives the path of one of its programs.
func upstream(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv(upstreamEnv)
	if dir == "" {
		t.Skip("SKIPPED, NOTHING WAS TESTED: it needs static builds of Skupper's controller, kube-adaptor and skupper: " + upstreamEnv + "=DIR")
	}
	return filepath.Join(dir, name)
}

// theirs puts images of upstream's programs into a cluster.
func theirs(t *testing.T, c *node.Cluster) {
	t.Helper()
	for _, i := range []node.Image{
		{Name: theirController, User: nobody, Entrypoint: []string{"/app/controller"}, Programs: map[string]string{"/app/controller": upstream(t, "controller")}},
		{Name: theirAdaptor, User: nobody, Entrypoint: []string{"/app/kube-adaptor"}, Programs: map[string]string{"/app/kube-adaptor": upstream(t, "kube-adaptor")}},
	} {
		if err := c.Load(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
}

// byUpstream is the same place, with the command of upstream.
func (p *place) byUpstream() *place {
	p.cli = []string{upstream(p.t, "skupper"), "--namespace", p.name, "--kubeconfig", p.c.Kubeconfig}
	return p
}

// TestMixedParts puts each of our parts beside parts of upstream: a site made of them links to one of ours, by tokens of either, and
// to one on this machine, with traffic both ways.
func TestMixedParts(t *testing.T) {
	t.Parallel()
	_ = upstream(t, "controller") // or nothing is tested
	c := west(t)
	theirs(t, c)
	plain := ours().in(t, c, "plain").site("--enable-link-access")
	for i, k := range []controller{
		{"their-controller-and-adaptor", theirController, theirAdaptor, ourRouter, true},
		{"their-controller-our-adaptor", theirController, ourAdaptor, ourRouter, true},
		{"our-controller-their-adaptor", ourController, theirAdaptor, ourRouter, true},
	} {
		t.Run(k.namespace, func(t *testing.T) {
			k.run(t, c)
			t.Cleanup(func() { k.stop(t, c) })
			mixed := k.in(t, c, fmt.Sprintf("mixed-%d", i)).site("--enable-link-access")
			mixed.linkTo(plain)
			outside := local(t, "outside").site().linkTo(mixed)
			bothWays(t, mixed, outside)
			far := ours().in(t, c, fmt.Sprintf("far-%d", i)).site().linkTo(mixed)
			far.offer("far")
			answers(t, mixed.use("far"))
			mixed.do("site", "delete", "--all")
		})
	}
}

// stop takes a controller out, so that the next one has the memory.
func (k controller) stop(t *testing.T, c *node.Cluster) {
	t.Helper()
	s := of(c)
	s.mu.Lock()
	delete(s.controllers, k.namespace)
	s.namespaces = append(s.namespaces, k.namespace)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // t.Context has ended by now
	defer cancel()
	for _, what := range [][]string{{"namespace", k.namespace}, {"clusterrolebinding", "skupper-controller-" + k.namespace}} {
		if _, err := c.Kubectl(ctx, append([]string{"delete", "--wait=false"}, what...)...); err != nil {
			t.Error(err)
		}
	}
}

// collected is what the command of upstream says when it comes too late to delete what the site owned.
var collected = regexp.MustCompile(`(certificates|routeraccesses|securedaccesses)\.skupper\.io "[^"]*" not found`)

// TestTheirCommandOurController drives our controller with the command of upstream, from the site to its end.
func TestTheirCommandOurController(t *testing.T) {
	t.Parallel()
	_ = upstream(t, "skupper") // or nothing is tested
	c := west(t)
	first := ours().in(t, c, "first-by-them").byUpstream()
	second := ours().in(t, c, "second-by-them").byUpstream()
	first.site("--enable-link-access")
	second.site()
	token := first.token("--redemptions-allowed", "3")
	second.do("token", "redeem", token)
	second.linked()
	first.serve("backend", 1)
	first.do("connector", "create", "backend", "8080", "--workload", "deployment/backend")
	second.do("listener", "create", "backend", "8080")
	answers(t, second.clusterAddress("backend")+":8080")
	for _, args := range [][]string{{"site", "status"}, {"listener", "status"}, {"connector", "status"}, {"link", "status"}} {
		p := second
		if args[0] == "connector" {
			p = first
		}
		p.shows("Ready", args...)
	}
	// Static links: theirs of our site, at a site on this machine.
	files := first.do("link", "generate")
	outside := local(t, "outside").site()
	path := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.WriteFile(path, []byte(files), 0o600); err != nil {
		t.Fatal(err)
	}
	outside.do("system", "apply", "-f", path)
	outside.linked()
	// Their local site redeems a token of our grant server.
	r := first.run("env", "HOME="+t.TempDir(), "SKUPPER_PLATFORM=linux", upstream(t, "skupper"), "--namespace", "theirs", "token", "redeem", token)
	if r.code != 0 {
		t.Errorf("their local command does not redeem our token: %s%s", r.out, r.err)
	}
	for _, p := range []*place{second, first} {
		// It lists what there is and then deletes one after the other, the site too. What the site owns may be collected before its turn
		// comes, and then the command fails, with a site that is gone: nothing that our controller could prevent.
		if r := p.try("site", "delete", "--all", "--wait"); r.code != 0 && !collected.MatchString(r.out+r.err) {
			t.Errorf("%s: site delete ended with %d:\n%s%s", p.name, r.code, r.out, r.err)
		}
		p.gives("", "get", "sites,listeners,connectors,links", "-o", "name")
	}
	kubectl(t, c, "delete", "accessgrants", "--all", "--namespace", first.name)
	eventually(t, patience, "nothing of sites is left", func() error {
		if left := first.left(); strings.Contains(left, "/skupper-") { // the certificate that link generate asked for is the user's
			return fmt.Errorf("left: %s", left)
		}
		return nil
	})
}

// TestTheirTokens redeems tokens and static links of a site of theirs at ours, and ours at theirs.
func TestTheirTokens(t *testing.T) {
	t.Parallel()
	_ = upstream(t, "controller") // or nothing is tested
	c := west(t)
	theirs(t, c)
	k := controller{"theirs", theirController, theirAdaptor, ourRouter, true}
	k.run(t, c)
	t.Cleanup(func() { k.stop(t, c) })
	their := k.in(t, c, "their-site").byUpstream()
	their.site("--enable-link-access")
	our := ours().in(t, c, "our-site").site("--enable-link-access")
	token := their.token("--redemptions-allowed", "3")
	our.do("token", "redeem", token)
	our.linked()
	local(t, "outside").site().do("token", "redeem", token)
	back := k.in(t, c, "their-second").byUpstream()
	back.site()
	back.do("token", "redeem", our.token())
	back.linked()
	path := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.WriteFile(path, []byte(our.do("link", "generate")), 0o600); err != nil {
		t.Fatal(err)
	}
	third := k.in(t, c, "their-third").byUpstream()
	third.site()
	kubectl(t, c, "apply", "--namespace", third.name, "-f", path)
	third.linked()
}

// TestTheirControllerTakesOver hands a site of ours to a controller of theirs, and back. It signs with the authority that there is: who
// is linked stays so, and tokens are issued and redeemed, whoever sees to the site. (A token leads to the controller that issued it.)
func TestTheirControllerTakesOver(t *testing.T) {
	t.Parallel()
	_ = upstream(t, "controller") // or nothing is tested
	c := west(t)
	theirs(t, c)
	k := controller{"taking", theirController, theirAdaptor, ourRouter, true}
	k.run(t, c)
	t.Cleanup(func() { k.stop(t, c) })
	moved := ours().in(t, c, "moved").site("--enable-link-access")
	before := local(t, "before").site().linkTo(moved)
	moved.offer("moved")
	reached := before.use("moved")
	answers(t, reached)
	authority, err := moved.certificate("skupper-site-ca")
	if err != nil {
		t.Fatal(err)
	}

	kubectl(t, c, "create", "configmap", "skupper", "--namespace", moved.name, "--from-literal=controller="+k.namespace+"/skupper-controller")
	adaptor := []string{"get", "deployment", "skupper-router", "-o", `jsonpath={.spec.template.spec.containers[?(@.name=="kube-adaptor")].image}`}
	moved.gives(theirAdaptor, adaptor...)
	kubectl(t, c, "rollout", "status", "--namespace", moved.name, "deployment/skupper-router", "--timeout="+patience.String())
	before.linked()
	recovers(t, reached)
	local(t, "their-claimant").site().redeemed(moved.token())
	late := ours().in(t, c, "late").site().redeemed(moved.token())
	far := ours().in(t, c, "far-from-moved").site("--enable-link-access")
	moved.do("token", "redeem", far.token()) // their controller does that
	moved.linked()
	kubectl(t, c, "delete", "configmap", "skupper", "--namespace", moved.name)
	moved.gives(ourController, adaptor...)
	kubectl(t, c, "rollout", "status", "--namespace", moved.name, "deployment/skupper-router", "--timeout="+patience.String())
	before.linked()
	late.linked()
	moved.linked()
	recovers(t, reached)
	local(t, "our-claimant").site().redeemed(moved.token())
	if now, err := moved.certificate("skupper-site-ca"); err != nil || !now.Equal(authority) {
		t.Errorf("the authority was replaced: %v", err)
	}
}

// redeemed redeems a token and waits for the link.
func (p *place) redeemed(token string) *place {
	p.t.Helper()
	p.redeem(token)
	p.linked()
	return p
}
