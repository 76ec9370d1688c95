//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// Images of ours, in the nodes.
const (
	ourController = "localhost/skupper-controller:test" // and the adaptor
	ourRouter     = "localhost/skupper-router:test"
)

// nobody is the user of our images: pods of sites must not be root.
const nobody = "10000"

func ourImages() []node.Image {
	return []node.Image{
		demoImage(),
		{Name: ourController, User: nobody, Entrypoint: []string{"/app/controller"},
			Programs: map[string]string{"/app/controller": program("skupper-controller"), "/app/kube-adaptor": program("skupper-controller")}},
		{Name: ourRouter, User: nobody, Entrypoint: []string{"/app/skupper-router"}, Programs: map[string]string{"/app/skupper-router": program("skupper-router")}},
	}
}

// controller is one that a cluster runs, with what its sites are made of.
type controller struct {
	namespace                   string
	controller, adaptor, router string // images
	explicit                    bool   // it sees only to namespaces that name it; these are installed without our program
}

// ours sees to every namespace that names no other.
func ours() controller {
	return controller{"skupper", ourController, ourController, ourRouter, false}
}

// install uses the program of the user: the rights that it gives are those that the controller has in these tests.
func (k controller) install(t *testing.T, c *node.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", "skupper", "install", "--image", k.controller, "--adaptor-image", k.adaptor, "--router-image", k.router,
		"--image-pull-policy", "Never", "--enable-access-type", "local,loadbalancer,nodeport", "--cluster-host", c.IP)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig)
	if out, err := cmd.CombinedOutput(); err != nil {
		pods, _ := c.Kubectl(t.Context(), "describe", "pods", "--namespace", k.namespace)
		logs, _ := c.Kubectl(t.Context(), "logs", "--namespace", k.namespace, "deployment/skupper-controller")
		t.Fatalf("install: %v\n%s\n%s\n%s", err, out, pods, logs)
	}
}

// prepared are clusters that have images and definitions, and the controllers they have.
var prepared = map[*node.Cluster]map[string]bool{}

// run puts the controller into the cluster, once.
func (k controller) run(t *testing.T, c *node.Cluster) {
	t.Helper()
	if prepared[c] == nil {
		for _, i := range ourImages() {
			if err := c.Load(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
		prepared[c] = map[string]bool{}
		ours().install(t, c)
	}
	if prepared[c][k.namespace] || !k.explicit {
		return
	}
	text, err := os.ReadFile(filepath.Join("testdata", "controller.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := strings.NewReplacer("@NAMESPACE@", k.namespace, "@CONTROLLER@", k.controller, "@ADAPTOR@", k.adaptor, "@ROUTER@", k.router,
		"@EXPLICIT@", fmt.Sprint(k.explicit), "@HOST@", c.IP).Replace(string(text))
	if _, err := c.KubectlIn(t.Context(), manifest, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	kubectl(t, c, "rollout", "status", "--namespace", k.namespace, "deployment/skupper-controller", "--timeout=60s")
	prepared[c][k.namespace] = true
}

// kubectl runs it as the administrator; it must succeed.
func kubectl(t *testing.T, c *node.Cluster, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := c.Kubectl(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}
