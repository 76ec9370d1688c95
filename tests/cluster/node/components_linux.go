package node

import (
	"context"
	_ "embed"
	"os"
	"strings"

	"github.com/skupper-plugins/suite/tests/cluster/isolate"
)

// startControlPlane starts what serves the API.
func (c *Cluster) startControlPlane(context.Context) error {
	const clients, peers = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	err := c.runKube("etcd", "--data-dir="+c.path("etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients, "--listen-peer-urls="+peers)
	if err != nil {
		return err
	}
	return c.runKube("kube-apiserver", "--etcd-servers="+clients, "--bind-address=0.0.0.0", "--secure-port=6443", "--advertise-address="+c.IP,
		"--tls-cert-file="+c.path("tls.crt"), "--tls-private-key-file="+c.path("tls.key"), "--cert-dir="+c.path("certs"),
		"--service-cluster-ip-range="+c.services, "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--token-auth-file="+c.path("tokens.csv"), "--allow-privileged=true",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+c.path("ca.crt"), "--service-account-signing-key-file="+c.path("ca.key"),
		"--kubelet-client-certificate="+c.path("client.crt"), "--kubelet-client-key="+c.path("client.key"), "--kubelet-preferred-address-types=InternalIP")
}

// startControllers starts what acts on the API. What one node does not need is left out: it costs time and memory.
func (c *Cluster) startControllers(context.Context) error {
	config := func(user string) []string {
		f := c.path(user + ".kubeconfig")
		return []string{"--kubeconfig=" + f, "--authentication-kubeconfig=" + f, "--authorization-kubeconfig=" + f, "--leader-elect=false", "--bind-address=127.0.0.1"}
	}
	const unwanted = "-node-ipam-controller,-cloud-node-lifecycle-controller,-node-route-controller,-service-lb-controller,-bootstrap-signer-controller,-token-cleaner-controller"
	err := c.runKube("kube-controller-manager", append(config("kcm"), "--service-account-private-key-file="+c.path("ca.key"), "--root-ca-file="+c.path("ca.crt"),
		"--use-service-account-credentials", "--allocate-node-cidrs=false", "--cluster-cidr="+c.pods, "--service-cluster-ip-range="+c.services,
		"--cert-dir="+c.path("certs-kcm"), "--controllers=*,"+unwanted,
		"--kube-api-qps=500", "--kube-api-burst=1000")...) // a namespace that goes takes a hundred requests, and tests make many of them at once
	if err != nil {
		return err
	}
	return c.runKube("kube-scheduler", append(config("scheduler"), "--cert-dir="+c.path("certs-scheduler"))...)
}

//go:embed containerd.toml
var containerdConfig string

//go:embed cni.json
var cniConfig string

//go:embed kubelet.yaml
var kubeletConfig string

//go:embed kube-proxy.yaml
var proxyConfig string

// pluginDir is where Debian puts the CNI plugins.
const pluginDir = "/usr/lib/cni"

// startRuntime starts containerd.
func (c *Cluster) startRuntime(context.Context) error {
	if err := os.MkdirAll(c.path("cni"), 0o755); err != nil {
		return err
	}
	if err := c.fill("cni/10-bridge.conflist", cniConfig); err != nil {
		return err
	}
	if err := c.fill("containerd.toml", containerdConfig); err != nil {
		return err
	}
	return c.run("containerd", "containerd", "--config", c.path("containerd.toml"))
}

// startNode starts what makes a node of this machine.
func (c *Cluster) startNode(context.Context) (err error) {
	if c.group, err = isolate.MakeGroup(c.host.Name); err != nil {
		return err
	}
	if err := c.fill("kubelet.yaml", kubeletConfig); err != nil {
		return err
	}
	if err := c.fill("kube-proxy.yaml", proxyConfig); err != nil {
		return err
	}
	err = c.runKube("kubelet", "--config="+c.path("kubelet.yaml"), "--kubeconfig="+c.path("kubelet.kubeconfig"), "--root-dir="+c.path("kubelet"),
		"--cert-dir="+c.path("certs-kubelet"), "--hostname-override="+c.Name, "--node-ip="+c.IP)
	if err != nil {
		return err
	}
	return c.runKube("kube-proxy", "--config="+c.path("kube-proxy.yaml"))
}

// fill writes a configuration with this cluster's values in it.
func (c *Cluster) fill(file, text string) error {
	text = strings.NewReplacer("@DIR@", c.dir, "@IP@", c.IP, "@DNS@", c.dns, "@NODE@", c.Name, "@PODS@", c.pods, "@CGROUP@", c.group,
		"@PLUGINS@", pluginDir, "@SNAPSHOTTER@", snapshotter(c.dir)).Replace(text)
	return os.WriteFile(c.path(file), []byte(text), 0o600)
}
