//go:build kube

package controller

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/tests/kube"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// What all tests share: starting a server takes seconds.
var (
	server  *kube.Server
	admin   *kube.Client
	program string // skupper-controller
	running *process
)

// system is the namespace of the cluster's controller.
const system = "skupper"

func TestMain(m *testing.M) {
	flag.Parse()
	code := kube.Run("skupper-controller-", func(ctx context.Context, assets, dir string) (int, error) { return runAll(ctx, m, assets, dir) })
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// runAll builds what is tested, starts a cluster and its controller, and runs the tests.
func runAll(ctx context.Context, m *testing.M, assets, dir string) (code int, err error) {
	if program, err = sandbox.Build(ctx, dir, "plugins/kubectl-skupper/cmd/skupper-controller"); err != nil {
		return 1, err
	}
	server, err = kube.Start(ctx, assets, dir)
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err != nil {
		return 1, err
	}
	admin = server.Client(kube.Admin)
	if err := admin.InstallCRDs(ctx); err != nil {
		return 1, err
	}
	if err := install(ctx); err != nil {
		return 1, err
	}
	c, err := startController(ctx, filepath.Join(dir, "cluster"), kube.Editor, "-namespace", system, "-cluster-host", "10.9.9.9",
		"-enabled-access-types", "local,loadbalancer,nodeport", "-name", "skupper-controller")
	if err != nil {
		return 1, err
	}
	running = c
	if err := kube.Parallel(8); err != nil {
		return 1, err
	}
	code = m.Run()
	if stopErr := c.stop(); stopErr != nil {
		err = stopErr
	}
	if code != 0 {
		fmt.Fprintf(os.Stderr, "the controller's last words:\n%s\n", c.words())
	}
	return code, err
}

// install gives the user Editor the rights of the controller's manifest.
func install(ctx context.Context) error {
	text, err := os.ReadFile(filepath.Join(kube.Root(), "plugins", "kubectl-skupper", "deploy", "testdata", "cluster.yaml"))
	if err != nil {
		return err
	}
	const rbac = "/apis/rbac.authorization.k8s.io/v1/"
	for _, doc := range strings.Split(string(text), "---\n") {
		for kind, path := range map[string]string{"Namespace": "/api/v1/namespaces", "ClusterRole": rbac + "clusterroles"} {
			if strings.Contains(doc, "\nkind: "+kind+"\n") {
				if _, err := admin.Must(ctx, "POST", path, doc); err != nil {
					return err
				}
			}
		}
	}
	_, err = admin.Must(ctx, "POST", rbac+"clusterrolebindings", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"controller"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"skupper-controller"},"subjects":[{"kind":"User","name":"`+kube.Editor+`"}]}`)
	return err
}
