//go:build podman

package podman

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// moments are how long after the beginning of a command something else happens: while the agent starts, the image is made, the container is
// made and started, and when all is done, on machines that are not much slower than most.
var moments = []time.Duration{300 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2500 * time.Millisecond, 4 * time.Second}

// Whenever the directory of a namespace, or the whole home, is removed, container and image end up gone.
func TestRemovedWhileMade(t *testing.T) {
	for _, what := range []string{"namespace", "home"} {
		for _, after := range moments {
			t.Run(fmt.Sprint(what, " after ", after), func(t *testing.T) {
				p := in(t, "vanish")
				p.from = t.TempDir()
				done := make(chan result, 1)
				go func() { done <- p.try("site", "create", "vanish") }()
				time.Sleep(after) // whatever it does by then
				gone := p.dir()
				if what == "home" {
					gone = p.home.Dir
				}
				remove := func() bool { return os.RemoveAll(gone) == nil }
				soon(t, "it is removed", remove)
				<-done // which may have made it again before it saw that
				soon(t, "it is removed", remove)
				soon(t, "nothing is left", func() bool { return engine.Left(t.Context()) == nil })
			})
		}
	}
}

// A command that is ended at any moment is no obstacle for the next one, and leaves nothing for long.
func TestInterruptedWhileMade(t *testing.T) {
	for _, after := range moments[:3] {
		t.Run(after.String(), func(t *testing.T) {
			p := in(t, "halted")
			p.interrupt(after, "site", "create", "halted")
			p.deleted()
			p.interrupt(after, "site", "create", "halted")
			if r := p.try("site", "create", "halted"); r.code != 0 && r.code != 6 {
				t.Errorf("create ended with %d: %s", r.code, r.err)
			}
			p.shows(`Ready +OK`, "site", "status")
			p.interrupt(after/4, "site", "delete", "halted")
			p.deleted()
		})
	}
}

// deleted deletes what there is of a site, of which a command that was ended may have left anything or nothing.
func (p place) deleted() {
	p.t.Helper()
	if r := p.try("site", "delete", "--all"); r.code != 0 && r.code != 4 {
		p.t.Errorf("delete ended with %d: %s", r.code, r.err)
	}
	soon(p.t, "nothing is left", func() bool {
		_, err := os.Stat(p.dir("internal", "platform.yaml"))
		return err != nil && engine.Left(p.t.Context()) == nil
	})
	p.noSite()
}
