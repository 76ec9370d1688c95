//go:build podman

package podman

import (
	"strings"
	"testing"
)

// What somebody does to the container by hand is said, or put right, and never outlives the site.
func TestContainerTouched(t *testing.T) {
	p := in(t, "touched")
	p.do("site", "create", "touched")
	p.shows(`Ready +OK`, "site", "status")
	t.Run("paused", func(t *testing.T) {
		engine.do(t, "pause", p.container())
		p.shows(engine.Kind+` container touched-skupper-router is paused: `+engine.Kind+` unpause touched-skupper-router`, "site", "status")
		if r := p.do("system", "status"); !strings.Contains(r.err, "is paused: ") {
			t.Errorf("system status said %q", r.err)
		}
		engine.do(t, "unpause", p.container())
		p.shows(`Ready +OK`, "site", "status")
	})
	t.Run("renamed-and-stopped", func(t *testing.T) {
		engine.do(t, "rename", p.container(), "touched-other")
		p.do("system", "stop")
		if left := engine.do(t, "ps", "-a", "--format", "{{.Names}}"); left != "" {
			t.Errorf("stopped, but there is %s", left)
		}
		p.do("system", "start")
		p.shows(`Ready +OK`, "site", "status")
	})
	t.Run("renamed-and-deleted", func(t *testing.T) {
		engine.do(t, "rename", p.container(), "touched-other")
		engine.do(t, "restart", "-t", "1", "touched-other")
		p.shows(`Ready +OK`, "site", "status")
		if all := engine.do(t, "ps", "-a", "--format", "{{.Names}}"); len(strings.Fields(all)) != 1 { // that one, or another in its place
			t.Errorf("there are %q", all)
		}
		p.do("site", "delete", "touched")
		engine.nothingLeft(t)
	})
}
