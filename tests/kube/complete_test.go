//go:build kube

package kube

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletion asks as shells do and, under the name that kubectl calls, as kubectl does.
func TestCompletion(t *testing.T) {
	sh := links(t)
	for _, c := range []struct{ words, want string }{
		{"link status ", "east\tReady\nnorth\n:4\n"},
		{"link status -o w", "wide\n:4\n"},
		{"link status --namespace " + sh.namespace + " ea", "east\tReady\n:4\n"},
		{"site status --context ", "test\n:4\n"},
		{"site status --namespace=" + sh.namespace, "--namespace=" + sh.namespace + "\n"},
		{"link status --server https://127.0.0.1:1 ", ":4\n"}, // nobody answers, so nothing is offered
		{"install --dry-run=s", "--dry-run=server\n:4\n"},
	} {
		if got := sh.ok(append([]string{"__complete"}, strings.Split(c.words, " ")...)...); !strings.HasPrefix(got, c.want) || strings.HasSuffix(c.want, ":4\n") && got != c.want {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}

	bin := filepath.Join(sh.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plugin, filepath.Join(bin, "kubectl-skupper")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	completer := filepath.Join(bin, "kubectl_complete-skupper")
	sh.equal("install", sh.ok("completion", "install"), completer+" created\n")
	sh.equal("again", sh.ok("completion", "install"), completer+" unchanged\n")
	cmd := exec.CommandContext(t.Context(), completer, "link", "delete", "no")
	cmd.Env = append(os.Environ(), "HOME="+sh.dir, "KUBECONFIG="+sh.file("config"))
	if out, err := cmd.Output(); err != nil || string(out) != "north\n:4\n" {
		t.Errorf("got %q, %v", out, err)
	}
	other := filepath.Join(sh.dir, "other")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "kubectl_complete-skupper"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.fails(6, []string{"kubectl_complete-skupper is there already, and is not ours"}, "completion", "install", "--dir", other)
	if r := sh.run("completion", "install", "--dir", sh.dir); r.code != 0 || !strings.Contains(r.err, "kubectl will not find it") {
		t.Errorf("%+v", r)
	}
}
