package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/tests/kube"
)

// startTimeout bounds the start of a cluster: idle machines need ten seconds.
const startTimeout = 3 * time.Minute

// Options say what a cluster is made of.
type Options struct {
	Name   string // of the cluster and its node
	Index  int    // 1 to 9; no other cluster has it
	Assets string // the directory of scripts/kube-assets.sh
	Dir    string // for everything that is written; short, as it holds sockets
	Pause  string // a static program that waits, for what holds a pod together
}

// Cluster is a running one.
type Cluster struct {
	Name       string
	IP         string // of the node, where ports of Services of type NodePort are
	URL        string // of the API
	Kubeconfig string // a file, for the administrator
	API        *kube.Client

	host                       *Host // on the bridge
	dir, assets                string
	index                      int
	pods, services, dns, group string // addresses; the cgroup
	balanced                   string // the first three octets of the addresses of balanced Services
	ca                         pki.Pair
	processes                  map[string]*process
	background                 sync.WaitGroup
	stopBackground             context.CancelFunc
	balancedNames              map[string]string // namespace/name to the address it got; owned by balance
}

// Start runs a cluster until Stop. ctx bounds only the start.
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	n := strconv.Itoa(o.Index)
	c = &Cluster{
		Name: o.Name, IP: "172.30.0." + strconv.Itoa(10+o.Index), dir: o.Dir, assets: o.Assets, index: o.Index,
		pods: "10.244." + n + ".0/24", services: fmt.Sprintf("10.%d.0.0/16", 95+o.Index), dns: "172.30.0." + strconv.Itoa(50+o.Index),
		balanced: "172.30." + strconv.Itoa(10+o.Index), processes: map[string]*process{}, balancedNames: map[string]string{},
	}
	c.URL, c.Kubeconfig = "https://"+c.IP+":6443", c.path("admin.kubeconfig")
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start cluster %s: %w", c.Name, err), c.Stop())
		}
	}()
	for _, step := range []func(context.Context) error{
		c.attach, c.writeCredentials, c.startControlPlane, c.startRuntime,
		func(ctx context.Context) error { return c.importPause(ctx, o.Pause) },
		c.awaitAPI, c.startControllers, c.startNode, c.startServices, c.awaitNode,
	} {
		if err := step(ctx); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}

// Stop ends the processes of the cluster, its containers too, and takes its network away. Nothing that it kept is needed any more.
func (c *Cluster) Stop() (err error) {
	if c.stopBackground != nil {
		c.stopBackground()
		c.background.Wait()
	}
	for _, name := range []string{"kube-proxy", "kubelet", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd"} {
		err = errors.Join(err, c.kill(name))
	}
	err = errors.Join(err, c.endContainers(), c.kill("containerd"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return errors.Join(err, c.detach(ctx))
}

// awaitAPI waits until the API is served.
func (c *Cluster) awaitAPI(ctx context.Context) error {
	return c.await(ctx, "the API", func(ctx context.Context) error {
		code, _, err := c.API.Do(ctx, "GET", "/readyz", nil)
		if err == nil && code != 200 {
			err = fmt.Errorf("code %d", code)
		}
		return err
	})
}

// awaitNode waits until pods can run and reach Services.
func (c *Cluster) awaitNode(ctx context.Context) error {
	err := c.await(ctx, "the node", func(ctx context.Context) error {
		_, err := c.Kubectl(ctx, "wait", "--for=condition=Ready", "node/"+c.Name, "--timeout=20s")
		return err
	})
	if err != nil {
		return err
	}
	return c.await(ctx, "the service account and the rules of kube-proxy", func(ctx context.Context) error {
		if _, err := c.API.Must(ctx, "GET", "/api/v1/namespaces/default/serviceaccounts/default", ""); err != nil {
			return err
		}
		return reaches(ctx, c.kubernetesService()+":443")
	})
}

// await repeats a look until it finds no error or something of the cluster has ended.
func (c *Cluster) await(ctx context.Context, what string, look func(context.Context) error) error {
	for {
		err := look(ctx)
		if err == nil {
			return nil
		}
		for name, p := range c.processes {
			if p.hasEnded() {
				return fmt.Errorf("%s is not ready: %w; %s has ended:\n%s", what, err, name, c.Log(name))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", what, err, c.Log("kubelet"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Kubectl runs kubectl as the administrator.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.KubectlIn(ctx, "", args...)
}

// KubectlIn is Kubectl with text on its standard input.
func (c *Cluster) KubectlIn(ctx context.Context, text string, args ...string) (string, error) {
	return output(withInput(c.host.Command(ctx, filepath.Join(c.assets, "kubectl"), append([]string{"--kubeconfig", c.Kubeconfig}, args...)...), text))
}

// Log is the end of what a program has said.
func (c *Cluster) Log(program string) string {
	const most = 6000 // octets
	text, err := os.ReadFile(c.path(program + ".log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
