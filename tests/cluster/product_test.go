//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
	"github.com/skupper-plugins/suite/tests/kube"
)

// Images of ours, as they are released.
const (
	ourVersion    = "v0.0.0-cluster"
	ourRegistry   = "localhost/skupper-test"
	ourController = ourRegistry + "/controller:0.0.0-cluster"   // and the adaptor
	ourAdaptor    = ourRegistry + "/kube-adaptor:0.0.0-cluster" // alone, for controllers that do not tell an image what to run
	ourRouter     = ourRegistry + "/skupper-router:0.0.0-cluster"
)

// nobody is a user for other images: pods of sites must not be root.
const nobody = "10000"

// buildImages makes the images of ours with the script that makes those of a release.
func buildImages(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(kube.Root(), "scripts", "images.sh"))
	cmd.Env = append(os.Environ(), "OUT="+filepath.Join(dir, "images"), "ARCHES="+runtime.GOARCH, "REGISTRY="+ourRegistry, "VERSION="+ourVersion)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make images: %w\n%s", err, out)
	}
	return nil
}

// loadImages makes a cluster know the images of ours, and the application.
func loadImages(t *testing.T, c *node.Cluster) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(program("images"), "*.oci.tar"))
	if err != nil || len(archives) != 3 {
		t.Fatalf("the images are %v, %v; want three", archives, err)
	}
	for _, a := range archives {
		if err := c.Import(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Load(t.Context(), demoImage()); err != nil {
		t.Fatal(err)
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

// run puts the controller into the cluster, once.
func (k controller) run(t *testing.T, c *node.Cluster) {
	t.Helper()
	s := of(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.controllers == nil {
		loadImages(t, c)
		ours().install(t, c)
		s.controllers = map[string]bool{}
	}
	if s.controllers[k.namespace] || !k.explicit {
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
	s.controllers[k.namespace] = true
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
