//go:build podman

package podman

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A router in a container keeps the promises of every site.Runtime. The suite is run where what it tries is, by a program
// that is the router in the image too.
func TestRuntimeConformance(t *testing.T) {
	conforms(t, engine.Kind)
}

// conforms runs the suite on what answers at the engine's socket, by the interface of that platform.
func conforms(t *testing.T, platform string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-tags", "podman", "-count=1", "-run", "TestRuntimeConformanceOfContainer", "-v", "./internal/daemon")
	cmd.Dir = filepath.Join("..", "..", "plugins", "podman-skupper")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "SKUPPER_PLATFORM="+platform, "CONTAINER_ENDPOINT="+engine.Endpoint(), "SKUPPER_ENGINE=embedded")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	engine.nothingLeft(t)
}
