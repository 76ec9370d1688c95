//go:build kube

package kube

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestStore runs the tests of the plugin's store that need a server: they are internal to the plugin.
func TestStore(t *testing.T) {
	t.Parallel()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if err := server.Kubeconfig(kubeconfig, Admin, "default"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-buildvcs=false", "-count=1", "-timeout=4m", "-run=^(TestConformance|TestListEverywhere|TestSelector)$", "./internal/kubestore")
	if testing.Verbose() {
		cmd.Args = append(cmd.Args, "-v")
	}
	cmd.Dir = filepath.Join(Root(), "plugins", "kubectl-skupper")
	cmd.Env = append(os.Environ(), "SKUPPER_TEST_KUBECONFIG="+kubeconfig)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
