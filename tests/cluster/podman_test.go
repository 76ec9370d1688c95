//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
	"github.com/skupper-plugins/suite/tests/podman/container"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// lastHost is the number of the host that was made last.
var lastHost atomic.Int32

// podman is a namespace of a new installation on a host of its own, whose sites are in containers of a Podman that the host has for
// itself. At the end the site is deleted, and nothing may be left of it in that Podman.
func podman(t *testing.T, name string) *place {
	t.Helper()
	if _, err := exec.LookPath("podman"); err != nil {
		why := "NOT TESTED: sites in containers of Podman: there is no podman"
		fmt.Fprintln(os.Stderr, why) // go test shows nothing of what is skipped
		t.Skip(why)
	}
	ctx := context.WithoutCancel(t.Context()) // all of it outlives that one by a little
	host, err := node.Attach(t.Context(), int(lastHost.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Detach(ctx); err != nil {
			t.Error(err)
		}
	})
	engine, err := container.Start(ctx, "podman", filepath.Join(os.Getenv(dirEnv), host.Name), host.Enter()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Remove(ctx); err != nil {
			t.Error(err)
		}
	})
	p := &place{t: t, name: name, host: host, home: sandbox.New(t), cli: append(host.Enter(), program("podman-skupper"), "--namespace", name)}
	p.env = append(p.home.Env(), "SKUPPER_PLATFORM=podman", "CONTAINER_ENDPOINT="+engine.Endpoint())
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(p.home.Dir, "agent", "agent.log"))
			logs, _ := engine.Try(ctx, "logs", "--tail", "40", name+"-skupper-router")
			t.Logf("--- the agent\n%s\n--- the router\n%s", text[max(0, len(text)-6000):], logs)
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, p.cli[0], append(p.cli[1:], "site", "delete", "--all")...)
		cmd.Env = p.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("site delete at %s: %v: %s", name, err, out)
		}
		if err := engine.Left(ctx); err != nil {
			t.Error(err)
		}
	})
	p.do("site", "create", name, "--platform", "podman", "--engine", "embedded", "--enable-link-access", "--advertise", host.IP)
	if got, err := engine.Try(ctx, "inspect", "--format", "{{.State.Status}} {{.HostConfig.NetworkMode}}", name+"-skupper-router"); err != nil || strings.TrimSpace(got) != "running host" {
		t.Errorf("the router's container is %q, %v", got, err)
	}
	return p
}

// goesAndComes takes the host off the network and puts it back: the link is Pending then, and Ready again.
func (p *place) goesAndComes() {
	p.t.Helper()
	if err := p.host.Cut(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	began := time.Now()
	p.shows(`(?m)^\S+ +(Pending|Error)\b`, "link", "status")
	p.t.Logf("the status says so after %.1f s", time.Since(began).Seconds())
	if err := p.host.Mend(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.linked()
}

// TestPodmanAndCluster is the whole story between a site in a container of Podman and one in a cluster: a token of either is redeemed
// at the other, the link gets ready, services are reached both ways, and nothing of it is left.
func TestPodmanAndCluster(t *testing.T) {
	t.Parallel()
	t.Run("podman-redeems", func(t *testing.T) {
		t.Parallel()
		inside := ours().in(t, west(t), "west-podman").site("--enable-link-access")
		outside := podman(t, "east")
		outside.linkTo(inside)
		atOutside, atInside := bothWays(t, inside, outside)
		inside.shows(`east`, "link", "status") // the incoming link is seen too
		inside.gives("2", "get", "site", inside.name, "-o", "jsonpath={.status.sitesInNetwork}")
		outside.goesAndComes()
		recovers(t, atOutside)
		recovers(t, atInside)
	})
	t.Run("cluster-redeems", func(t *testing.T) {
		t.Parallel()
		inside := ours().in(t, west(t), "west-of-podman").site()
		outside := podman(t, "east")
		inside.linkTo(outside)
		atInside, atOutside := bothWays(t, outside, inside)
		inside.gives("east", "get", "links", "-o", "jsonpath={.items[*].status.remoteSiteName}")
		if err := outside.host.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		inside.gives("False", "get", "links", "-o", `jsonpath={.items[*].status.conditions[?(@.type=="Operational")].status}`)
		inside.shows(`Pending|Error`, "link", "status")
		if err := outside.host.Mend(t.Context()); err != nil {
			t.Fatal(err)
		}
		inside.linked()
		recovers(t, atInside)
		recovers(t, atOutside)
	})
}
