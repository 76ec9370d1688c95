//go:build cluster

package cluster

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// demoImage is the application: a server with checksums, and its clients.
func demoImage() node.Image {
	return node.Image{Name: "localhost/demo:test", Programs: map[string]string{"/demo": program("demo")}, Entrypoint: []string{"/demo"}}
}

const demoServer = `apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
spec:
  replicas: 2
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: server}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: server
        image: localhost/demo:test
        imagePullPolicy: Never
        args: [serve, ":8080"]
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
        securityContext: {runAsUser: 1000, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {type: LoadBalancer, selector: {app: server}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: server-port}
spec: {type: NodePort, selector: {app: server}, ports: [{port: 80, targetPort: 8080}]}
`

// TestTheClusterItself proves what the other tests stand on: pods, probes, Services of each kind from each side, names, logs, exec, port-forward
// and an account that may use the API.
func TestTheClusterItself(t *testing.T) {
	t.Parallel()
	c := west(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := c.Load(ctx, demoImage()); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := c.Kubectl(ctx, args...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	of(c).makeNamespace(t, "smoke", func(ctx context.Context) {
		out, err := c.Kubectl(ctx, "describe", "pods,services", "--namespace", "smoke")
		t.Log(out, err)
	})
	if _, err := c.KubectlIn(ctx, demoServer, "apply", "--namespace", "smoke", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	run("rollout", "status", "--namespace", "smoke", "deployment/server", "--timeout="+patience.String())
	run("wait", "--namespace", "smoke", "service/server", "--for=jsonpath={.status.loadBalancer.ingress}", "--timeout="+patience.String())
	balanced := run("get", "service", "--namespace", "smoke", "server", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
	inner := run("get", "service", "--namespace", "smoke", "server", "-o", "jsonpath={.spec.clusterIP}")
	port := run("get", "service", "--namespace", "smoke", "server-port", "-o", "jsonpath={.spec.ports[0].nodePort}")
	for _, address := range []string{balanced, inner, net.JoinHostPort(c.IP, port)} {
		recovers(t, address)
	}
	pod := run("get", "pods", "--namespace", "smoke", "-l", "app=server", "-o", "jsonpath={.items[0].metadata.name}")
	for _, address := range []string{"server", "server.smoke", "server.smoke.svc.cluster.local", balanced} {
		if got := run("exec", "--namespace", "smoke", pod, "--", "/demo", "get", "http://"+address+"/"); !strings.Contains(got, "hello") {
			t.Errorf("a pod gets %q from %s", got, address)
		}
	}
	if got := run("logs", "--namespace", "smoke", pod); !strings.Contains(got, "serving") {
		t.Errorf("the log is %q", got)
	}
	if got, err := c.Kubectl(ctx, "auth", "can-i", "list", "pods", "--as", "system:serviceaccount:smoke:default"); err == nil || strings.TrimSpace(got) != "no" {
		t.Errorf("an account without roles may list pods: %q, %v", got, err)
	}
}
