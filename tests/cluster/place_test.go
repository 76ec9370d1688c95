//go:build cluster

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// patience is how long things may take on a busy machine; how long they take on an idle one the table of figures tells.
const patience = 3 * time.Minute

// place is where a site can be: a namespace of a cluster, or of an installation on this machine or another one.
type place struct {
	t    *testing.T
	name string
	c    *node.Cluster // nil: not in a cluster
	host *node.Host    // nil: this machine, or a cluster
	home sandbox.Home
	cli  []string // the program and what follows it at once
	env  []string
	said string // the verb that was logged last
}

// in is a new namespace of a cluster that a controller sees to. It goes with the test.
func (k controller) in(t *testing.T, c *node.Cluster, name string) *place {
	t.Helper()
	k.run(t, c)
	p := &place{t: t, name: name, c: c, cli: []string{"kubectl", "skupper", "--namespace", name}, env: append(os.Environ(), "KUBECONFIG="+c.Kubeconfig)}
	of(c).makeNamespace(t, name, func(ctx context.Context) { t.Log(p.describe(ctx, k)) })
	if k.explicit {
		kubectl(t, c, "create", "configmap", "skupper", "--namespace", name, "--from-literal=controller="+k.namespace+"/skupper-controller")
	}
	return p
}

// local is a namespace of a new installation on this machine.
func local(t *testing.T, name string) *place {
	t.Helper()
	home := sandbox.New(t)
	return &place{t: t, name: name, home: home, cli: []string{"podman-skupper", "--namespace", name}, env: home.Env()}
}

// describe tells all that may explain a failure.
func (p *place) describe(ctx context.Context, k controller) string {
	var b strings.Builder
	for _, args := range [][]string{
		{"get", "sites,links,listeners,connectors,accessgrants,accesstokens,routeraccesses,securedaccesses,certificates,pods,services", "-o", "wide"},
		{"get", "sites,links,accesstokens,securedaccesses", "-o", "yaml"},
		{"get", "configmap", "skupper-network-status", "skupper-router", "-o", "yaml"},
		{"get", "events"},
		{"describe", "pods"},
		{"logs", "-l", "skupper.io/component=router", "--all-containers", "--tail=400", "--prefix"},
	} {
		out, err := p.c.Kubectl(ctx, append(args, "--namespace", p.name)...)
		fmt.Fprintf(&b, "--- kubectl %s\n%s%v\n", strings.Join(args, " "), out, err)
	}
	out, err := p.c.Kubectl(ctx, "logs", "--namespace", k.namespace, "deployment/skupper-controller", "--tail=60")
	fmt.Fprintf(&b, "--- the controller\n%s%v\n", out, err)
	return b.String()
}

// result is how a command ended.
type result struct {
	out, err string
	code     int
}

// try runs a verb, whatever comes of it.
func (p *place) try(args ...string) result {
	p.t.Helper()
	return p.run(append(append([]string{}, p.cli...), args...)...)
}

// run runs a program in the environment of the place.
func (p *place) run(args ...string) result {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = p.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("%v: %v", args, err)
	}
	if verb := strings.Join(args, " "); verb != p.said { // not each time of many
		p.said = verb
		p.t.Logf("%s: %s: %d after %.2f s", p.name, verb, cmd.ProcessState.ExitCode(), time.Since(began).Seconds())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// do runs a verb that must succeed.
func (p *place) do(args ...string) string {
	p.t.Helper()
	r := p.try(args...)
	if r.code != 0 {
		p.t.Fatalf("%s %s ended with %d:\n%s%s", p.name, strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// shows waits until what a verb says matches.
func (p *place) shows(want string, args ...string) string {
	p.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(patience); ; {
		r := p.try(args...)
		if re.MatchString(r.out + r.err) {
			return r.out
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s %s does not show %q within %v, but\n%s%s", p.name, strings.Join(args, " "), want, patience, r.out, r.err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// site makes a site here.
func (p *place) site(flags ...string) *place {
	p.t.Helper()
	p.do(append([]string{"site", "create", p.name}, flags...)...)
	return p
}

// token issues one.
func (p *place) token(flags ...string) string {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), p.name+".yaml")
	p.do(append([]string{"token", "issue", file}, flags...)...)
	return file
}

// linkTo redeems a token of the other and waits for the link.
func (p *place) linkTo(other *place) *place {
	p.t.Helper()
	p.do("token", "redeem", other.token())
	p.linked()
	return p
}

// linked waits until the link is ready, the only one.
func (p *place) linked() { p.t.Helper(); p.links(1) }

// links waits until there are so many links and all of them are ready.
func (p *place) links(n int) {
	p.t.Helper()
	all, ready := regexp.MustCompile(`(?m)^\S+[ \t]+(Ready|Pending|Error)\b`), regexp.MustCompile(`(?m)^\S+[ \t]+Ready\b.*\bOK\b`)
	eventually(p.t, patience, fmt.Sprintf("%d links of %s, all ready", n, p.name), func() error {
		r := p.try("link", "status")
		if len(ready.FindAllString(r.out, -1)) != n || len(all.FindAllString(r.out, -1)) != n {
			return errors.New(r.out + r.err)
		}
		return nil
	})
}

// gives waits until what kubectl says of the place is as wanted.
func (p *place) gives(want string, args ...string) {
	p.t.Helper()
	eventually(p.t, patience, fmt.Sprintf("kubectl %s gives %q", strings.Join(args, " "), want), func() error {
		out, err := p.c.Kubectl(p.t.Context(), append(args, "--namespace", p.name)...)
		if err == nil && strings.TrimSpace(out) != want {
			err = fmt.Errorf("got %q", out)
		}
		return err
	})
}

// redeem redeems a token, again and again if it has to: the controller may be changing.
func (p *place) redeem(token string) {
	p.t.Helper()
	eventually(p.t, patience, "redemption by "+p.name, func() error {
		if r := p.try("token", "redeem", token); r.code != 0 {
			return errors.New(r.out + r.err)
		}
		return nil
	})
}

// serve runs the demo server in pods of the cluster, or on this machine, and gives the port it answers at.
func (p *place) serve(name string, replicas int) {
	p.t.Helper()
	manifest := strings.NewReplacer("@NAME@", name, "@REPLICAS@", fmt.Sprint(replicas)).Replace(servers)
	if _, err := p.c.KubectlIn(p.t.Context(), manifest, "apply", "--namespace", p.name, "-f", "-"); err != nil {
		p.t.Fatal(err)
	}
	kubectl(p.t, p.c, "rollout", "status", "--namespace", p.name, "deployment/"+name, "--timeout="+patience.String())
}

// servers answer at port 8080.
const servers = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "@NAME@"}
spec:
  replicas: @REPLICAS@
  selector: {matchLabels: {app: "@NAME@"}}
  template:
    metadata: {labels: {app: "@NAME@"}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: server
        image: localhost/demo:test
        imagePullPolicy: Never
        args: [serve, ":8080"]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
`

// serveHere runs the demo server on this machine; the words of enter stand before its command.
func serveHere(t *testing.T, enter ...string) (port string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	port = freePort(t)
	words := append(append([]string{}, enter...), program("demo"), "serve", ":"+port)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	return port
}

// clusterAddress is where clients of the cluster find a Service.
func (p *place) clusterAddress(service string) string {
	p.t.Helper()
	var address string
	eventually(p.t, patience, "Service "+service, func() (err error) {
		address, err = p.c.Kubectl(p.t.Context(), "get", "service", "--namespace", p.name, service, "-o", "jsonpath={.spec.clusterIP}")
		return err
	})
	return address
}

// answers waits until the demo server is reached at an address, and then sends octets both ways and compares checksums.
func answers(t *testing.T, address string) {
	t.Helper()
	eventually(t, patience, "an answer from "+address, func() error {
		return get(t.Context(), address)
	})
	if err := transfer(t.Context(), address); err != nil {
		t.Error(err)
	}
}

// recovers waits until octets get both ways unharmed: streams that are under way when a router ends break.
func recovers(t *testing.T, address string) {
	t.Helper()
	eventually(t, patience, "octets through "+address, func() error { return transfer(t.Context(), address) })
}

// transfer sends octets both ways and compares checksums. A stream that is cut off may never end by itself.
func transfer(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program("demo"), "transfer", "http://"+address, "3000000").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("transfer through %s: %w\n%s", address, err, out)
	}
	return err
}
