//go:build kube

package kube

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// followed is a plugin that watches, and the lines that it has printed and nobody has read yet.
type followed struct {
	t     *testing.T
	lines chan string
}

func (sh *shell) follow(args ...string) followed {
	sh.t.Helper()
	ctx, cancel := context.WithTimeout(sh.t.Context(), 2*patience)
	cmd := exec.CommandContext(ctx, plugin, args...)
	cmd.Dir, cmd.Env = sh.dir, append(os.Environ(), "HOME="+sh.dir, "KUBECONFIG="+sh.file("config"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		sh.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		sh.t.Fatal(err)
	}
	f := followed{sh.t, make(chan string, 1000)}
	ended := make(chan struct{})
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			f.lines <- s.Text()
		}
		close(f.lines)
		close(ended)
	}()
	sh.t.Cleanup(func() {
		cancel()
		<-ended
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 0 {
			sh.t.Errorf("%v ended with %d (%v), want 0 after an interrupt", args, cmd.ProcessState.ExitCode(), err)
		}
	})
	return f
}

// want reads lines until they hold what the expression says.
func (f followed) want(pattern string) {
	f.t.Helper()
	want, text := regexp.MustCompile(pattern), ""
	for deadline := time.After(patience); ; {
		select {
		case l, open := <-f.lines:
			if text += l + "\n"; want.MatchString(text) {
				return
			}
			if !open {
				f.t.Fatalf("it ended; got\n%swant %s", text, pattern)
			}
		case <-deadline:
			f.t.Fatalf("got\n%swant %s", text, pattern)
		}
	}
}

// begun waits until one that shows nothing of what is there already has begun: it changes a link until that is shown.
func (sh *shell) begun(f followed) {
	sh.t.Helper()
	change := func(name string, i int) {
		sh.must("PATCH", sh.path("links", name), fmt.Sprintf(`{"metadata":{"annotations":{"change":"%d"}}}`, i))
	}
	end := time.Now().Add(patience)
	for i := 0; time.Now().Before(end); i++ {
		change("north", i)
		select {
		case <-f.lines:
			change("east", i)
			f.want(`^(link.skupper.io/north\n)*link.skupper.io/east\n$`) // the last one of these changes
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
	sh.t.Fatal("it does not begin")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	sh := links(t)
	kinds := sh.follow("link", "status", "--watch-only", "-o", "name")
	sh.begun(kinds)
	table, named, jsons, yamls := sh.follow("link", "status", "-w"), sh.follow("link", "status", "north", "--watch", "-o", "wide"),
		sh.follow("link", "status", "-w", "-o", "json", "-l", "env=prod"), sh.follow("link", "status", "-w", "-o", "yaml")
	table.want(`^NAME +STATUS +COST +MESSAGE\neast +Ready +2 +OK\nnorth +Pending +1 +Not Configured\n$`)
	named.want(`^NAME .*\nnorth +Pending .*\n$`)
	jsons.want(`^\{\n(.*\n)*\}\n$`)
	yamls.want(`^apiVersion: (.*\n)*  name: east\n(.*\n)*---\n(.*\n)*  name: north\n`)

	sh.must("PATCH", sh.path("links", "north", "status"), `{"status":{"status":"Ready","message":"OK","remoteSiteName":"far"}}`)
	table.want(`^north   Ready     1      OK\n$`)
	named.want(`^north +Ready .* far +`)
	yamls.want(`---\n(.*\n)*  name: north\n(.*\n)*  status: Ready\n`)
	kinds.want(`^link.skupper.io/north\n$`)

	sh.must("PATCH", sh.path("links", "east"), `{"spec":{"cost":7}}`)
	table.want(`^east    Ready     7      OK\n$`)
	jsons.want(`^\{\n(.*\n)*    "cost": 7(.*\n)*\}\n$`)

	sh.must("DELETE", sh.path("links", "north"), "")
	table.want(`^north   Deleted   1      OK\n$`)
	named.want(`^north +Deleted `)
	sh.create("links", "north", `"spec":{"endpoints":[]}`)
	table.want(`^north   Pending   1      Not Configured\n$`)
	named.want(`^north +Pending `)
}

// TestWatchEverywhere follows all namespaces, with a filter.
func TestWatchEverywhere(t *testing.T) {
	t.Parallel()
	one, two := links(t), links(t)
	label := func(sh *shell, name string) { // of this test alone: other namespaces have links too
		sh.must("PATCH", sh.path("links", name), `{"metadata":{"labels":{"followed":"yes"}}}`)
	}
	label(one, "east")
	f := one.follow("link", "status", "-A", "-w", "-l", "followed=yes", "--no-headers")
	f.want(one.namespace + ` +east `)
	label(two, "north")
	f.want(two.namespace + ` +north +Pending`)
}

// TestSeveralKeys has listeners of both kinds in one listing, which is one document.
func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.ok("listener", "create", "plain", "8080", "--wait", "none", "--observer", "http1", "--expose-pods-by-name")
	sh.equal("create", sh.ok("listener", "create", "several", "8081", "--key", "a=2", "--key", "b", "--wait", "none"), "multikeylistener.skupper.io/several created\n")
	got := sh.ok("listener", "status", "--no-headers")
	if !regexp.MustCompile(`(?m)^plain +Pending +plain .*\nseveral +Pending +a=2,b=1 +several +8081 +false`).MatchString(got) {
		t.Errorf("got\n%s", got)
	}
	if list := parse(t, sh.ok("listener", "status", "-o", "json")); len(list["items"].([]any)) != 2 {
		t.Errorf("got %v", list)
	}
	sh.equal("names", sh.ok("listener", "status", "-o", "name"), "listener.skupper.io/plain\nmultikeylistener.skupper.io/several\n")
	sh.fails(2, []string{"strategy is immutable"}, "listener", "update", "several", "--strategy", "priority", "--key", "a", "--wait", "none")
	sh.ok("listener", "update", "several", "--key", "b=5", "--key", "c=1", "--wait", "none")
	keys := at(sh.must("GET", sh.path("multikeylisteners", "several"), ""), "spec", "strategy", "weighted", "routingKeys")
	if text, err := json.Marshal(keys); err != nil || string(text) != `{"b":5,"c":1}` {
		t.Errorf("keys are %s", text)
	}
	sh.ok("listener", "update", "several", "--port", "8082", "--wait", "none")
	sh.equal("delete", sh.ok("listener", "delete", "several"), "multikeylistener.skupper.io/several deleted\n")
	sh.fails(4, []string{`there is no listener "several"`}, "listener", "delete", "several")

	sh.ok("routeraccess", "create", "partners", "--access-type", "nodeport", "--role", "edge", "--wait", "none")
	sh.equal("access", strings.TrimSpace(sh.ok("access", "status", "--no-headers")), "partners   Pending   nodeport   edge:45671   Not Configured")
	sh.ok("attached", "create", "backend", "80", "--site-namespace", "west")
	sh.ok("binding", "create", "backend", "--connector-namespace", "shop", "--wait", "none")
	sh.ok("connector", "create", "c", "80", "--selector", "a=b", "--use-client-cert", "--verify-hostname", "--expose-pods-by-name", "--wait", "none")
	spec := at(sh.must("GET", sh.path("connectors", "c"), ""), "spec")
	for _, field := range []string{"useClientCert", "verifyHostname", "exposePodsByName"} {
		if at(spec, field) != true {
			t.Errorf("%s is not set in %v", field, spec)
		}
	}
	sh.fails(2, []string{`link-access-type is "bogus", want default, route, loadbalancer, nodeport, ingress, ingress-nginx, contour-http-proxy, gateway or local`}, "site", "create", "x", "--enable-link-access", "--link-access-type", "bogus")
}
