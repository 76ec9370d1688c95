//go:build podman

package podman

import (
	"path/filepath"
	"strings"
	"testing"
)

// Podman speaks Docker's language too: a site on platform docker runs at its socket.
func TestDockerAPIOfPodman(t *testing.T) {
	if engine.Kind != "podman" {
		t.Skip("a Docker has no other language")
	}
	t.Run("runtime", func(t *testing.T) { conforms(t, "docker") })
	t.Run("site", func(t *testing.T) {
		p := in(t, "compat").with("SKUPPER_PLATFORM=docker")
		p.do("site", "create", "compat")
		p.shows(`Platform: +docker`, "system", "status")
		if got := engine.do(t, "inspect", "--format", `{{index .Config.Labels "application"}} {{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}}`, p.container()); got != "skupper-v2 host always" {
			t.Errorf("the container is %q", got)
		}
		port := free(t)
		p.do("connector", "create", "echo", serve(t))
		p.do("listener", "create", "echo", port)
		flows(t, port)
		p.do("system", "reload")
		engine.do(t, "rm", "-f", p.container())
		soon(t, "it is there again", func() bool { return echo(port) == nil })
		archive := filepath.Join(t.TempDir(), "i.tar")
		p.do("system", "images", "save", archive)
		if r := p.do("system", "images", "load", archive); !strings.Contains(r.out, "skupper-router") {
			t.Errorf("loaded %q", r.out)
		}
		p.do("site", "delete", "compat")
		engine.nothingLeft(t)
	})
	t.Run("image-cannot-be-had", func(t *testing.T) {
		p := in(t, "compat").with("SKUPPER_PLATFORM=docker", "SKUPPER_ROUTER_IMAGE=127.0.0.1:1/none/router:1")
		p.refuses(125, `(?s)pull 127.0.0.1:1/none/router:1: docker says: .*refused.*\ntry: `, "site", "create", "compat", "--engine", "image")
		p.noSite()
	})
	t.Run("router-ends", func(t *testing.T) {
		bad := badImage(t)
		p := in(t, "compat").with("SKUPPER_PLATFORM=docker", "SKUPPER_ENGINE=image", "SKUPPER_ROUTER_IMAGE="+bad)
		p.refuses(1, `(?s)cannot be started: .*compat-skupper-router.*its log ends with: .*no-such-verb`, "site", "create", "compat")
		p.do("site", "delete", "compat")
		engine.nothingLeft(t)
	})
}
