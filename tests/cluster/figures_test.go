//go:build cluster

package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// TestFigures measures what users wait for, and prints a table. It runs alone, as every test that does not call Parallel. Machines
// differ and are busy: it fails only for what does not happen at all.
func TestFigures(t *testing.T) {
	var rows []string
	add := func(what, unit string, value float64) {
		rows = append(rows, fmt.Sprintf("%-52s %8.2f %s", what, value, unit))
	}
	timed := func(what string, do func()) {
		t.Helper()
		began := time.Now()
		do()
		add(what, "s", time.Since(began).Seconds())
	}
	defer func() {
		table := "figures of this run, in the cluster\n  " + strings.Join(rows, "\n  ") + "\n"
		fmt.Fprint(os.Stderr, table) // go test shows nothing else of what passes
	}()
	inside := ours().in(t, west(t), "measured")
	timed("site create, with link access, to Ready", func() { inside.site("--enable-link-access") })
	plain := ours().in(t, west(t), "measured-plain")
	timed("site create, without, to Ready", func() { plain.site() })
	var token string
	timed("token issue", func() { token = inside.token("--redemptions-allowed", "9") })
	outside := local(t, "outside").site()
	timed("token redeem to link Ready, local to cluster", func() {
		outside.do("token", "redeem", token)
		outside.linked()
	})
	timed("token redeem to link Ready, cluster to cluster", func() {
		plain.do("token", "redeem", token)
		plain.linked()
	})
	home := local(t, "home").site("--enable-link-access", "--advertise", node.Outside)
	third := ours().in(t, west(t), "measured-third").site()
	third.linkToTimed(home, func(d time.Duration) { add("token redeem to link Ready, cluster to local", "s", d.Seconds()) })

	inside.serve("backend", 1)
	var there, here string
	timed("connector and listener to the first answer, at local", func() {
		inside.do("connector", "create", "backend", "8080", "--selector", "app=backend")
		there = outside.use("backend")
		answered(t, there)
	})
	port := serveHere(t)
	timed("connector and listener to the first answer, at cluster", func() {
		outside.do("connector", "create", "home", port, "--host", "localhost")
		here = inside.use("home")
		answered(t, here)
	})
	timed("link status", func() { inside.do("link", "status") })
	timed("kubectl get links", func() { kubectl(t, inside.c, "get", "links", "--namespace", inside.name) })

	router, head := inside.router(), pod(t, inside.c, "skupper", controllerLabels)
	for _, m := range []struct{ what, namespace, pod, container string }{
		{"controller at rest", "skupper", head, "controller"},
		{"adaptor at rest", inside.name, router, "kube-adaptor"},
		{"router at rest", inside.name, router, "router"},
	} {
		octets, err := inside.c.Memory(t.Context(), m.namespace, m.pod, m.container)
		if err != nil {
			t.Error(err)
		}
		add(m.what+", resident", "MiB", float64(octets)/(1<<20))
	}

	atHere, atThere := watchOutage(t, here), watchOutage(t, there)
	kubectl(t, inside.c, "delete", "pod", "--namespace", inside.name, router, "--wait=false")
	time.Sleep(3 * time.Second) // for it to be noticed
	answered(t, there)
	answered(t, here)
	add("router pod deleted: out at its listener", "s", atHere().longest.Seconds())
	add("router pod deleted: out at the other site's", "s", atThere().longest.Seconds())
	outside.linked()
	if err := inside.c.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	timed("network cut to link status saying so", func() { outside.shows(`Pending|Error`, "link", "status") })
	if err := inside.c.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	timed("network mended to the first answer", func() { answered(t, there) })
}

// linkToTimed is linkTo; then tells how long it took from the redemption on.
func (p *place) linkToTimed(other *place, then func(time.Duration)) {
	p.t.Helper()
	token := other.token()
	began := time.Now()
	p.do("token", "redeem", token)
	p.linked()
	then(time.Since(began))
}

// answered waits for the first answer.
func answered(t *testing.T, address string) {
	t.Helper()
	eventually(t, patience, "an answer from "+address, func() error { return get(t.Context(), address) })
}
