package podmanhost

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/host"
)

// A namespace whose unit would be another program's gets no site, by whatever command.
func TestReservedNamespaces(t *testing.T) {
	home := t.TempDir() + "/home"
	h := New("test")
	h.getenv = func(name string) string { return map[string]string{"SKUPPER_HOME": home}[name] }
	file := t.TempDir() + "/site.yaml"
	if err := os.WriteFile(file, []byte("apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"agent", "controller"} {
		for _, args := range [][]string{{"site", "create", "x"}, {"system", "apply", "-f", file}} {
			var out, errs bytes.Buffer
			args = append(args, "--platform", "linux", "--namespace", namespace)
			if code := command.Main(t.Context(), h, host.Streams{Out: &out, Err: &errs}, args); code == 0 || !strings.Contains(errs.String(), "can have no site") || !strings.Contains(errs.String(), "another --namespace") {
				t.Errorf("%v: exit code %d: %s", args, code, errs.String())
			}
		}
		if entries, _ := os.ReadDir(home + "/namespaces/" + namespace + "/input/resources"); len(entries) != 0 {
			t.Errorf("it left %v", entries)
		}
	}
}
