//go:build cluster

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// TestChapter runs the story as a person types it.
func TestChapter(t *testing.T) {
	t.Parallel()
	c := west(t)
	ours().run(t, c)
	home, dir := sandbox.New(t), t.TempDir()
	config, err := os.ReadFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "kubeconfig") // the script sets its namespace
	if err := os.WriteFile(own, config, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "chapter.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", script)
	cmd.Dir = dir
	cmd.Env = append(home.Env(), "KUBECONFIG="+own)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "chapter: done\n") {
		p := &place{t: t, name: "west-chapter", c: c}
		t.Errorf("%v\n%s\n%s", err, out, p.describe(t.Context(), ours()))
		if _, err := c.Kubectl(t.Context(), "delete", "namespace", "west-chapter", "--ignore-not-found", "--timeout="+patience.String()); err != nil {
			t.Error(err)
		}
		return
	}
	t.Logf("%s", out)
}
