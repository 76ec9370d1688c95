//go:build podman

package daemon_test

import (
	"os"
	"testing"

	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// The same in a container of the engine that the environment names, for tests/podman.
func TestRuntimeConformanceOfContainer(t *testing.T) {
	platform := os.Getenv("SKUPPER_PLATFORM")
	if os.Getenv("CONTAINER_ENDPOINT") == "" || platform == "" {
		t.Skip("SKUPPER_PLATFORM and CONTAINER_ENDPOINT do not name an engine: containers are not tried")
	}
	sitetest.TestRuntime(t, func(t *testing.T) sitetest.Trial {
		p := prepareOn(t, platform)
		return sitetest.Trial{Runtime: p.runtime, Desired: p.desired, FreePort: freePort(t)}
	})
}
