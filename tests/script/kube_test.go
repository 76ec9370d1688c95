//go:build kube

package script

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/skupper-plugins/suite/tests/kube"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// TestKube runs the corpus over the cluster plugin and a real API server. There is no controller and there are no pods: scripts that
// need routers leave it out.
func TestKube(t *testing.T) {
	assets, err := kube.Assets(t.Context())
	if errors.Is(err, kube.ErrOff) {
		t.Skip("SKIPPED, NOTHING WAS TESTED: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := sandbox.Build(t.Context(), t.TempDir(), "plugins/kubectl-skupper")
	if err != nil {
		t.Fatal(err)
	}
	server, err := kube.Start(t.Context(), assets, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	client := server.Client(kube.Admin)
	if err := client.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	var made atomic.Int64
	run(t, "kube", program, func(env *testscript.Env) error {
		namespace := fmt.Sprintf("script%d", made.Add(1))
		if _, err := client.Must(t.Context(), "POST", "/api/v1/namespaces", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+namespace+`"}}`); err != nil {
			return err
		}
		config := filepath.Join(env.WorkDir, ".kubeconfig")
		env.Setenv("KUBECONFIG", config)
		env.Setenv("NAMESPACE", namespace)
		env.Setenv("SKUPPER", "kubectl skupper")
		return server.Kubeconfig(config, kube.Admin, namespace)
	})
}
